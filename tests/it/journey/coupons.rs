//! Coupons.

use super::again;
use serde_json::json;
use tests::shop::{EDR_MONTHLY, order_of};
use tests::stage::{Stage, staff};

/// Orders with a coupon: canceled, expired by the provider's word, and by the
/// sweep that looks for it.
pub(super) async fn coupons(stage: &Stage) {
    let (shop, ada) = (&stage.shop, again(&stage.ada).await);
    let admin = staff(shop, "admin").await;
    let coupon = json!({
        "code": "JOURNEY", "kind": "percent", "basisPoints": 500, "duration": "once",
        "perCustomer": 5,
    });
    let call = admin.call("POST", "/v1/admin/coupons").json(&coupon);
    call.send().await.data(201);
    let mut order = order_of(&[(EDR_MONTHLY, 5)]);
    order["couponCode"] = json!("JOURNEY");
    let quote = ada.call("POST", "/v1/orders/quote").json(&order);
    quote.send().await.data(200);
    for key in ["coupon-1", "coupon-2"] {
        let call = ada.call("POST", "/v1/orders").key(key).json(&order);
        let placed = call.send().await.data(201);
        if key == "coupon-1" {
            ada.cancel(&placed).await.data(200);
        }
    }
    shop.advance("PT2H").await;
    let ada = again(&ada).await;
    let call = ada.call("POST", "/v1/orders").key("coupon-3").json(&order);
    call.send().await.data(201);
    shop.faults(json!({"webhooks": {"drop": 1.0}})).await;
    shop.advance("PT2H").await;
    shop.faults(json!({})).await;
}
