//! What is billed: numbers, VAT and currencies, the first time and later.

use domain::invoice::{InvoiceNumber, Series};
use platform::store::keys::{self, Key};
use platform::store::{Entity, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop, User, order_of, text};

/// Somebody who bought with this order: the subscription.
async fn bought(shop: &Shop, ada: &User, order: &Value) -> String {
    let call = ada.call("POST", "/v1/orders").key("k").json(order);
    let placed = call.send().await.data(201);
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    text(&ada.standing(&placed).await["subscriptionIds"][0])
}

/// The year of an invoice is that of Paris, where the seller is.
#[tokio::test]
async fn what_is_invoiced_in_the_first_hour_of_a_year_has_its_numbers() {
    let shop = Shop::at("2026-12-31T22:30:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 1).await;
    shop.advance("PT1H").await;
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    for _ in 0..2 {
        ada.buy(EDR_MONTHLY, 1).await;
    }
    let invoices = ada.invoices().await.into_iter();
    let mut numbers: Vec<(String, String)> = invoices
        .map(|invoice| (text(&invoice["number"]), text(&invoice["issuedAt"])))
        .collect();
    numbers.sort();
    let expected = [
        ("F2026-000001", "2026-12-31T22:30:00Z"),
        ("F2027-000001", "2026-12-31T23:30:00Z"),
        ("F2027-000002", "2026-12-31T23:30:00Z"),
    ];
    let expected = expected.map(|(number, at)| (number.to_owned(), at.to_owned()));
    assert_eq!(numbers, expected);
    shop.audit(&ada).await;
}

/// CGI 296: 8.5 % in La Réunion, of which only the postal code tells.
#[tokio::test]
async fn a_buyer_overseas_pays_the_vat_of_there_at_the_order_and_at_each_renewal() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let mut order = order_of(&[(EDR_MONTHLY, 10)]);
    order["billingAddress"]["postalCode"] = json!("97400");
    order["billingAddress"]["city"] = json!("Saint-Denis");
    let id = bought(&shop, &ada, &order).await;
    shop.advance("P2M").await;
    let euros = |amount| json!({"amount": amount, "currency": "EUR"});
    let taxes = json!([{"rate": 850, "base": euros(4_900), "amount": euros(417)}]);
    let invoices = ada.invoices().await;
    assert_eq!(invoices.len(), 3);
    for invoice in &invoices {
        assert_eq!(invoice["taxes"], taxes);
        assert_eq!(invoice["total"], euros(5_317));
    }
    for period in ada.renewals(&id).await {
        assert_eq!(period["total"], euros(5_317));
        assert_eq!(period["status"], "paid");
    }
    shop.audit(&ada).await;
}

#[tokio::test]
async fn who_bought_in_dollars_is_renewed_in_dollars() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let mut order = order_of(&[(EDR_MONTHLY, 10)]);
    order["currency"] = json!("USD");
    let id = bought(&shop, &ada, &order).await;
    shop.advance("P1M").await;
    let dollars = json!({"amount": 6_480, "currency": "USD"});
    let periods = ada.renewals(&id).await;
    assert_eq!(periods.len(), 2);
    for period in periods {
        assert_eq!(period["status"], "paid");
        assert_eq!(period["total"], dollars);
    }
    let book = shop.book().await;
    for payment in book["payments"].as_array().unwrap() {
        assert_eq!(payment["currency"], "usd");
        assert_eq!(payment["amountCaptured"], dollars["amount"]);
    }
    shop.audit(&ada).await;
}

/// Something in the place of the next number: none can be given.
#[derive(Serialize, Deserialize)]
struct Obstacle {}

impl Entity for Obstacle {
    const TYPE: &'static str = "obstacle";

    fn key(&self) -> Key {
        keys::series_number(InvoiceNumber {
            series: Series::Invoice,
            year: 2026,
            sequence: 2,
        })
    }
}

/// The money waits in clearing until there is an invoice it can be applied to.
#[tokio::test]
async fn what_is_paid_before_its_invoice_has_a_number_waits_for_it_and_clears() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    let app = shop.cloud.app("test");
    let obstacle = Obstacle {};
    let mut put = Transaction::new(app.new_id().unwrap());
    put.insert(&obstacle, ());
    app.store().commit(put).await.unwrap();
    // The first attempt fails, which calls for the number.
    shop.cards(&ada.email, "authentication_required").await;
    shop.advance("P1M").await;
    shop.advance("PT30M").await;
    let pages = shop.mailed_pages(&ada.email);
    let paid = shop.post(&pages[0], &json!({"card": GOOD_CARD})).await;
    assert_eq!(paid.json["status"], "paid");
    shop.cloud.settle().await;
    assert_eq!(ada.subscription(&id).await["status"], "active");
    assert_eq!(ada.invoices().await.len(), 1);

    let mut taken_away = Transaction::new(app.new_id().unwrap());
    taken_away.delete(&obstacle.key(), 1, ());
    app.store().commit(taken_away).await.unwrap();
    shop.advance("PT6H").await;
    let mut invoices = ada.invoices().await;
    invoices.sort_by_key(|invoice| text(&invoice["number"]));
    assert_eq!(invoices.len(), 2);
    assert_eq!(invoices[1]["number"], "F2026-000002");
    assert_eq!(invoices[1]["status"], "paid");
    shop.audit(&ada).await;
}
