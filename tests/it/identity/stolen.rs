//! What somebody can do who got hold of the table, or of a secret, but not of
//! both.

use super::sessions::refresh;
use super::{derived_key, login, mac, told};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::email::EmailAddress;
use local::Options;
use platform::identity::password::Cost;
use platform::secrets::Secret;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::IpAddr;
use tests::shop::{PASSWORD, Shop, text};

/// Where passwords cost nothing.
async fn open() -> Shop {
    Shop::with(Options {
        hashing: Cost::NEGLIGIBLE,
        ..Options::test()
    })
    .await
}

/// The password hash of an address.
async fn stored_hash(shop: &Shop, email: &str) -> String {
    let app = shop.cloud.app("test");
    let email = EmailAddress::parse(email).unwrap();
    let login = app.store().login(&email).await.unwrap().unwrap();
    login.value.password_hash
}

#[tokio::test]
async fn equal_passwords_have_hashes_of_different_salts() {
    let shop = open().await;
    let mut salts = BTreeSet::new();
    for email in ["ada@example.com", "eve@example.com", "mia@example.com"] {
        shop.customer(email).await;
        // $argon2id$v=19$<parameters>$<salt>$<hash>
        let hash = stored_hash(&shop, email).await;
        let salt = hash.rsplit('$').nth(1).unwrap().to_owned();
        assert_eq!(salt.len(), 22, "16 bytes in base64: {hash}");
        salts.insert(salt);
    }
    assert_eq!(salts.len(), 3, "{salts:?}");
}

/// The sessions of a user as they are kept.
async fn sessions(shop: &Shop, user: &Value) -> Vec<Value> {
    let path = format!("/_local/items?pk=USER%23{}", text(user));
    let items = shop.get(&path).await.json;
    let mut items = items.as_array().unwrap().clone();
    items.retain(|item| item["type"] == "session");
    items
}

#[tokio::test]
async fn every_session_has_a_salt_of_its_own() {
    let shop = open().await;
    let mut salts = BTreeSet::new();
    for email in ["ada@example.com", "eve@example.com"] {
        let user = shop.customer(email).await;
        login(&shop, email, PASSWORD).await.data(200);
        let kept = sessions(&shop, &told(&user.token, 1)["sub"]).await;
        assert_eq!(kept.len(), 2);
        salts.extend(kept.iter().map(|session| text(&session["salt"])));
    }
    assert_eq!(salts.len(), 4, "{salts:?}");
    assert!(salts.iter().all(|salt| salt.len() == 32), "{salts:?}");
}

/// The first refresh token of a session, made of the secret and what an access
/// token tells, with this salt.
fn forged(secret: &str, claims: &Value, salt: &str) -> String {
    let (user, session) = (text(&claims["sub"]), text(&claims["sid"]));
    let parts: [&[u8]; 3] = [session.as_bytes(), salt.as_bytes(), b"0"];
    let proof = mac(&derived_key(secret, "refresh token"), &parts);
    let version = hex::encode(&derived_key(secret, "key id")[..4]);
    let proof = URL_SAFE_NO_PAD.encode(proof);
    let signed = format!("{version}.{user}.{session}.0.{proof}");
    let seal = derived_key(secret, "refresh token seal");
    let seal = mac(&seal, &[signed.as_bytes()]);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(seal))
}

#[tokio::test]
async fn the_secret_of_tokens_alone_makes_no_token_of_a_session() {
    let shop = open().await;
    let ada = shop.customer("ada@example.com").await;
    let opened = login(&shop, &ada.email, PASSWORD).await.data(200);
    let good = text(&opened["refreshToken"]);
    let claims = told(&text(&opened["accessToken"]), 1);
    let secret = shop.cloud.secret(Secret::TokenKeys);
    // With the salt it would be the token itself.
    let kept = sessions(&shop, &claims["sub"]).await;
    let session = kept.iter().find(|session| session["id"] == claims["sid"]);
    let salt = text(&session.unwrap()["salt"]);
    assert_eq!(forged(&secret, &claims, &salt), good);
    for guess in ["", &"0".repeat(32)] {
        let forged = forged(&secret, &claims, guess);
        let refused = refresh(&shop, &forged).await;
        refused.refused(401, "invalid_refresh_token");
    }
    // Who has the session goes on with it.
    refresh(&shop, &good).await.data(200);
}

#[tokio::test]
async fn the_table_does_not_tell_which_addresses_were_tried_from_where() {
    let shop = open().await;
    let email = "stranger@example.com";
    for (path, status, body) in [
        ("login", 401, json!({"email": email, "password": PASSWORD})),
        ("resend-verification", 202, json!({"email": email})),
    ] {
        let call = shop.call("POST", &format!("/v1/auth/{path}"));
        let call = call.from(IpAddr::from([192, 0, 2, 77])).json(&body);
        assert_eq!(call.send().await.status, status, "{path}");
    }
    let items = shop.cloud.table().all().unwrap();
    let items: Vec<String> = items.iter().map(|item| format!("{item:?}")).collect();
    let counters = items.iter().filter(|item| item.contains("RATE#"));
    assert_eq!(counters.count(), 4, "each try was counted twice");
    for item in &items {
        for told in ["stranger", "192.0.2.77"] {
            assert!(!item.contains(told), "{told}: {item}");
        }
    }
}
