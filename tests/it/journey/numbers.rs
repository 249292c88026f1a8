//! VAT numbers.

use super::again;
use local::Fault;
use serde_json::json;
use tests::shop::{EDR_MONTHLY, GOOD_CARD, order_of, text};
use tests::stage::Stage;

/// A business elsewhere in the Union, about whose number nothing can be learnt
/// at first.
pub(super) async fn numbers(stage: &Stage) {
    let shop = &stage.shop;
    let place = async |key| {
        let mut order = order_of(&[(EDR_MONTHLY, 1)]);
        order["billingAddress"]["country"] = json!("DE");
        order["vatNumber"] = json!("DE136695976");
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
    let placed = place("the same").await;
    shop.pay(&placed, GOOD_CARD).await;
    shop.cloud.settle().await;
    let eve = again(&stage.eve).await;
    let id = text(&eve.standing(&placed).await["subscriptionIds"][0]);
    eve.renewals(&id).await;
}
