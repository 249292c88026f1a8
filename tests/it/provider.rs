//! What the provider says too late, twice, wrongly or not at all.

use futures::future::join_all;
use platform::secrets::Secret;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, EDR_YEARLY, GOOD_CARD, Shop, text};

#[tokio::test]
async fn a_capture_after_the_cancellation_is_refunded_by_itself() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    // The page cannot be closed: the provider does not answer.
    shop.cut_off_provider().await;
    ada.cancel(&placed).await.data(200);
    shop.faults(json!({})).await;
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.advance("PT5M").await;
    let book = shop.book().await;
    let refunds = book["refunds"].as_array().unwrap();
    assert_eq!(refunds.len(), 1, "{book}");
    assert_eq!(refunds[0]["amount"], placed["order"]["total"]["amount"]);
    assert_eq!(ada.standing(&placed).await["status"], "canceled");
    assert!(
        ada.get("/v1/subscriptions")
            .await
            .data(200)
            .as_array()
            .unwrap()
            .is_empty()
    );
    shop.audit(&ada).await;
}

#[tokio::test]
async fn without_any_webhook_a_payment_is_found_within_minutes() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.post(
        "/_local/faults",
        &json!({"webhooks": {"drop": 1.0}, "seed": 1}),
    )
    .await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    shop.pay(&placed, GOOD_CARD).await;
    shop.advance("PT15M").await;
    assert_eq!(ada.standing(&placed).await["status"], "paid");
    assert_eq!(ada.invoices().await.len(), 1);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_reply_lost_on_the_way_to_the_page_is_made_good_by_the_same_key() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.post(
        "/_local/faults",
        &json!({"provider": {"replyLost": 1.0}, "seed": 1}),
    )
    .await;
    let lost = ada.order(EDR_MONTHLY, 1, "k").await;
    lost.refused(503, "unavailable");
    assert_ne!(lost.header("retry-after"), "");
    ada.order(EDR_MONTHLY, 1, "k")
        .await
        .refused(409, "request_in_progress");
    shop.faults(json!({})).await;
    shop.advance("PT20S").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    let orders = ada.get("/v1/orders").await.data(200);
    assert_eq!(
        orders.as_array().unwrap().len(),
        1,
        "the first try's order went on"
    );
    shop.pay(&placed, GOOD_CARD).await;
    shop.cloud.settle().await;
    assert_eq!(shop.captures(&text(&placed["payment"]["id"])).await, 1);
    shop.audit(&ada).await;
}

/// It is stored under the key of the call and repeated for a day.
fn failing() -> Value {
    json!({"provider": {"serverError": 1.0}, "seed": 1})
}

#[tokio::test]
async fn a_failure_the_provider_keeps_costs_no_order() {
    for is_known in [false, true] {
        let shop = Shop::open().await;
        let ada = shop.customer("ada@example.com").await;
        if is_known {
            ada.buy(EDR_YEARLY, 1).await;
        }
        shop.faults(failing()).await;
        // Whether it is the customer that cannot be made or the page, and
        // however often it is asked for meanwhile.
        for _ in 0..3 {
            let stuck = ada.order(EDR_MONTHLY, 1, "stuck").await;
            stuck.refused(503, "unavailable");
            shop.advance("PT20S").await;
        }
        shop.faults(json!({})).await;
        let placed = ada.order(EDR_MONTHLY, 1, "stuck").await.data(201);
        assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
        shop.advance("P2D").await;
        assert_eq!(ada.standing(&placed).await["status"], "paid");
        shop.audit(&ada).await;
    }
}

#[tokio::test]
async fn a_page_is_closed_though_the_provider_failed_at_it() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    shop.faults(failing()).await;
    ada.cancel(&placed).await.data(200);
    shop.advance("PT1M").await;
    shop.faults(json!({})).await;
    shop.advance("PT11M").await;
    let page = shop.pay(&placed, GOOD_CARD).await;
    assert_ne!(page["status"], "paid", "{page}");
    assert_eq!(shop.captures(&text(&placed["payment"]["id"])).await, 0);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_key_that_is_refused_is_no_decline_and_the_charge_is_made_once_it_is_mended() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    let key = shop.cloud.secret(Secret::ProviderApiKey);
    let mails = shop.cloud.mails(Some(&ada.email)).len();
    shop.cloud
        .rotate_secret(Secret::ProviderApiKey, "sk_test_revoked".to_owned());
    shop.cloud.stop_functions();
    shop.advance("P1M").await;
    shop.advance("PT3H").await;
    let log = shop.cloud.take_log();
    let failed = |line: &&String| line.contains("PAYMENT#pay_") && line.contains("401");
    assert!(log.iter().any(|line| failed(&line)), "which one, and why");
    let swept = |line: &&String| line.contains("renew_subscriptions") && line.contains("401");
    assert!(log.iter().any(|line| swept(&line)), "the sweep says it too");
    assert_eq!(ada.subscription(&id).await["status"], "active");
    let told = ada.renewals(&id).await;
    assert_eq!(told[1]["status"], "open");
    let attempts = told[1]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1, "{told:?}");
    assert_eq!(attempts[0]["declineCode"], Value::Null);
    assert_eq!(
        shop.cloud.mails(Some(&ada.email)).len(),
        mails,
        "the customer is not told of our mistake"
    );

    shop.cloud.rotate_secret(Secret::ProviderApiKey, key);
    shop.cloud.stop_functions();
    shop.advance("PT13H").await;
    let told = ada.renewals(&id).await;
    assert_eq!(told[1]["status"], "paid");
    assert_eq!(told[1]["attempts"].as_array().unwrap().len(), 1);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn after_days_without_the_provider_a_renewal_is_charged_anew_and_nobody_was_blamed() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.cut_off_provider().await;
    let before = shop.cloud.mails(Some(&ada.email)).len();
    shop.advance("P1M").await;
    shop.cloud.take_log();
    shop.advance("P3D").await;
    let log = shop.cloud.take_log();
    let overdue = log.iter().filter(|line| line.contains("\"Unresolved\":1"));
    assert!(overdue.count() >= 2, "whoever is on call is told daily");
    assert_eq!(
        ada.first_renewal(&id).await,
        ("open".to_owned(), vec!["unknown".to_owned()])
    );

    // Two looks an hour apart prove that there is no charge under the old key.
    shop.faults(json!({})).await;
    shop.advance("P1D").await;
    let ended = ["not_created", "succeeded"].map(str::to_owned).to_vec();
    assert_eq!(ada.first_renewal(&id).await, ("paid".to_owned(), ended));
    assert_eq!(ada.subscription(&id).await["status"], "active");
    let mails = shop.cloud.mails(Some(&ada.email));
    assert_eq!(mails.len(), before + 1, "the receipt alone: {mails:?}");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_card_the_provider_does_not_know_any_more_is_asked_for_in_honest_words() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    let method = text(&shop.book().await["cards"][0]["id"]);
    // Nobody hears of it.
    let mut faults = local::Faults::default();
    faults.webhooks.lose = local::Share::ALL;
    shop.cloud.set_faults(faults).unwrap();
    shop.ask_provider(
        &format!("/v1/payment_methods/{method}/detach"),
        String::new(),
    );
    shop.cloud.settle().await;
    shop.faults(json!({})).await;
    let before = shop.cloud.mails(Some(&ada.email)).len();
    shop.advance("P1M").await;
    shop.advance("P1D").await;
    assert_eq!(
        ada.first_renewal(&id).await,
        ("open".to_owned(), vec!["unknown".to_owned()]),
        "our mistake, as far as anybody knows"
    );
    assert_eq!(shop.cloud.mails(Some(&ada.email)).len(), before);
    shop.advance("P3D").await;
    let ended = ["not_created", "not_created"].map(str::to_owned).to_vec();
    assert_eq!(ada.first_renewal(&id).await, ("past_due".to_owned(), ended));
    let mails = shop.cloud.mails(Some(&ada.email));
    assert_eq!(mails.len(), before + 1);
    let told = &mails[before].text;
    assert!(
        told.contains("could not be requested from the bank"),
        "{told}"
    );
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_refund_nobody_heard_of_is_found_and_not_made_twice() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    shop.cut_off_provider().await;
    ada.cancel(&placed).await.data(200);
    shop.faults(json!({})).await;
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    // Refunded, and the provider repeats for a day that it failed.
    let failed = json!({"provider": {"serverErrorApplied": 1.0}, "seed": 1});
    shop.post("/_local/faults", &failed).await;
    shop.advance("PT5M").await;
    let refunds = async || shop.book().await["refunds"].as_array().unwrap().len();
    assert_eq!(refunds().await, 1, "it was made and nobody knows");
    shop.faults(json!({})).await;
    shop.advance("P2D").await;
    assert_eq!(refunds().await, 1);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn an_order_that_loses_the_race_for_the_customer_goes_on_with_the_winners() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    // The account's own key repeats a failure, so each order makes a customer.
    shop.faults(failing()).await;
    ada.order(EDR_MONTHLY, 1, "stuck")
        .await
        .refused(503, "unavailable");
    shop.faults(json!({})).await;
    let orders = (0..8).map(|n| {
        let ada = ada.clone();
        async move { ada.order(EDR_MONTHLY, 2, &format!("k{n}")).await }
    });
    for placed in join_all(orders).await {
        let placed = placed.data(201);
        assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    }
    shop.cloud.settle().await;
    assert_eq!(ada.invoices().await.len(), 8);
    let customers = shop.book().await["customers"].as_array().unwrap().len();
    assert!(customers > 1, "there was no race");
    // The pages nobody was shown close, and nobody is called for it.
    shop.cloud.take_log();
    shop.advance("PT3H").await;
    let log = shop.cloud.take_log().join("\n");
    assert!(!log.contains("Quarantined"), "{log}");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn while_the_key_is_in_use_nobody_makes_another_customer() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let busy = json!({"provider": {"keyInUse": 1.0}, "seed": 1});
    shop.post("/_local/faults", &busy).await;
    ada.order(EDR_MONTHLY, 1, "k")
        .await
        .refused(503, "unavailable");
    shop.faults(json!({})).await;
    shop.advance("PT20S").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    let customers = shop.book().await["customers"].as_array().unwrap().len();
    assert_eq!(customers, 1);
    shop.audit(&ada).await;
}
