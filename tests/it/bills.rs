//! What is billed: numbers, VAT and currencies, the first time and later.

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
