//! What the shop sends to the provider, as the provider reads it.

use serde_json::json;
use tests::shop::{EDR_MONTHLY, GOOD_CARD, Shop, text};

#[tokio::test]
async fn whoever_has_a_plus_in_the_address_buys_and_gets_receipts_under_that_address() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada+shop@example.com").await;
    ada.buy(EDR_MONTHLY, 1).await;
    let book = shop.book().await;
    let customers = book["customers"].as_array().unwrap();
    assert_eq!(customers.len(), 1, "{book}");
    assert_eq!(customers[0]["email"], "ada+shop@example.com");
    shop.audit(&ada).await;
}

/// Anything else may leave the page complete and the money on its way for days.
#[tokio::test]
async fn a_payment_page_offers_nothing_but_what_pays_at_once() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    let url = text(&placed["payment"]["checkoutUrl"]);
    let (_, session) = url.split_once("/_local/checkout/").unwrap();
    let shown = shop.get(&format!("/_local/checkout/{session}")).await.json;
    assert_eq!(shown["methods"], json!(["card"]), "{shown}");
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
}

/// Whatever version the provider's account has: the local one answers no other
/// request.
#[tokio::test]
async fn a_page_a_charge_and_a_look_are_asked_for_in_the_version_the_shop_can_read() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    // Neither the answer nor the event arrives, so the charge is looked up.
    shop.faults(json!({"webhooks": {"lose": 1.0}, "provider": {"replyLost": 1.0}, "seed": 1}))
        .await;
    shop.advance("P1M").await;
    shop.faults(json!({})).await;
    shop.advance("PT30H").await;
    let paid = ("paid".to_owned(), vec!["succeeded".to_owned()]);
    assert_eq!(ada.first_renewal(&id).await, paid);
    shop.audit(&ada).await;
}
