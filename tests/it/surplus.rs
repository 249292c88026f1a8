//! Captures that nobody owes: each is given back, however many there are and
//! whoever else writes to the same payment.

use futures::future::join_all;
use local::{Effect, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use stripe_simulator::Delivery;
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
