//! VAT numbers.

use super::again;
use local::Fault;
use serde_json::json;
use tests::shop::{EDR_MONTHLY, GOOD_CARD, VAT_NUMBER, order_under, text};
use tests::stage::Stage;

/// A business elsewhere in the Union, about whose number nothing can be learnt
/// at first.
pub(super) async fn numbers(stage: &Stage) {
    let shop = &stage.shop;
    let place = async |key| {
        let order = order_under(VAT_NUMBER, &[(EDR_MONTHLY, 1)]);
        let eve = again(&stage.eve).await;
        let call = eve.call("POST", "/v1/orders").key(key).json(&order);
        call.send().await.data(201)
    };
    place("a number").await;
    // It starts, and asks sixteen shards what is due; then none of it can be read.
    for after in 18..31 {
        shop.fail(after, Fault::ServerError);
    }
    let swept = shop.tick("check_vat_numbers").await;
    assert_ne!(swept["failed"], 0);
    shop.advance("PT30M").await;
    quotes(stage).await;
    let placed = place("the same").await;
    shop.pay(&placed, GOOD_CARD).await;
    shop.cloud.settle().await;
    let eve = again(&stage.eve).await;
    let id = text(&eve.standing(&placed).await["subscriptionIds"][0]);
    eve.renewals(&id).await;
}

/// A guest's cart and a user's are quoted, with what tax depends on; an order is
/// placed by its quote.
async fn quotes(stage: &Stage) {
    let shop = &stage.shop;
    let path = format!("/v1/cart/items/{EDR_MONTHLY}");
    let put = shop.call("PUT", &path).json(&json!({"quantity": 1}));
    let guest = text(&put.send().await.data(200)["guestToken"]);
    let quote = shop.call("POST", "/v1/orders/quote");
    let quote = quote.header("x-cart-token", &guest);
    let cart = json!({"fromCart": true});
    quote.json(&cart).send().await.data(200);
    let eve = again(&stage.eve).await;
    let taken = eve.call("POST", "/v1/cart/merge");
    let taken = taken.json(&json!({"guestToken": guest}));
    taken.send().await.data(200);
    let mut order = order_under(VAT_NUMBER, &[(EDR_MONTHLY, 1)]);
    let quote = eve
        .call("POST", "/v1/orders/quote")
        .json(&order)
        .send()
        .await;
    order["quoteToken"] = quote.data(200)["quoteToken"].clone();
    let call = eve.call("POST", "/v1/orders").key("quoted").json(&order);
    call.send().await.data(201);
    // One with wrong digits is asked about at once.
    let odd = order_under("DE136695978", &[(EDR_MONTHLY, 1)]);
    let quote = eve.call("POST", "/v1/orders/quote").json(&odd).send().await;
    quote.refused_fields(&[("/vatNumber", "invalid_vat_number")]);
}
