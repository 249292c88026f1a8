//! What the reconciler finds at the provider, what it does not find, and what
//! it does in a customer's place.

use local::Service;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, Shop, User, text};

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
    assert_eq!(ada.first_renewal(&id).await, paid);
    shop.advance("P3D").await;
    assert_eq!(ada.first_renewal(&id).await, paid);
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
    shop.cut_off_provider().await;
    shop.advance("P1M").await;
    shop.advance("PT30H").await;
    shop.faults(json!({})).await;
    asked(&shop);
    // The first look after that is 36 hours after the charge was tried.
    shop.advance("PT6H30M").await;
    let (reads, writes) = asked(&shop);
    assert_eq!((reads, writes), (1, 0));
    let (status, outcomes) = ada.first_renewal(&id).await;
    assert_eq!((&*status, outcomes), ("open", vec!["unknown".to_owned()]));
    // Another attempt has a key of its own, and follows when it is proven that
    // the first was never made.
    shop.advance("PT1H").await;
    let ended = ["not_created", "succeeded"].map(str::to_owned).to_vec();
    assert_eq!(ada.first_renewal(&id).await, ("paid".to_owned(), ended));
    shop.audit(&ada).await;
}

#[tokio::test]
async fn whoever_paid_on_a_page_the_reconciler_opened_is_renewed_like_anybody() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    shop.cut_off_provider().await;
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
    assert_eq!(ada.first_renewal(&id).await, paid);
    shop.audit(&ada).await;
}

/// A renewal was charged, and neither the answer nor the event arrives.
async fn unheard(provider: Value) -> (Shop, User, String) {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.wait(31 * 24 * 3_600);
    let mut faults = json!({"webhooks": {"lose": 1.0}, "seed": 1});
    faults["provider"] = provider;
    faults["provider"]["replyLost"] = json!(1.0);
    shop.faults(faults).await;
    shop.tick("renew_subscriptions").await;
    shop.cloud.settle().await;
    (shop, ada, id)
}

/// The renewal was found: it is paid, by one charge.
async fn found(shop: &Shop, ada: &User, id: &str) {
    let paid = ("paid".to_owned(), vec!["succeeded".to_owned()]);
    assert_eq!(ada.first_renewal(id).await, paid);
    let payment = text(&ada.renewals(id).await[1]["paymentId"]);
    assert_eq!(shop.captures(&payment).await, 1);
    shop.audit(ada).await;
}

#[tokio::test]
async fn a_look_that_failed_proves_nothing_about_a_charge() {
    let (shop, ada, id) = unheard(json!({})).await;
    shop.cut_off_provider().await;
    // The look after 36 hours was the last that failed.
    shop.advance("PT36H30M").await;
    // From now on the list answers, and does not show the charge yet.
    shop.faults(json!({"provider": {"listLag": 40 * 3_600}, "seed": 1}))
        .await;
    shop.advance("P2D").await;
    found(&shop, &ada, &id).await;
}

#[tokio::test]
async fn a_charge_is_found_by_its_time_though_the_providers_clock_is_behind() {
    let (shop, ada, id) = unheard(json!({"behind": 120})).await;
    shop.faults(json!({})).await;
    shop.wait(25 * 3_600);
    shop.tick("reconcile_payments").await;
    found(&shop, &ada, &id).await;
}

#[tokio::test]
async fn a_payment_that_is_looked_up_and_does_not_fit_is_put_off_for_a_person() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.faults(json!({"webhooks": {"lose": 1.0}, "seed": 1}))
        .await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    shop.pay(&placed, GOOD_CARD).await;
    shop.cloud.settle().await;
    // Somebody captured less than was asked for.
    let simulator = shop.cloud.simulator();
    let mut state: Value = serde_json::from_str(&simulator.dump().unwrap()).unwrap();
    for intent in state["intents"].as_object_mut().unwrap().values_mut() {
        intent["amount"] = json!(1);
    }
    simulator.restore(&state.to_string()).unwrap();
    shop.wait(11 * 60);
    shop.cloud.take_log();
    let swept = shop.tick("reconcile_payments").await;
    assert_eq!(swept["failed"], 1, "{swept}");
    let log = shop.cloud.take_log();
    assert!(log.iter().any(|line| line.contains("\"Quarantined\":1")));
    assert_eq!(ada.standing(&placed).await["status"], "pending");
    let swept = shop.tick("reconcile_payments").await;
    assert_eq!(swept, json!({"served": 0, "failed": 0}));
}
