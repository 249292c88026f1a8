//! What a million of something costs at AWS, from recorded calls and list
//! prices. Mails, logs, data transfer and the payment provider's fees are left
//! out; so is the time functions run, which only a deployed stack can tell.

use crate::cost::effects_of_all;
use local::{Effect, Service};
use serde_json::json;
use tests::shop::{EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop};
use tests::stage::Stage;

/// List prices of a million, on demand, in us-east-1, known since November
/// 2024: in hundredths of a cent.
mod price {
    /// A unit of reading.
    pub(super) const READ: u64 = 1_250;
    /// A unit of writing.
    pub(super) const WRITE: u64 = 6_250;
    /// A request to the HTTP API.
    pub(super) const REQUEST: u64 = 10_000;
    /// An invocation of a function.
    pub(super) const INVOCATION: u64 = 2_000;
}

/// Cents per million, rounded up.
fn cents(requests: u64, invocations: u64, calls: &[Effect]) -> u64 {
    let table = calls.iter().filter(|call| call.service == Service::Table);
    let units: u64 = table
        .map(|call| {
            let unit = if call.writes() {
                price::WRITE
            } else {
                price::READ
            };
            call.half_units * unit
        })
        .sum();
    (units / 2 + requests * price::REQUEST + invocations * price::INVOCATION).div_ceil(100)
}

#[tokio::test]
async fn a_million_searches_logins_orders_and_renewals_cost_no_more_than_is_said() {
    let stage = Stage::set().await;
    let shop = &stage.shop;

    shop.get("/v1/products?q=server").await.data(200);
    let (_, calls) = effects_of_all(shop, shop.get("/v1/products?q=edr")).await;
    let search = cents(1, 1, &calls);

    shop.log_in(&stage.ada.email, PASSWORD).await;
    let login = json!({"email": stage.ada.email, "password": PASSWORD});
    let (_, calls) = effects_of_all(shop, shop.post("/v1/auth/login", &login)).await;
    let login = cents(1, 1, &calls);

    stage.ada.buy(EDR_MONTHLY, 2).await;
    let deliveries = shop.book().await["events"].as_array().unwrap().len();
    let (placed, calls) = effects_of_all(shop, async {
        let placed = stage.ada.order(EDR_MONTHLY, 2, "million").await.data(201);
        shop.pay(&placed, GOOD_CARD).await;
        shop.cloud.settle().await;
        placed
    })
    .await;
    let paid = stage.ada.standing(&placed).await;
    assert_ne!(paid["invoiceId"], serde_json::Value::Null);
    let webhooks = shop.book().await["events"].as_array().unwrap().len() - deliveries;
    let requests = 1 + u64::try_from(webhooks).unwrap();
    // The stream hands its records over in batches: one for each act.
    let order = cents(requests, requests + 3, &calls);

    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    for _ in 0..8 {
        ada.buy(EDR_MONTHLY, 1).await;
    }
    // The same card given eight times is one, once the provider forgot seven.
    shop.advance("PT1H").await;
    let tick = || json!({"version": 1});
    shop.cloud
        .run_job("renew_subscriptions", tick())
        .await
        .unwrap();
    shop.cloud.skip_to("2026-02-28T09:01:00Z".parse().unwrap());
    let (swept, calls) = effects_of_all(&shop, async {
        let swept = shop.cloud.run_job("renew_subscriptions", tick()).await;
        shop.cloud.settle().await;
        swept.unwrap()
    })
    .await;
    assert_eq!(swept["served"], 8);
    // One webhook tells of each charge; the sweep itself is shared by all.
    let renewal = cents(8, 8 + 8, &calls).div_ceil(8);

    // docs/performance.md says the same.
    for (what, cents, at_most) in [
        ("searches", search, 120),
        ("logins", login, 450),
        ("orders", order, 6_070),
        ("renewals", renewal, 4_110),
    ] {
        assert!(cents <= at_most, "a million {what} cost {cents} cents");
    }
}
