//! Stories about another payment page of an order that waits.

use super::scenario::{Act, Scenario};
use super::scenarios::{placed, silence};
use crate::shop::{GOOD_CARD, return_to};
use crate::stage::{Ask, Stage};
use futures::FutureExt as _;
use local::Faults;
use serde_json::Value;

/// Every story about another page.
pub(super) fn of_pages() -> Vec<Scenario> {
    let pay = |about, prepare| Scenario::new("pay_order", about, prepare);
    let reconcile = |about, prepare| Scenario::new("reconcile_payments", about, prepare);
    vec![
        pay("after a decline", |stage| after_a_decline(stage).boxed()),
        pay("while the first page is paid", |stage| {
            while_paid(stage).boxed()
        })
        .race(),
        pay("of a page that never opened", |stage| {
            unopened(stage).boxed()
        }),
        reconcile(
            "another page was asked for and the provider silent",
            |stage| asked_in_vain(stage).boxed(),
        ),
    ]
}

fn another_page(stage: &Stage, order: &Value, key: &str) -> Ask {
    let order = order["id"].as_str().unwrap();
    let ask = Ask::new("POST", format!("/v1/orders/{order}/payment"));
    let ask = ask.json(return_to()).by(&stage.ada.token);
    ask.with("idempotency-key", key)
}

async fn after_a_decline(stage: &Stage) -> Act {
    let placed = placed(stage, "declined").await;
    stage.shop.pay(&placed, "4000000000009995").await;
    Act::Ask(another_page(stage, &placed["order"], "page"))
}

async fn while_paid(stage: &Stage) -> Act {
    let placed = placed(stage, "both").await;
    stage.shop.pay(&placed, GOOD_CARD).await;
    Act::Ask(another_page(stage, &placed["order"], "page"))
}

/// An order whose first page the provider never answered about.
async fn unopened(stage: &Stage) -> Act {
    stage.shop.cut_off_provider().await;
    let body = crate::shop::order_of(&[(crate::shop::EDR_MONTHLY, 2)]);
    let call = stage.ada.call("POST", "/v1/orders").key("unopened");
    assert_eq!(call.json(&body).send().await.status, 503);
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    let orders = stage.ada.get("/v1/orders?limit=1").await.data(200);
    Act::Ask(another_page(stage, &orders[0], "page"))
}

async fn asked_in_vain(stage: &Stage) -> Act {
    let placed = placed(stage, "vain").await;
    stage.shop.cut_off_provider().await;
    let refused = another_page(stage, &placed["order"], "page");
    assert_eq!(refused.send(&stage.shop).await.status, 503);
    silence(stage);
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    stage.shop.wait(90);
    Act::Tick("reconcile_payments")
}
