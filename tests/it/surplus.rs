//! Captures that nobody owes: each is given back, however many there are and
//! whoever else writes to the same payment.

use super::disputes::Paid;
use futures::future::join_all;
use local::{Effect, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use stripe_simulator::Delivery;
use tests::proof::witness::Witness;
use tests::shop::{Answer, EDR_MONTHLY, GOOD_CARD, Shop, User, text};

/// The payments at the provider that were refunded; none is twice.
async fn refunded(shop: &Shop) -> BTreeSet<String> {
    let book = shop.book().await;
    let refunds = book["refunds"].as_array().unwrap();
    let payments = refunds.iter().map(|it| text(&it["payment_intent"]));
    let payments: BTreeSet<String> = payments.collect();
    assert_eq!(payments.len(), refunds.len(), "{book}");
    payments
}

#[tokio::test]
async fn two_further_captures_of_a_paid_payment_are_both_given_back_within_minutes() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 1).await;
    let paid = shop.book().await["payments"][0].clone();
    for _ in 0..2 {
        shop.capture_like(&paid);
    }
    shop.advance("PT5M").await;
    let refunded = refunded(&shop).await;
    assert_eq!(refunded.len(), 2);
    assert!(!refunded.contains(&text(&paid["id"])));
    shop.audit(&ada).await;
}

/// The two events of captures of an order that was canceled, not delivered.
async fn captures_of_a_canceled_order(shop: &Shop, ada: &User, key: &str) -> Vec<Delivery> {
    let placed = ada.order(EDR_MONTHLY, 1, key).await.data(201);
    // The page cannot be closed: the provider does not answer.
    shop.cut_off_provider().await;
    ada.cancel(&placed).await.data(200);
    shop.faults(json!({})).await;
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    let book = shop.book().await;
    shop.capture_like(book["payments"].as_array().unwrap().last().unwrap());
    let due = shop.cloud.simulator().due_deliveries(shop.cloud.now());
    let captures = due
        .into_iter()
        .filter(|event| event.event_type == "payment_intent.succeeded");
    captures.collect()
}

async fn deliver(shop: &Shop, event: Delivery) -> Answer {
    shop.post_event(&event.signature_header, event.body).await
}

/// How often the webhook's function found that somebody had been faster.
fn lost_races(calls: &[Effect]) -> usize {
    let lost = calls.iter().filter(|call| {
        let refused = call.outcome == Outcome::Answered(400);
        &*call.function == "payment_webhook" && call.writes() && refused
    });
    lost.count()
}

#[tokio::test]
async fn two_captures_told_at_the_same_moment_are_both_given_back() {
    const ROUNDS: usize = 6;
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let mut races = 0;
    for round in 0..ROUNDS {
        let key = format!("k{round}");
        let events = captures_of_a_canceled_order(&shop, &ada, &key).await;
        assert_eq!(events.len(), 2);
        shop.faults(json!({"shuffle": true, "seed": round})).await;
        shop.cloud.take_trace();
        let told = events.into_iter().map(|event| deliver(&shop, event));
        for answer in join_all(told).await {
            let answer: Value = answer.data(200);
            assert_eq!(answer["status"], "applied");
        }
        races += lost_races(&shop.cloud.take_trace());
        shop.faults(json!({})).await;
    }
    assert!(races > 0, "there was no race");
    shop.advance("PT5M").await;
    assert_eq!(refunded(&shop).await.len(), 2 * ROUNDS);
    shop.audit(&ada).await;
}

/// A card the provider cannot give money back to, for it is closed.
const DEAD_CARD: &str = "4000000000005126";

/// Ada paid twice: the provider's second payment.
async fn twice(card: &str) -> (Paid, String) {
    let paid = Paid::by(card).await;
    let first = paid.shop.cloud.simulator().book()["payments"][0].clone();
    paid.shop.capture_like(&first);
    let book = paid.shop.cloud.simulator().book();
    let second = text(&book["payments"].as_array().unwrap().last().unwrap()["id"]);
    assert_ne!(second, paid.intent);
    (paid, second)
}

fn by_hand(shop: &Shop, intent: &str, amount: i64) {
    let form = format!("payment_intent={intent}&amount={amount}");
    shop.ask_provider("/v1/refunds", form);
}

/// What is wrong with all that was written, and with the books.
fn wrong(paid: &Paid) -> Vec<String> {
    let mut witness = Witness::default();
    let found = witness.at_rest(&paid.shop.cloud);
    assert!(witness.seen().contains_key("surplus: captured"));
    found.iter().map(ToString::to_string).collect()
}

/// How often the provider was asked for refunds.
fn asked(shop: &Shop) -> usize {
    let calls = shop.cloud.take_trace();
    let asked = calls.iter().filter(|it| it.action == "POST /v1/refunds");
    asked.count()
}

#[tokio::test]
async fn what_the_bank_returns_of_a_surplus_is_owed() {
    let (paid, _) = twice(DEAD_CARD).await;
    paid.shop.advance("PT5M").await;
    assert_eq!(refunded(&paid.shop).await.len(), 1);
    paid.shop.advance("PT2H").await;
    let balances = paid.balances().await;
    assert_eq!(
        (balances.get("payable"), balances.get("provider")),
        (Some(&-17_640), Some(&35_280))
    );
    assert_eq!(paid.told("RefundFailed"), 1);
    let mine = paid.ada().await.get("/v1/payments").await.data(200);
    assert_eq!(mine[0]["refunds"][0]["status"], "failed");
    assert_eq!(wrong(&paid), Vec::<String>::new());
}

/// Whether the shop hears of it or not, it asks for the rest.
#[tokio::test]
async fn what_was_given_back_of_a_surplus_by_hand_is_not_asked_for() {
    for heard in [true, false] {
        let (paid, second) = twice(GOOD_CARD).await;
        if heard {
            by_hand(&paid.shop, &second, 1_000);
        }
        paid.shop.cloud.settle().await;
        if !heard {
            paid.shop
                .faults(json!({"webhooks": {"lose": 1.0}, "seed": 1}))
                .await;
            by_hand(&paid.shop, &second, 1_000);
            paid.shop.cloud.settle().await;
            paid.shop.faults(json!({})).await;
        }
        paid.shop.advance("PT1H").await;
        let refunds = paid.shop.book().await["refunds"].clone();
        let refunds = refunds.as_array().unwrap();
        let amounts: Vec<_> = refunds.iter().map(|it| it["amount"].clone()).collect();
        assert_eq!(amounts, [json!(1_000), json!(16_640)], "{heard}");
        paid.shop.cloud.take_trace();
        paid.shop.advance("P1D").await;
        assert_eq!(asked(&paid.shop), 0, "{heard}");
        let balances = paid.balances().await;
        assert_eq!(balances.get("provider"), Some(&17_640), "{heard}");
        assert_eq!(wrong(&paid), Vec::<String>::new());
    }
}

/// The provider gives nothing back of what a bank decides on.
#[tokio::test]
async fn a_surplus_that_is_disputed_is_asked_for_once_and_again_when_it_is_won() {
    for won in [true, false] {
        let (paid, second) = twice(GOOD_CARD).await;
        let dispute = paid.shop.dispute(&second);
        paid.shop.cloud.take_trace();
        paid.shop.advance("P2D").await;
        assert_eq!(asked(&paid.shop), 1, "{won}");
        let log = paid.shop.cloud.take_log().join("\n");
        let told = |name: &str| log.matches(&format!("\"{name}\":1")).count();
        assert_eq!(
            (told("RefundRefused"), told("Quarantined")),
            (1, 1),
            "{won}"
        );
        let outcome = if won {
            "winning_evidence"
        } else {
            "losing_evidence"
        };
        paid.shop.send_evidence(&dispute, outcome);
        paid.shop.advance("P1D").await;
        let refunds = paid.shop.book().await["refunds"].clone();
        assert_eq!(refunds.as_array().unwrap().len(), usize::from(won));
        assert_eq!(paid.told("Quarantined"), usize::from(!won));
        assert_eq!(wrong(&paid), Vec::<String>::new());
    }
}
