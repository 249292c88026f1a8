//! Banks that take money later than they might: after a refund came back, after
//! they had only asked, after they had given up.

use super::disputes::Paid;
use serde_json::json;
use tests::proof::witness::Witness;
use tests::shop::{GOOD_CARD, text};

/// A card the provider cannot give money back to, for it is closed.
const DEAD_CARD: &str = "4000000000005126";

/// Whichever is heard of first.
#[tokio::test]
async fn what_came_back_and_was_then_taken_by_the_bank_is_owed_once() {
    for refund_first in [true, false] {
        let paid = Paid::by(DEAD_CARD).await;
        paid.refund("a", 1_000).await.data(201);
        paid.shop.cloud.settle().await;
        paid.shop.wait(3_700);
        let (simulator, now) = (paid.shop.cloud.simulator(), paid.shop.cloud.now());
        simulator.tick(now);
        let dispute = paid.shop.dispute(&paid.intent);
        paid.shop.send_evidence(&dispute, "losing_evidence");
        let mut due = simulator.due_deliveries(now);
        assert!(due.iter().any(|it| it.event_type == "refund.failed"));
        due.sort_by_key(|it| it.event_type.starts_with("charge.dispute") == refund_first);
        for event in due {
            let sent = paid.shop.post_event(&event.signature_header, event.body);
            sent.await.data(200);
        }
        let seen = paid.seen().await;
        assert_eq!(seen["refunds"][0]["status"], "failed", "{refund_first}");
        assert_eq!(seen["disputes"][0]["status"], "lost", "{refund_first}");
        assert_eq!(seen["disputes"][0]["settled"]["amount"], json!(1_000));
        let balances = paid.balances().await;
        let of = |name: &str| balances.get(name).copied().unwrap_or(0);
        assert_eq!(
            (of("payable"), of("chargebacks"), of("provider")),
            (0, 16_640, 0),
            "{refund_first}"
        );
        let found = Witness::default().at_rest(&paid.shop.cloud);
        assert_eq!(found, [], "{refund_first}");
    }
}

async fn turned(paid: &Paid, dispute: &str) {
    let (simulator, now) = (paid.shop.cloud.simulator(), paid.shop.cloud.now());
    assert!(simulator.turn_dispute(now, dispute));
    paid.shop.advance("PT1M").await;
}

#[tokio::test]
async fn an_inquiry_that_becomes_a_dispute_is_told_once_more() {
    let paid = Paid::by("4000000000001976").await;
    let dispute = text(&paid.seen().await["disputes"][0]["id"]);
    assert_eq!(paid.told("PaymentDisputed"), 1);
    turned(&paid, &dispute).await;
    let seen = paid.seen().await;
    assert_eq!(seen["disputes"][0]["status"], "needs_response");
    assert_eq!(paid.told("PaymentDisputed"), 1);
    assert_eq!(paid.balances().await.get("disputed"), Some(&17_640));
    let found = Witness::default().at_rest(&paid.shop.cloud);
    assert_eq!(found, []);
}

#[tokio::test]
async fn what_is_lost_after_it_was_won_is_told() {
    let paid = Paid::by(GOOD_CARD).await;
    let dispute = paid.shop.dispute(&paid.intent);
    paid.shop.send_evidence(&dispute, "winning_evidence");
    paid.shop.advance("PT1M").await;
    assert_eq!(paid.told("DisputeLost"), 0);
    turned(&paid, &dispute).await;
    assert_eq!(paid.seen().await["disputes"][0]["status"], "lost");
    assert_eq!(paid.told("DisputeLost"), 1);
    assert_eq!(paid.balances().await.get("chargebacks"), Some(&17_640));
    let found = Witness::default().at_rest(&paid.shop.cloud);
    assert_eq!(found, []);
}
