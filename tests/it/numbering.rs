//! Invoices that are finalised at once while the table fails: their numbers
//! have no gap and no double.

use futures::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;
use stripe_simulator::Delivery;
use tests::shop::{Answer, EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop, text};

const ORDERS: usize = 50;

#[tokio::test]
async fn fifty_orders_paid_at_once_while_the_table_fails_are_numbered_without_a_gap() {
    for seed in 0..3 {
        let shop = Shop::open().await;
        let ada = shop.customer("ada@example.com").await;
        for n in 0..ORDERS {
            let placed = ada.order(EDR_MONTHLY, 1, &format!("k{n}")).await.data(201);
            assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
        }
        let due = shop.cloud.simulator().due_deliveries(shop.cloud.now());
        let captures: Vec<_> = due
            .into_iter()
            .filter(|event| event.event_type == "payment_intent.succeeded")
            .collect();
        assert_eq!(captures.len(), ORDERS);
        let table = json!({
            "conflict": 0.2, "serverError": 0.05, "serverErrorApplied": 0.05, "lostReply": 0.05,
        });
        shop.faults(json!({"dynamodb": table, "shuffle": true, "seed": seed}))
            .await;
        let told = captures.into_iter().map(async |event: Delivery| {
            shop.post_event(&event.signature_header, event.body).await
        });
        let answers = join_all(told).await;
        let applied = |it: &&Answer| it.status == 200 && it.json["data"]["status"] == "applied";
        let failed = ORDERS - answers.iter().filter(applied).count();
        assert!(failed > 0, "nothing failed");
        shop.faults(json!({})).await;
        shop.advance("PT2H").await;

        let ada = shop.log_in(&ada.email, PASSWORD).await;
        let mut numbers = BTreeSet::new();
        for invoice in ada
            .get("/v1/invoices?limit=100")
            .await
            .data(200)
            .as_array()
            .unwrap()
        {
            assert_eq!(invoice["status"], "paid", "seed {seed}: {invoice}");
            numbers.insert(text(&invoice["number"]));
        }
        let gapless: BTreeSet<String> = (1..=ORDERS).map(|n| format!("F2026-{n:06}")).collect();
        assert_eq!(numbers, gapless, "seed {seed}, {failed} webhooks failed");
        shop.audit(&ada).await;
    }
}
