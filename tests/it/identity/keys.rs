//! Keys that change: a new one stands beside those before it.

use super::sessions::{refresh, session};
use super::told;
use platform::secrets::Secret;
use platform::store::Transaction;
use serde_json::Value;
use tests::shop::{Answer, EDR_MONTHLY, PASSWORD, Shop, User, text};

/// Puts a new text of a secret in force, that was never there before. Functions
/// that run hold the old one until they read their secrets again, after five
/// minutes.
pub(super) fn rotate(shop: &Shop, secret: Secret) {
    let old = shop.cloud.secret(secret);
    let new = old.chars().rev().chain("x".chars()).collect();
    shop.cloud.rotate_secret(secret, new);
}

/// The name of the key a token is signed with.
fn key_of(token: &str) -> String {
    text(&told(token, 0)["kid"])
}

/// The names of the published keys.
async fn published(shop: &Shop) -> Vec<String> {
    let set = shop.get("/.well-known/jwks.json").await.json;
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| text(&key["kid"])).collect()
}

async fn profile(user: &User) -> Answer {
    user.call("GET", "/v1/me").send().await
}

#[tokio::test]
async fn a_token_signed_before_a_new_key_came_is_good_to_its_end() {
    let shop = Shop::open().await;
    let before = shop.customer("ada@example.com").await;
    assert_eq!(published(&shop).await, [key_of(&before.token)]);
    rotate(&shop, Secret::SigningKey);
    shop.wait(300);
    let after = shop.log_in(&before.email, PASSWORD).await;
    assert_ne!(key_of(&after.token), key_of(&before.token));
    let both = [key_of(&before.token), key_of(&after.token)];
    for environment in ["warm", "cold"] {
        for (user, who) in [(&before, "before"), (&after, "after")] {
            profile(user).await.data(200);
            let key = format!("{who}, {environment}");
            user.order(EDR_MONTHLY, 1, &key).await.data(201);
        }
        assert_eq!(published(&shop).await, both);
        shop.cloud.stop_functions();
    }
    shop.wait(599);
    profile(&before).await.data(200);
    shop.wait(1);
    profile(&before).await.refused(401, "unauthenticated");
    profile(&after).await.data(200);
}

#[tokio::test]
async fn while_some_functions_sign_with_the_old_key_and_some_with_the_new_every_token_is_good() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let old = key_of(&ada.token);
    let mut token = session(&shop, &ada.email).await;
    rotate(&shop, Secret::SigningKey);
    let mut signed: Vec<User> = vec![ada];
    for _ in 0..3 {
        // The one starts only now and reads the new secret; logging in is
        // still done with the old one.
        let next: Value = refresh(&shop, &token).await.data(200);
        token = text(&next["refreshToken"]);
        let access = text(&next["accessToken"]);
        assert_ne!(key_of(&access), old);
        let refreshed = User {
            token: access,
            ..signed[0].clone()
        };
        let logged_in = shop.log_in(&refreshed.email, PASSWORD).await;
        assert_eq!(key_of(&logged_in.token), old);
        signed.extend([refreshed, logged_in]);
        for user in &signed {
            profile(user).await.data(200);
        }
        let names = [old.clone(), key_of(&signed[1].token)];
        assert_eq!(published(&shop).await, names);
        shop.wait(60);
    }
}

/// What somebody does whose signing key was stolen: takes its public half out
/// of the table.
async fn take_away(shop: &Shop, name: &str) {
    let app = shop.cloud.app("test");
    let found = app.store().public_keys().await.unwrap().unwrap();
    let mut left = found.value;
    left.keys.retain(|key| key.kid() != name);
    let mut act = Transaction::new(app.new_id().unwrap());
    act.replace(found.version, &left, ());
    app.store().commit(act).await.unwrap();
}

#[tokio::test]
async fn a_key_that_was_taken_away_is_honoured_for_five_minutes_more_and_no_longer() {
    let shop = Shop::open().await;
    let before = shop.customer("ada@example.com").await;
    rotate(&shop, Secret::SigningKey);
    shop.wait(300);
    // A key it does not know makes the function of profiles read them all.
    let after = shop.log_in(&before.email, PASSWORD).await;
    take_away(&shop, &key_of(&before.token)).await;
    assert_eq!(published(&shop).await, [key_of(&after.token)]);
    // From memory; the token itself is good for ten minutes more.
    shop.wait(299);
    profile(&before).await.data(200);
    shop.wait(1);
    profile(&before).await.refused(401, "unauthenticated");
    profile(&after).await.data(200);
}

/// Of the peppers before only the last is remembered: a hash must follow each.
#[tokio::test]
async fn whoever_logs_in_under_each_pepper_is_never_locked_out() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    for _ in 0..3 {
        rotate(&shop, Secret::Pepper);
        shop.wait(300);
        shop.log_in(&ada.email, PASSWORD).await;
    }
}
