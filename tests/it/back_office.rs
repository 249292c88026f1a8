//! What support sees of a customer's orders and payments.

use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, Shop, text};
use tests::stage::staff;

#[tokio::test]
async fn support_finds_a_customers_orders_and_payments_and_a_customer_finds_neither() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let paid = ada.buy(EDR_MONTHLY, 2).await;
    shop.wait(1);
    let waiting = ada.order(EDR_MONTHLY, 1, "waiting").await.data(201);
    let support = staff(&shop, "support").await;
    let orders = format!("/v1/admin/orders?account={}", ada.account);
    let payments = format!("/v1/admin/payments?account={}", ada.account);

    // Word for word what the customer sees.
    for (theirs, path) in [("/v1/orders", &orders), ("/v1/payments", &payments)] {
        let seen = support.get(path).await.data(200);
        assert_eq!(seen, ada.get(theirs).await.data(200), "{path}");
        assert_eq!(seen.as_array().unwrap().len(), 2);
        ada.get(path).await.refused(403, "forbidden");
    }
    let found = support.get(&format!("{orders}&status=paid&q=edr")).await;
    let found = found.data(200);
    assert_eq!(found[0]["id"], paid["id"]);
    assert_eq!(found.as_array().unwrap().len(), 1);

    // Page by page, of this account alone.
    let first = support.get(&format!("{orders}&limit=1")).await;
    assert_eq!(first.json["data"][0]["id"], waiting["order"]["id"]);
    let cursor = text(&first.json["metadata"]["nextCursor"]);
    let next = format!("{orders}&limit=1&cursor={cursor}");
    assert_eq!(support.get(&next).await.data(200)[0]["id"], paid["id"]);
    let eve = shop.customer("eve@example.com").await;
    let hers = format!(
        "/v1/admin/orders?account={}&limit=1&cursor={cursor}",
        eve.account
    );
    support.get(&hers).await.refused(400, "invalid_cursor");
    assert_eq!(
        support
            .get(&hers.replace(&format!("&cursor={cursor}"), ""))
            .await
            .data(200),
        json!([])
    );

    for path in ["/v1/admin/orders", "/v1/admin/payments"] {
        support
            .get(path)
            .await
            .refused_fields(&[("/account", "required")]);
        let nobody = format!("{path}?account=acc_{}", "0".repeat(32));
        let answer = support.get(&nobody).await;
        assert_ne!(answer.status, 200, "{}", answer.json);
        let unknown = format!("{path}?account=acc_00000000000070008000000000000000");
        support.get(&unknown).await.refused(404, "not_found");
        assert_eq!(answer.json["data"], Value::Null);
    }
}
