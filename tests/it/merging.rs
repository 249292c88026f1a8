//! A guest's cart at login.

use serde_json::{Value, json};
use tests::shop::{Call, EDR_MONTHLY, EDR_TIERS, EDR_YEARLY, PASSWORD, Shop, User, text};

/// What a guest put into a cart: the token.
async fn guest(shop: &Shop, items: &[(&str, u64)]) -> String {
    let mut token = String::new();
    for (plan, quantity) in items {
        let path = format!("/v1/cart/items/{plan}");
        let mut call = shop.call("PUT", &path);
        if !token.is_empty() {
            call = call.header("x-cart-token", &token);
        }
        let cart = call.json(&json!({"quantity": quantity})).send().await;
        let cart = cart.data(200);
        if token.is_empty() {
            token = text(&cart["guestToken"]);
        }
    }
    token
}

async fn put(ada: &User, plan: &str, quantity: u64) {
    let path = format!("/v1/cart/items/{plan}");
    let call = ada.call("PUT", &path).json(&json!({"quantity": quantity}));
    call.send().await.data(200);
}

fn merge<'a>(ada: &'a User, token: &str) -> Call<'a> {
    let body = json!({"guestToken": token});
    ada.call("POST", "/v1/cart/merge").json(&body)
}

fn quantities(cart: &Value) -> Vec<(String, u64)> {
    let items = cart["items"].as_array().unwrap().iter();
    let mut found: Vec<_> = items
        .map(|line| (text(&line["planId"]), line["quantity"].as_u64().unwrap()))
        .collect();
    found.sort();
    found
}

fn expected(items: &[(&str, u64)]) -> Vec<(String, u64)> {
    let items = items.iter();
    let mut wanted: Vec<_> = items.map(|(plan, n)| ((*plan).to_owned(), *n)).collect();
    wanted.sort();
    wanted
}

#[tokio::test]
async fn what_a_guest_chose_is_in_the_cart_after_login_once() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let token = guest(&shop, &[(EDR_MONTHLY, 10), (EDR_YEARLY, 2)]).await;
    put(&ada, EDR_MONTHLY, 4).await;
    put(&ada, EDR_TIERS, 7).await;
    let merged = merge(&ada, &token).send().await.data(200);
    let all = expected(&[(EDR_MONTHLY, 10), (EDR_YEARLY, 2), (EDR_TIERS, 7)]);
    assert_eq!(quantities(&merged), all);
    assert_eq!(ada.get("/v1/cart").await.data(200), merged);
    // Taken in once: what is put down to less afterwards stays so.
    put(&ada, EDR_MONTHLY, 1).await;
    let before = shop.digest().await;
    let again = merge(&ada, &token).send().await.data(200);
    assert_eq!(shop.digest().await, before, "a repetition changes nothing");
    let less = expected(&[(EDR_MONTHLY, 1), (EDR_YEARLY, 2), (EDR_TIERS, 7)]);
    assert_eq!(quantities(&again), less);
    let left = shop.call("GET", "/v1/cart").header("x-cart-token", &token);
    assert_eq!(left.send().await.data(200)["items"], json!([]));
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_cart_begins_with_what_a_guest_chose() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let token = guest(&shop, &[(EDR_MONTHLY, 3)]).await;
    let merged = merge(&ada, &token).header("if-match", "\"0\"");
    let merged = merged.send().await.data(200);
    assert_eq!(quantities(&merged), expected(&[(EDR_MONTHLY, 3)]));
    assert_eq!(merged["version"], 1);
}

#[tokio::test]
async fn what_cannot_be_taken_in_stays_with_the_guest() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let token = guest(&shop, &[(EDR_MONTHLY, 3)]).await;
    put(&ada, EDR_TIERS, 7).await;
    let before = shop.digest().await;
    let unknown = "A".repeat(43);
    merge(&ada, &unknown).send().await.refused(404, "not_found");
    merge(&ada, "short")
        .send()
        .await
        .refused_fields(&[("/guestToken", "malformed")]);
    let stale = merge(&ada, &token).header("if-match", "\"9\"").send().await;
    stale.refused(412, "version_mismatch");
    let body = json!({"guestToken": token});
    let nobody = shop.call("POST", "/v1/cart/merge").json(&body).send().await;
    nobody.refused(401, "unauthenticated");
    assert_eq!(shop.digest().await, before);
    shop.advance("P31D").await;
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    merge(&ada, &token)
        .send()
        .await
        .refused(410, "cart_expired");
}

/// Twenty tabs log in at once.
#[tokio::test]
async fn a_cart_that_is_merged_many_times_at_once_is_merged_once() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let token = guest(&shop, &[(EDR_MONTHLY, 3), (EDR_YEARLY, 1)]).await;
    let merges = (0..20).map(|_| merge(&ada, &token).send());
    for answer in futures::future::join_all(merges).await {
        let in_time = [200, 409].contains(&answer.status);
        assert!(in_time, "{}", answer.json);
    }
    let cart = ada.get("/v1/cart").await.data(200);
    // It did not exist before.
    assert_eq!(cart["version"], 1);
    let all = expected(&[(EDR_MONTHLY, 3), (EDR_YEARLY, 1)]);
    assert_eq!(quantities(&cart), all);
    shop.audit(&ada).await;
}
