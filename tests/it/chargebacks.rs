//! A refund that came back and a bank that then takes the payment: the customer
//! is owed the money once.

use super::disputes::Paid;
use serde_json::json;
use tests::proof::witness::Witness;

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
