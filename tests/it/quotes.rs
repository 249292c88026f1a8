//! Quotes: what an order would come to, why, and that it does.

use domain::tiers::PriceScheme;
use local::Service;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, EDR_TIERS, GOOD_CARD, PASSWORD, Shop, User, order_of, text};

async fn quoted(ada: &User, order: &Value) -> Value {
    let call = ada.call("POST", "/v1/orders/quote").json(order);
    call.send().await.data(200)
}

fn amount(value: &Value) -> i64 {
    value["amount"].as_i64().unwrap()
}

/// Ten per unit, and sixty by tiers: 50 at 7.90, 10 at 6.90.
fn order() -> Value {
    order_of(&[(EDR_MONTHLY, 10), (EDR_TIERS, 60)])
}

/// Every price of the first plan rises by a euro.
async fn raise_prices(shop: &Shop) {
    shop.publish(|products| {
        for product in products.iter_mut().filter(|it| it.slug == "edr-essential") {
            product.revision += 1;
            let prices = product.plans.iter_mut().flat_map(|plan| &mut plan.prices);
            for price in prices {
                if let PriceScheme::PerUnit { unit_amount } = &mut price.scheme {
                    *unit_amount += 100;
                }
            }
        }
    })
    .await;
    shop.advance("PT1M").await;
}

#[tokio::test]
async fn an_order_costs_to_the_cent_what_was_quoted_wherever_the_buyer_is() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    for (country, number, currency) in [
        ("FR", None, "EUR"),
        ("DE", Some("DE136695976"), "EUR"),
        ("IT", None, "EUR"),
        ("US", None, "EUR"),
        ("FR", None, "USD"),
    ] {
        let mut order = if currency == "EUR" {
            order()
        } else {
            order_of(&[(EDR_MONTHLY, 3)])
        };
        order["billingAddress"]["country"] = json!(country);
        order["currency"] = json!(currency);
        if let Some(number) = number {
            order["vatNumber"] = json!(number);
        }
        let quote = quoted(&ada, &order).await;
        order["quoteToken"] = quote["quoteToken"].clone();
        let key = format!("{country} {currency}");
        let call = ada.call("POST", "/v1/orders").key(&key).json(&order);
        let placed = call.send().await.data(201)["order"].clone();
        for part in ["subtotal", "discount", "total", "tax"] {
            assert_eq!(quote[part], placed[part], "{key}: {part}");
        }
        assert_eq!(quote["lines"], placed["lines"], "{key}");
    }
}

/// The body of an order can be quoted, with all there is in it.
#[tokio::test]
async fn an_order_can_be_quoted_again_with_the_token_it_was_quoted_by() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let mut order = order();
    let first = quoted(&ada, &order).await;
    for token in [first["quoteToken"].clone(), json!("none of ours")] {
        order["quoteToken"] = token;
        assert_eq!(quoted(&ada, &order).await, first);
    }
}

#[tokio::test]
async fn a_quote_explains_each_of_its_amounts() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let quote = quoted(&ada, &order()).await;
    let steps = quote["explanation"].as_array().unwrap();
    let paths: Vec<&str> = steps
        .iter()
        .map(|it| it["path"].as_str().unwrap())
        .collect();
    let expected = [
        "/lines/0/subtotal",
        "/lines/1/subtotal",
        "/subtotal",
        "/discount",
        "/tax/amount",
        "/total",
    ];
    assert_eq!(paths, expected);
    for step in steps {
        // Each explains the amount that stands at its path.
        let told = quote.pointer(step["path"].as_str().unwrap()).unwrap();
        let told = told.as_i64().unwrap_or_else(|| amount(told));
        assert_eq!(amount(&step["amount"]), told, "{step}");
        let parts = step["parts"].as_array();
        if let Some(parts) = parts.filter(|parts| !parts.is_empty()) {
            let sum: i64 = parts
                .iter()
                .map(|part| {
                    let units = part["units"].as_i64().unwrap();
                    units * amount(&part["unitAmount"]) + amount(&part["flatAmount"])
                })
                .sum();
            assert_eq!(sum, told, "{step}");
        }
    }
    assert_eq!(steps[0]["rule"], "per_unit");
    assert_eq!(steps[0]["text"], "10 × €4.90 = €49.00");
    assert_eq!(steps[1]["rule"], "graduated");
    assert_eq!(steps[1]["text"], "50 × €7.90 + 10 × €6.90 = €464.00");
    let tax = &steps[4];
    assert_eq!(
        (&tax["rate"], amount(&tax["base"])),
        (&json!(2_000), 51_300)
    );
    assert_eq!(tax["rounding"], "half_away_from_zero");
    let words = "20% of €513.00 = €102.60, rounded once to the nearest cent.";
    assert!(text(&tax["text"]).starts_with(words), "{tax}");
    let call = shop.call("POST", "/v1/orders/quote").language("fr");
    let french = call.json(&order()).send().await.data(200);
    let told = text(&french["explanation"][0]["text"]);
    assert_eq!(told, "10 × 4,90\u{a0}€ = 49,00\u{a0}€");
}

#[tokio::test]
async fn a_quote_is_read_from_memory() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    quoted(&ada, &order()).await;
    shop.cloud.take_trace();
    quoted(&ada, &order()).await;
    let trace = shop.cloud.take_trace();
    let asked: Vec<_> = trace
        .iter()
        .filter(|it| it.service == Service::Table)
        .collect();
    assert!(asked.is_empty(), "{asked:#?}");
}

#[tokio::test]
async fn a_quote_holds_for_its_price_and_no_other() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let mut order = order();
    let old = quoted(&ada, &order).await;
    order["quoteToken"] = old["quoteToken"].clone();
    let place = async |ada: &User, key: &str, order: &Value| {
        let call = ada.call("POST", "/v1/orders").key(key).json(order);
        call.send().await
    };
    // Long over, and the price is the same.
    shop.advance("PT2H").await;
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    place(&ada, "the same price", &order).await.data(201);
    raise_prices(&shop).await;
    let before = shop.digest().await;
    let refused = place(&ada, "another price", &order).await;
    refused.refused(409, "price_changed");
    assert_eq!(shop.digest().await, before);
    let new = refused.json["quote"].clone();
    assert_eq!(amount(&new["total"]), amount(&old["total"]) + 1_200);
    // The same key: what was refused claimed nothing.
    order["quoteToken"] = new["quoteToken"].clone();
    let placed = place(&ada, "another price", &order).await.data(201);
    assert_eq!(placed["order"]["total"], new["total"]);
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
}

#[tokio::test]
async fn a_quote_of_something_else_or_by_somebody_else_is_none() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let token = text(&quoted(&ada, &order()).await["quoteToken"]);
    let refusal = async |order: &Value, reason: &str| {
        let call = ada.call("POST", "/v1/orders").key("k").json(order);
        call.send().await.refused_fields(&[("/quoteToken", reason)]);
    };
    let mut others = vec![order_of(&[(EDR_MONTHLY, 11), (EDR_TIERS, 60)])];
    for (pointer, value) in [
        ("/billingAddress/country", "MC"),
        ("/billingAddress/postalCode", "97400"),
    ] {
        let mut other = order();
        *other.pointer_mut(pointer).unwrap() = json!(value);
        others.push(other);
    }
    for mut other in others {
        other["quoteToken"] = json!(token);
        refusal(&other, "other_quote").await;
    }
    for at in [0, 20, 44, 60, token.len() - 2] {
        let mut forged = token.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let mut order = order();
        order["quoteToken"] = json!(String::from_utf8(forged).unwrap());
        refusal(&order, "malformed").await;
    }
}

#[tokio::test]
async fn a_guest_is_quoted_the_cart_and_needs_no_address() {
    let shop = Shop::open().await;
    let path = format!("/v1/cart/items/{EDR_MONTHLY}");
    let put = shop.call("PUT", &path).json(&json!({"quantity": 10}));
    let guest = text(&put.send().await.data(200)["guestToken"]);
    let ask = |body: Value| {
        let call = shop.call("POST", "/v1/orders/quote").json(&body);
        call.header("x-cart-token", &guest).send()
    };
    let quote = ask(json!({"fromCart": true})).await.data(200);
    assert_eq!(amount(&quote["total"]), 5_880);
    let abroad = json!({"fromCart": true, "billingAddress": {"country": "US"}});
    assert_eq!(amount(&ask(abroad).await.data(200)["total"]), 4_900);
    ask(json!({"fromCart": true, "cartVersion": 7}))
        .await
        .refused(412, "version_mismatch");
    let nobody = shop.call("POST", "/v1/orders/quote");
    let empty = nobody.json(&json!({"fromCart": true})).send().await;
    empty.refused(422, "empty_cart");
}
