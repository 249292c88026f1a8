//! Between the first decline of a renewal and its end.

use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, Shop, User, text};

/// Somebody whose first renewal, on 10 February at eight, meets such a card.
async fn renewing(behave: &str) -> (Shop, User, String) {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.cards(&ada.email, behave).await;
    shop.advance("P1M").await;
    (shop, ada, id)
}

async fn advance_to(shop: &Shop, moment: &str) {
    let moment = moment.parse().unwrap();
    shop.cloud.advance_to(moment).await.unwrap();
}

#[tokio::test]
async fn an_unpaid_service_is_on_for_a_week_from_the_first_decline_and_no_longer() {
    let (shop, ada, id) = renewing("insufficient_funds").await;
    for (moment, status, until) in [
        (
            "2026-02-10T08:05:00Z",
            "past_due",
            json!("2026-02-17T08:00:00Z"),
        ),
        // Declined twice more.
        (
            "2026-02-18T08:00:00Z",
            "past_due",
            json!("2026-02-17T08:00:00Z"),
        ),
        ("2026-03-04T08:00:00Z", "unpaid", Value::Null),
    ] {
        advance_to(&shop, moment).await;
        let subscription = ada.subscription(&id).await;
        assert_eq!(subscription["status"], status, "{moment}");
        assert_eq!(subscription["accessUntil"], until, "{moment}");
    }
}

#[tokio::test]
async fn a_retry_soon_after_one_that_was_late_is_a_charge_of_its_own() {
    let (shop, ada, id) = renewing("insufficient_funds").await;
    // No schedule fires until three hours before the second retry.
    shop.cloud.skip_to("2026-02-17T05:00:00Z".parse().unwrap());
    shop.tick("renew_subscriptions").await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed", "failed"]);
    shop.cards(&ada.email, "ok").await;
    advance_to(&shop, "2026-02-17T08:10:00Z").await;
    assert_eq!(
        ada.first_renewal(&id).await.1,
        ["failed", "failed", "succeeded"]
    );
    assert_eq!(ada.subscription(&id).await["status"], "active");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn the_late_end_of_a_page_is_no_decline_of_the_charge_under_way() {
    let (shop, ada, id) = renewing("authentication_required").await;
    assert_eq!(shop.mailed_pages(&ada.email).len(), 1);
    // The page closes after a day. The provider's event of it does not come.
    shop.faults(json!({"webhooks": {"drop": 1.0}, "seed": 1}))
        .await;
    advance_to(&shop, "2026-02-12T07:50:00Z").await;
    assert_eq!(ada.first_renewal(&id).await.1, ["needs_customer", "failed"]);
    shop.faults(json!({"webhooks": {"drop": 1.0}, "provider": {"requestLost": 1.0}, "seed": 1}))
        .await;
    advance_to(&shop, "2026-02-12T08:10:00Z").await;
    let under_way = ["needs_customer", "failed", "unknown"];
    assert_eq!(ada.first_renewal(&id).await.1, under_way);

    let mails = shop.cloud.mails(Some(&ada.email)).len();
    shop.faults(json!({})).await;
    let book = shop.book().await;
    let expired = |event: &&Value| event["type"] == "checkout.session.expired";
    let expired = book["events"].as_array().unwrap().iter().find(expired);
    let redeliver = format!("/_local/events/{}/redeliver", text(&expired.unwrap()["id"]));
    assert_eq!(shop.post(&redeliver, &json!({})).await.status, 200);
    assert_eq!(ada.first_renewal(&id).await.1, under_way);
    assert_eq!(shop.cloud.mails(Some(&ada.email)).len(), mails);
    // And it goes on from there.
    shop.cards(&ada.email, "ok").await;
    shop.advance("P1D").await;
    let ended = ["needs_customer", "failed", "succeeded"];
    assert_eq!(ada.first_renewal(&id).await.1, ended);
    shop.audit(&ada).await;
}
