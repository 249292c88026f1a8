//! What is in a cart while the catalogue changes.

use domain::catalogue::ProductStatus;
use domain::tiers::PriceScheme;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, Shop, User};

async fn put(user: &User, quantity: u64) -> Value {
    let call = user.call("PUT", &format!("/v1/cart/items/{EDR_MONTHLY}"));
    call.json(&json!({"quantity": quantity}))
        .send()
        .await
        .data(200)
}

#[tokio::test]
async fn a_line_says_what_it_cost_when_it_was_put_in_and_that_it_is_not_sold_any_more() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let cart = put(&ada, 3).await;
    assert_eq!(cart["items"][0]["subtotal"]["amount"], 1_470);
    assert_eq!(cart["items"][0].get("previousSubtotal"), None);

    shop.publish(|products| {
        for product in products.iter_mut().filter(|it| it.slug == "edr-essential") {
            product.revision += 1;
            for price in product.plans.iter_mut().flat_map(|plan| &mut plan.prices) {
                if let PriceScheme::PerUnit { unit_amount } = &mut price.scheme {
                    *unit_amount += 100;
                }
            }
        }
    })
    .await;
    shop.advance("PT1M").await;
    let dearer = ada.get("/v1/cart").await.data(200);
    assert_eq!(dearer["version"], cart["version"]);
    assert_eq!(dearer["items"][0]["available"], true);
    assert_eq!(dearer["items"][0]["subtotal"]["amount"], 1_770);
    assert_eq!(
        dearer["items"][0]["previousSubtotal"],
        json!({"amount": 1_470, "currency": "EUR"})
    );
    assert_eq!(dearer["subtotal"]["amount"], 1_770);
    // Who puts it in again has seen the price.
    let seen = put(&ada, 3).await;
    assert_eq!(seen["items"][0].get("previousSubtotal"), None);

    shop.publish(|products| {
        for product in products.iter_mut().filter(|it| it.slug == "edr-essential") {
            product.status = ProductStatus::Inactive;
        }
    })
    .await;
    shop.advance("PT1M").await;
    let gone = ada.get("/v1/cart").await.data(200);
    assert_eq!(gone["items"][0]["available"], false);
    assert_eq!(gone["items"][0]["subtotal"]["amount"], 0);
    assert_eq!(gone["items"][0]["previousSubtotal"]["amount"], 1_770);
    shop.audit(&ada).await;
}
