//! Stories of what comes after a capture: disputes, and refunds that the shop
//! did not decide on.

use super::scenario::{Act, Scenario};
use crate::shop::{EDR_MONTHLY, GOOD_CARD, text};
use crate::stage::{Ask, Stage, payment_of, refund_of};
use futures::FutureExt as _;
use local::Faults;
use serde_json::json;

/// A card the provider cannot give money back to, for it is closed.
const DEAD_CARD: &str = "4000000000005126";

/// Every one of them.
pub(super) fn stories() -> Vec<Scenario> {
    let webhook = |about, prepare| Scenario::new("payment_webhook", about, prepare);
    let reconcile = |about, prepare| Scenario::new("reconcile_payments", about, prepare);
    vec![
        webhook("a payment is disputed", |stage| disputed(stage).boxed()),
        webhook("a bank decides for the shop", |stage| {
            decided(stage, "winning_evidence").boxed()
        }),
        webhook("a bank decides for the card holder", |stage| {
            decided(stage, "losing_evidence").boxed()
        }),
        webhook("money is given back by hand", |stage| {
            by_hand(stage).boxed()
        }),
        webhook("a bank returns a refund", |stage| returned(stage).boxed()),
        webhook("a bank returns a surplus", |stage| {
            surplus_returned(stage).boxed()
        }),
        webhook("a part of a surplus is given back by hand", |stage| {
            surplus_by_hand(stage).boxed()
        }),
        reconcile("a surplus is disputed", |stage| {
            surplus_disputed(stage).boxed()
        }),
        reconcile("a dispute could not be looked up", |stage| {
            kept(stage).boxed()
        }),
        reconcile("a refund waited for a bank", |stage| awaited(stage).boxed()),
    ]
}

/// The provider's payment that captured Ada's.
fn intent_of(stage: &Stage, payment: &str) -> String {
    let book = stage.shop.cloud.simulator().book();
    let mut all = book["payments"].as_array().unwrap().iter();
    let found = all.find(|it| it["metadata"]["payment"] == json!(payment));
    text(&found.unwrap()["id"])
}

fn dispute(stage: &Stage) -> String {
    stage.shop.dispute(&intent_of(stage, &stage.payment))
}

async fn disputed(stage: &Stage) -> Act {
    dispute(stage);
    Act::Settle
}

async fn decided(stage: &Stage, evidence: &str) -> Act {
    let dispute = dispute(stage);
    stage.shop.cloud.settle().await;
    stage.shop.send_evidence(&dispute, evidence);
    Act::Settle
}

async fn by_hand(stage: &Stage) -> Act {
    let intent = intent_of(stage, &stage.payment);
    let form = format!("payment_intent={intent}&amount=100");
    stage.shop.ask_provider("/v1/refunds", form);
    Act::Settle
}

async fn refunded(stage: &Stage, payment: &str) {
    let path = format!("/v1/admin/payments/{payment}/refunds");
    let ask = Ask::new("POST", path).json(refund_of(200));
    let ask = ask
        .with("idempotency-key", "before")
        .by(&stage.finance.token);
    ask.send(&stage.shop).await.data(201);
}

async fn returned(stage: &Stage) -> Act {
    let placed = stage.ada.order(EDR_MONTHLY, 1, "dead").await.data(201);
    stage.shop.pay(&placed, DEAD_CARD).await;
    stage.shop.cloud.settle().await;
    let payment = payment_of(&stage.shop, &placed["order"]).await;
    refunded(stage, &payment).await;
    stage.shop.cloud.settle().await;
    stage.shop.wait(3_700);
    Act::Settle
}

/// A card paid once more than was owed; the provider's payment.
async fn surplus(stage: &Stage, card: &str) -> String {
    let placed = stage.ada.order(EDR_MONTHLY, 1, "twice").await.data(201);
    stage.shop.pay(&placed, card).await;
    stage.shop.cloud.settle().await;
    let payment = payment_of(&stage.shop, &placed["order"]).await;
    let once = intent_of(stage, &payment);
    let payments = || stage.shop.cloud.simulator().book()["payments"].clone();
    let all = payments();
    let mut all = all.as_array().unwrap().iter();
    stage
        .shop
        .capture_like(all.find(|it| it["id"] == json!(once)).unwrap());
    stage.shop.cloud.settle().await;
    text(&payments().as_array().unwrap().last().unwrap()["id"])
}

async fn surplus_returned(stage: &Stage) -> Act {
    surplus(stage, DEAD_CARD).await;
    stage.shop.tick("reconcile_payments").await;
    stage.shop.cloud.settle().await;
    stage.shop.wait(3_700);
    Act::Settle
}

async fn surplus_by_hand(stage: &Stage) -> Act {
    let intent = surplus(stage, GOOD_CARD).await;
    let form = format!("payment_intent={intent}&amount=100");
    stage.shop.ask_provider("/v1/refunds", form);
    Act::Settle
}

async fn surplus_disputed(stage: &Stage) -> Act {
    let intent = surplus(stage, GOOD_CARD).await;
    stage.shop.dispute(&intent);
    Act::Tick("reconcile_payments")
}

/// The event came while nobody reached the provider.
async fn kept(stage: &Stage) -> Act {
    dispute(stage);
    stage.shop.cut_off_provider().await;
    stage.shop.cloud.settle().await;
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    stage.shop.wait(400);
    Act::Tick("reconcile_payments")
}

/// Finance asked before the card holder did, and the bank decided for the shop.
async fn awaited(stage: &Stage) -> Act {
    stage.shop.cut_off_provider().await;
    refunded(stage, &stage.payment).await;
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    let dispute = dispute(stage);
    stage.shop.cloud.settle().await;
    stage.shop.send_evidence(&dispute, "winning_evidence");
    stage.shop.cloud.settle().await;
    stage.shop.wait(3_700);
    Act::Tick("reconcile_payments")
}
