//! Refunds the shop did not decide on: one that the bank returned, one that
//! somebody made by hand at the provider.

use super::disputes::Paid;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, text};
use tests::stage::payment_of;

/// A card the provider cannot give money back to, for it is closed.
const DEAD_CARD: &str = "4000000000005126";
/// A card the provider takes its time to give money back to.
const SLOW_CARD: &str = "4000000000007726";

/// Gives money back at the provider, as its dashboard does.
fn by_hand(paid: &Paid, more: &str) -> Value {
    let form = format!("payment_intent={}{more}", paid.intent);
    paid.shop.ask_provider("/v1/refunds", form)
}

async fn notes(paid: &Paid) -> Vec<Value> {
    let listed = paid.ada().await.get("/v1/invoices").await.data(200);
    let listed = listed.as_array().unwrap().clone();
    listed
        .into_iter()
        .filter(|it| it["kind"] == "credit_note")
        .collect()
}

#[tokio::test]
async fn what_the_bank_returns_is_owed_and_not_given_back_twice() {
    let paid = Paid::by(DEAD_CARD).await;
    paid.refund("a", 17_000).await.data(201);
    assert_eq!(paid.seen().await["refunds"][0]["status"], "made");
    paid.shop.advance("PT2H").await;
    let seen = paid.seen().await;
    let refund = &seen["refunds"][0];
    assert_eq!(
        (&refund["status"], &refund["refusalCode"]),
        (&json!("failed"), &json!("expired_or_canceled_card"))
    );
    assert!(refund["creditNoteId"].is_string(), "{refund}");
    assert_eq!(seen["refundable"]["amount"], 640);
    assert_eq!(notes(&paid).await.len(), 1);
    let balances = paid.balances().await;
    assert_eq!(
        (balances.get("payable"), balances.get("provider")),
        (Some(&-17_000), Some(&17_640))
    );
    assert_eq!(paid.told("RefundFailed"), 1);
    let mine = paid.ada().await.get("/v1/payments").await.data(200);
    assert_eq!(mine[0]["refunds"][0]["status"], "failed");
    paid.refund("b", 641)
        .await
        .refused(422, "validation_failed");
    paid.audit().await;
}

#[tokio::test]
async fn what_is_under_way_at_the_bank_is_as_good_as_made() {
    let paid = Paid::by(SLOW_CARD).await;
    paid.refund("a", 17_640).await.data(201);
    assert_eq!(paid.seen().await["status"], "refunded");
    paid.shop.advance("PT2H").await;
    assert_eq!(paid.seen().await["refunds"][0]["status"], "made");
    assert_eq!(paid.balances().await.get("payable"), None);
    paid.audit().await;
}

#[tokio::test]
async fn what_is_given_back_by_hand_is_a_refund_like_any_other() {
    let paid = Paid::by(GOOD_CARD).await;
    let made = by_hand(&paid, "&amount=6000&reason=duplicate");
    paid.shop.cloud.settle().await;
    let seen = paid.seen().await;
    assert_eq!(seen["refunds"].as_array().unwrap().len(), 1);
    let refund = &seen["refunds"][0];
    assert_eq!(
        (&refund["status"], &refund["reason"]),
        (&json!("made"), &json!("duplicate"))
    );
    assert_eq!(
        (&refund["providerRefund"], &refund["requestedBy"]),
        (&made["id"], &Value::Null)
    );
    assert_eq!(seen["refundable"]["amount"], 11_640);
    let notes = notes(&paid).await;
    assert_eq!(notes.len(), 1);
    assert_eq!(
        (&notes[0]["id"], &notes[0]["total"]["amount"]),
        (&refund["creditNoteId"], &json!(6_000))
    );
    paid.shop.carry_mail().await;
    let mails = paid.shop.cloud.mails(Some(&paid.ada.email));
    assert!(mails.last().unwrap().subject.contains("A2026-000001"));
    assert_eq!(paid.told("RefundAdopted"), 1);
    // The rest, by hand as well: the order says so.
    by_hand(&paid, "");
    paid.shop.cloud.settle().await;
    assert_eq!(paid.seen().await["status"], "refunded");
    let order = paid
        .ada()
        .await
        .standing(&json!({"order": paid.order}))
        .await;
    assert_eq!(order["status"], "refunded");
    paid.audit().await;
}

/// Whatever comes first, together they claim no more than was captured.
#[tokio::test]
async fn by_hand_and_by_finance_at_once_no_more_is_given_back_than_was_captured() {
    let paid = Paid::by(GOOD_CARD).await;
    by_hand(&paid, "&amount=17000");
    // Finance do not know of it yet.
    paid.refund("a", 1_000).await.data(201);
    paid.refund("b", 640).await.data(201);
    paid.shop.advance("PT1H").await;
    let seen = paid.seen().await;
    let of = |place: usize| seen["refunds"][place]["status"].clone();
    assert_eq!(seen["refunds"].as_array().unwrap().len(), 3);
    assert_eq!(
        (of(0), of(1), of(2)),
        (json!("refused"), json!("made"), json!("made"))
    );
    assert_eq!(seen["refunds"][2]["amount"]["amount"], 17_000);
    assert_eq!(seen["status"], "refunded");
    paid.audit().await;
}

/// Nobody knows what became of ours when the other is heard of.
#[tokio::test]
async fn by_hand_while_ours_is_under_way_it_waits_its_turn() {
    let paid = Paid::by(GOOD_CARD).await;
    paid.shop.cut_off_provider().await;
    paid.refund("a", 1_000).await.data(201);
    paid.shop.faults(json!({})).await;
    by_hand(&paid, "&amount=2000");
    paid.shop.cloud.settle().await;
    let seen = paid.seen().await;
    assert_eq!(seen["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(seen["refunds"][0]["status"], "pending");
    paid.shop.advance("PT10M").await;
    let seen = paid.seen().await;
    let refunds = seen["refunds"].as_array().unwrap();
    let of = |it: &Value| {
        (
            it["amount"]["amount"].as_i64().unwrap(),
            text(&it["status"]),
        )
    };
    let refunds: Vec<_> = refunds.iter().map(of).collect();
    assert_eq!(
        refunds,
        [(1_000, "made".to_owned()), (2_000, "made".to_owned())]
    );
    paid.audit().await;
}

#[tokio::test]
async fn what_is_taken_by_hand_is_not_left_to_approve() {
    let paid = Paid::by(GOOD_CARD).await;
    let order = paid.ada.buy(EDR_MONTHLY, 400).await;
    let payment = payment_of(&paid.shop, &order).await;
    let book = paid.shop.cloud.simulator().book();
    let mut intents = book["payments"].as_array().unwrap().iter();
    let intent = intents.find(|it| it["metadata"]["payment"] == json!(payment));
    let intent = text(&intent.unwrap()["id"]);
    let paid = Paid {
        payment,
        intent,
        ..paid
    };
    paid.refund("a", 100_001).await.data(201);
    by_hand(&paid, "&amount=200000");
    paid.shop.cloud.settle().await;
    let seen = paid.seen().await;
    assert_eq!(
        (&seen["refunds"][0]["status"], &seen["refunds"][1]["status"]),
        (&json!("refused"), &json!("made"))
    );
    assert_eq!(seen["refunds"][0]["refusalCode"], "charge_already_refunded");
    paid.audit().await;
}

#[tokio::test]
async fn news_of_refunds_again_and_in_another_order_change_nothing_more() {
    let paid = Paid::by(DEAD_CARD).await;
    paid.refund("a", 1_000).await.data(201);
    by_hand(&paid, "&amount=2000");
    paid.shop.advance("PT2H").await;
    let seen = paid.seen().await;
    let states: Vec<_> = seen["refunds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| text(&it["status"]))
        .collect();
    assert_eq!(states, ["failed", "failed"]);
    let digest = paid.shop.digest().await;
    let book = paid.shop.cloud.simulator().book();
    let events = book["events"].as_array().unwrap();
    for event in events.iter().rev().chain(events) {
        let (simulator, now) = (paid.shop.cloud.simulator(), paid.shop.cloud.now());
        assert!(simulator.redeliver(now, event["id"].as_str().unwrap()));
        paid.shop.cloud.settle().await;
    }
    assert_eq!(paid.shop.digest().await, digest);
    assert_eq!(notes(&paid).await.len(), 2);
    paid.audit().await;
}

#[tokio::test]
async fn what_was_given_back_of_a_payment_that_is_not_ours_is_put_aside() {
    let paid = Paid::by(GOOD_CARD).await;
    let mut other = paid.shop.cloud.simulator().book()["payments"][0].clone();
    other["metadata"] = json!({});
    paid.shop.capture_like(&other);
    let book = paid.shop.cloud.simulator().book();
    let foreign = text(&book["payments"][1]["id"]);
    paid.shop
        .ask_provider("/v1/refunds", format!("payment_intent={foreign}"));
    paid.shop.cloud.settle().await;
    assert!(paid.told("Quarantined") > 0);
    assert_eq!(paid.seen().await["refunds"], json!([]));
}

/// What the bank returned is owed, so that more than the rest cannot be taken
/// into the books: a person looks at it. What comes after it is.
#[tokio::test]
async fn by_hand_what_does_not_fit_is_put_aside_and_holds_nothing_up() {
    let paid = Paid::by(DEAD_CARD).await;
    paid.refund("a", 17_000).await.data(201);
    paid.shop.advance("PT2H").await;
    assert_eq!(paid.seen().await["refunds"][0]["status"], "failed");
    paid.shop.cloud.take_log();
    let misfit = by_hand(&paid, "&amount=700");
    paid.shop.cloud.settle().await;
    assert_eq!(paid.told("Quarantined"), 1);
    let fits = by_hand(&paid, "&amount=500");
    paid.shop.cloud.settle().await;
    assert_eq!(paid.told("Quarantined"), 0);
    let seen = paid.seen().await;
    let refunds = seen["refunds"].as_array().unwrap();
    assert_eq!(refunds.len(), 2, "{misfit} is none of them");
    assert_eq!(refunds[1]["providerRefund"], fits["id"]);
    assert_eq!(seen["refundable"]["amount"], 140);
    // What came together is told together.
    by_hand(&paid, "&amount=600");
    let fits = by_hand(&paid, "&amount=140");
    paid.shop.cloud.settle().await;
    let seen = paid.seen().await;
    assert_eq!(seen["refunds"][2]["providerRefund"], fits["id"]);
}

/// However long ours is under way.
#[tokio::test]
async fn by_hand_it_is_taken_in_once_ours_is_decided() {
    for outcome in ["winning_evidence", "losing_evidence"] {
        let paid = Paid::by(GOOD_CARD).await;
        paid.shop.cut_off_provider().await;
        paid.refund("a", 1_000).await.data(201);
        paid.shop.faults(json!({})).await;
        by_hand(&paid, "&amount=2000");
        paid.shop.cloud.settle().await;
        let dispute = paid.shop.dispute(&paid.intent);
        // The bank takes so long that the event is given up.
        paid.shop.advance("P3D").await;
        let seen = paid.seen().await;
        assert_eq!(seen["refunds"].as_array().unwrap().len(), 1);
        paid.shop.send_evidence(&dispute, outcome);
        paid.shop.advance("PT2H").await;
        let seen = paid.seen().await;
        let of = |place: usize| seen["refunds"][place]["status"].clone();
        let ours = match outcome {
            "winning_evidence" => "made",
            _ => "refused",
        };
        assert_eq!((of(0), of(1)), (json!(ours), json!("made")));
        assert_eq!(seen["refunds"][1]["amount"]["amount"], 2_000);
        paid.audit().await;
    }
}
