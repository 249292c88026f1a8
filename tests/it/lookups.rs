//! What the reconciler finds at the provider, what it does not find, and what
//! it does in a customer's place.

use local::Service;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, Shop, User, text};

/// How the first renewal stands, and how its attempts ended.
async fn first_renewal(ada: &User, id: &str) -> (String, Vec<String>) {
    let told = ada.renewals(id).await;
    let attempts = told[1]["attempts"].as_array().unwrap().iter();
    let outcomes = attempts.map(|attempt| text(&attempt["outcome"])).collect();
    (text(&told[1]["status"]), outcomes)
}

#[tokio::test]
async fn a_charge_nobody_heard_of_is_found_behind_hundreds_of_later_ones() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    let mut other = shop.book().await["payments"][0].clone();
    other["metadata"] = json!({});
    shop.wait(31 * 24 * 3_600);
    let silent = json!({"provider": {"replyLost": 1.0}, "webhooks": {"drop": 1.0}, "seed": 1});
    shop.faults(silent).await;
    shop.tick("renew_subscriptions").await;
    // The provider lists a hundred at a time, the newest first.
    for _ in 0..250 {
        shop.capture_like(&other);
    }
    shop.faults(json!({"webhooks": {"drop": 1.0}, "seed": 1}))
        .await;
    // By now nothing is posted under the old key any more.
    shop.wait(25 * 3_600);
    shop.tick("reconcile_payments").await;
    let paid = ("paid".to_owned(), vec!["succeeded".to_owned()]);
    assert_eq!(first_renewal(&ada, &id).await, paid);
    shop.advance("P3D").await;
    assert_eq!(first_renewal(&ada, &id).await, paid);
    let payment = text(&ada.renewals(&id).await[1]["paymentId"]);
    assert_eq!(shop.captures(&payment).await, 1);
    shop.audit(&ada).await;
}

/// What was asked of the provider since the last look, reads and writes.
fn asked(shop: &Shop) -> (usize, usize) {
    let trace = shop.cloud.take_trace();
    let asked = trace.iter().filter(|it| it.service == Service::Provider);
    let (reads, writes): (Vec<_>, Vec<_>) = asked.partition(|it| it.action.starts_with("GET "));
    (reads.len(), writes.len())
}

#[tokio::test]
async fn after_a_day_nothing_is_posted_under_a_key_the_provider_has_forgotten() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.faults(json!({"provider": {"refused": 1.0}, "seed": 1}))
        .await;
    shop.advance("P1M").await;
    shop.advance("PT30H").await;
    shop.faults(json!({})).await;
    asked(&shop);
    // The first look after that is 36 hours after the charge was tried.
    shop.advance("PT6H30M").await;
    let (reads, writes) = asked(&shop);
    assert_eq!((reads, writes), (1, 0));
    let (status, outcomes) = first_renewal(&ada, &id).await;
    assert_eq!((&*status, outcomes), ("open", vec!["unknown".to_owned()]));
    // Another attempt has a key of its own, and follows when it is proven that
    // the first was never made.
    shop.advance("PT1H").await;
    let ended = ["not_created", "succeeded"].map(str::to_owned).to_vec();
    assert_eq!(first_renewal(&ada, &id).await, ("paid".to_owned(), ended));
    shop.audit(&ada).await;
}

#[tokio::test]
async fn whoever_paid_on_a_page_the_reconciler_opened_is_renewed_like_anybody() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    shop.faults(json!({"provider": {"refused": 1.0}, "seed": 1}))
        .await;
    ada.order(EDR_MONTHLY, 1, "k")
        .await
        .refused(503, "unavailable");
    shop.faults(json!({})).await;
    shop.advance("PT2M").await;
    let book = shop.book().await;
    assert_eq!(book["customers"].as_array().unwrap().len(), 1, "{book}");
    assert_eq!(book["sessions"].as_array().unwrap().len(), 1, "{book}");
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    assert_ne!(placed["payment"]["checkoutUrl"], Value::Null);
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    let id = text(&ada.standing(&placed).await["subscriptionIds"][0]);
    shop.advance("P1M").await;
    shop.advance("PT10M").await;
    let paid = ("paid".to_owned(), vec!["succeeded".to_owned()]);
    assert_eq!(first_renewal(&ada, &id).await, paid);
    shop.audit(&ada).await;
}
