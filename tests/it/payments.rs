//! What customers are told of their payments, and of every try at them.

use crate::timeline::{declined_twice_then_paid, ordered, told};
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, Shop, text};

#[tokio::test]
async fn payments_are_listed_newest_first_with_every_try_and_why_it_went_so() {
    let (shop, ada, placed) = declined_twice_then_paid().await;
    let order = ada.standing(&placed).await;
    shop.cards(&ada.email, "insufficient_funds").await;
    shop.advance("P1M").await;
    shop.cards(&ada.email, "ok").await;
    shop.advance("P3D").await;
    let payments = told(&ada, "/v1/payments", "en").await;
    let kind = |payment: &Value| text(&payment["purpose"]["kind"]);
    let kinds: Vec<String> = payments.iter().map(kind).collect();
    assert_eq!(kinds, ["renewal", "order"]);
    let (renewal, first) = (&payments[0], &payments[1]);
    assert_eq!(
        first["purpose"],
        json!({"kind": "order", "orderId": order["id"]})
    );
    assert_eq!(
        (&first["id"], &first["status"], &first["invoiceId"]),
        (&order["paymentId"], &json!("paid"), &order["invoiceId"])
    );
    assert_eq!(first["amount"], order["total"]);
    assert_eq!(first["refunds"], json!([]));
    let tries = |payment: &Value| -> Vec<Value> {
        let tries = payment["attempts"].as_array().unwrap().iter();
        let told = |it: &Value| {
            json!([
                it["number"],
                it["channel"],
                it["outcome"],
                it["declineCode"],
                it["reason"]
            ])
        };
        tries.map(told).collect()
    };
    let collected = "The payment was collected.";
    assert_eq!(
        tries(first),
        [json!([1, "page", "succeeded", null, collected])]
    );
    let subscription = &order["subscriptionIds"][0];
    assert_eq!(
        renewal["purpose"],
        json!({"kind": "renewal", "subscriptionId": subscription, "periodIndex": 1})
    );
    let funds = "The account has insufficient funds.";
    assert_eq!(
        tries(renewal),
        [
            json!([1, "saved_card", "failed", "insufficient_funds", funds]),
            json!([2, "saved_card", "succeeded", null, collected])
        ]
    );
    assert_eq!(renewal["paidAt"], renewal["attempts"][1]["endedAt"]);
    // The renewals of the subscription tell the same.
    let periods = ada.renewals(&text(subscription)).await;
    assert_eq!(periods[1]["attempts"], renewal["attempts"]);
    assert_eq!(periods[1]["invoiceId"], renewal["invoiceId"]);

    let french = told(&ada, "/v1/payments", "fr").await;
    let reason = &french[0]["attempts"][0]["reason"];
    assert_eq!(reason, "Le compte n'est pas assez approvisionné.");
}

#[tokio::test]
async fn an_open_page_tells_what_its_last_card_met() {
    let (shop, ada, placed) = ordered().await;
    let reason = async |language: &str| {
        let payments = told(&ada, "/v1/payments", language).await;
        assert_eq!(payments[0]["attempts"][0]["outcome"], "in_flight");
        assert_eq!(payments[0].get("paidAt"), None);
        text(&payments[0]["attempts"][0]["reason"])
    };
    assert_eq!(reason("en").await, "The payment page waits for you.");
    shop.pay(&placed, "4000000000000069").await;
    shop.cloud.settle().await;
    assert_eq!(
        reason("fr").await,
        "La carte a expiré. La page de paiement reste ouverte."
    );
}

#[tokio::test]
async fn payments_are_read_page_by_page() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let mut made = Vec::new();
    for key in ["first", "second", "third"] {
        let placed = ada.order(EDR_MONTHLY, 1, key).await.data(201);
        made.push(text(&placed["payment"]["id"]));
        shop.wait(60);
    }
    made.reverse();
    let first = ada.get("/v1/payments?limit=2").await;
    let cursor = text(&first.json["metadata"]["nextCursor"]);
    let second = ada
        .get(&format!("/v1/payments?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(second.json["metadata"]["nextCursor"], Value::Null);
    let ids = [&first, &second].map(|page| page.data(200));
    let ids = ids.iter().flat_map(|page| page.as_array().unwrap());
    let ids: Vec<String> = ids.map(|payment| text(&payment["id"])).collect();
    assert_eq!(ids, made);
    ada.get(&format!("/v1/orders?cursor={cursor}"))
        .await
        .refused(400, "invalid_cursor");
}
