//! A webhook that is killed: what it took in is not lost, nor what it had to
//! tell.

use super::disputes::Paid;
use local::{Effect, Fault, Service};
use serde_json::json;
use tests::shop::GOOD_CARD;

/// A dispute is opened and told; what that did.
async fn disputed(paid: &Paid) -> Vec<Effect> {
    paid.shop.cloud.take_trace();
    paid.shop.dispute(&paid.intent);
    paid.shop.cloud.settle().await;
    of_webhook(paid)
}

fn of_webhook(paid: &Paid) -> Vec<Effect> {
    let effects = paid.shop.cloud.take_trace().into_iter();
    let of_webhook = effects.filter(|it| &*it.function == "payment_webhook");
    of_webhook.collect()
}

/// The same by one event that comes once.
async fn told_once(paid: &Paid) -> Vec<Effect> {
    paid.shop.cloud.take_trace();
    paid.shop.dispute(&paid.intent);
    let due = paid
        .shop
        .cloud
        .simulator()
        .due_deliveries(paid.shop.cloud.now());
    let silence = json!({"webhooks": {"lose": 1.0}, "seed": 1});
    paid.shop.faults(silence).await;
    let mut created = due
        .into_iter()
        .filter(|it| it.event_type == "charge.dispute.created");
    let event = created.next().unwrap();
    paid.shop
        .post_event(&event.signature_header, event.body)
        .await;
    of_webhook(paid)
}

#[tokio::test]
async fn an_event_is_kept_before_the_provider_is_asked() {
    let effects = told_once(&Paid::by(GOOD_CARD).await).await;
    let mut asked = effects.iter().filter(|it| it.service == Service::Provider);
    let first = asked.next().unwrap().number;
    let paid = Paid::by(GOOD_CARD).await;
    paid.shop.cloud.plan_fault(first, Fault::CrashBefore);
    told_once(&paid).await;
    paid.shop.advance("PT1H").await;
    assert_eq!(paid.seen().await["disputes"][0]["status"], "needs_response");
    paid.audit().await;
}

#[tokio::test]
async fn a_dispute_is_alarmed_wherever_the_webhook_is_killed() {
    let effects = disputed(&Paid::by(GOOD_CARD).await).await;
    let writes = effects.iter().filter(|it| it.writes());
    let writes: Vec<u64> = writes.map(|it| it.number).collect();
    assert!(writes.len() > 1);
    for number in writes {
        let paid = Paid::by(GOOD_CARD).await;
        paid.shop.cloud.take_log();
        paid.shop.cloud.plan_fault(number, Fault::CrashAfter);
        disputed(&paid).await;
        paid.shop.advance("PT1H").await;
        assert_eq!(paid.seen().await["disputes"][0]["status"], "needs_response");
        assert!(
            paid.told("PaymentDisputed") > 0,
            "killed after effect {number}"
        );
    }
}
