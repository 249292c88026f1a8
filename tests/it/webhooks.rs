//! The provider's events: again, too early, and when the table cannot take
//! them.

use platform::payments::provider::API_VERSION;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, Shop, User, text};

/// Delivers an event as the provider would send it now; what became of it.
async fn deliver(shop: &Shop, event: &Value) -> String {
    let (now, body) = (shop.cloud.now(), event.to_string());
    let signature = shop.cloud.simulator().sign(now, body.as_bytes());
    let sent = shop.post_event(&signature, body).await;
    text(&sent.data(200)["status"])
}

/// The events of captures that the provider has not delivered yet.
fn captures(shop: &Shop) -> Vec<Value> {
    let due = shop.cloud.simulator().due_deliveries(shop.cloud.now());
    let captures = due
        .iter()
        .filter(|event| event.event_type == "payment_intent.succeeded");
    captures
        .map(|event| serde_json::from_slice(&event.body).unwrap())
        .collect()
}

/// An order that was just paid, with the event that says so.
async fn captured(shop: &Shop, ada: &User) -> (Value, Value) {
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    (placed, captures(shop).remove(0))
}

#[tokio::test]
async fn a_webhook_repeated_and_out_of_order_changes_nothing_more() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 2).await;
    let digest = shop.digest().await;
    let events: Vec<String> = shop.book().await["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| text(&event["id"]))
        .collect();
    assert!(events.len() >= 3, "{events:?}");
    for event in events.iter().rev().chain(&events) {
        let answer = shop
            .post(&format!("/_local/events/{event}/redeliver"), &json!({}))
            .await;
        assert!((200..300).contains(&answer.status), "{}", answer.json);
        shop.cloud.settle().await;
    }
    assert_eq!(shop.digest().await, digest);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn an_event_that_comes_again_waits_no_longer_for_it() {
    let shop = Shop::open().await;
    let event = json!({
        "id": "evt_early", "type": "payment_intent.succeeded", "livemode": false,
        "data": {"object": {"id": "pi_1", "object": "payment_intent", "status": "succeeded",
            "amount": 100, "amount_received": 100, "currency": "eur", "customer": "cus_1",
            "livemode": false, "metadata": {
                "account": "acc_00000000000070008000000000000000",
                "payment": "pay_00000000000070008000000000000000",
                "order": "ord_00000000000070008000000000000000",
                "invoice": "inv_00000000000070008000000000000000",
                "attempt": "1"}}}
    });
    let kept = async || {
        let key = "PROVIDER%23stripe%23evt_early";
        let items = shop.get(&format!("/_local/items?pk={key}")).await.json;
        items[0].clone()
    };
    assert_eq!(deliver(&shop, &event).await, "kept");
    let first = kept().await["received_at"].clone();
    assert!(first.is_string());
    shop.wait(10 * 3_600);
    assert_eq!(deliver(&shop, &event).await, "kept");
    assert_eq!(kept().await["received_at"], first);
    // A day after it first came nobody waits for its payment any more.
    shop.advance("P1D").await;
    assert_eq!(deliver(&shop, &event).await, "repeated");
    assert_eq!(kept().await["state"]["reason"], "waited_too_long");
    assert_eq!(kept().await["received_at"], first);
}

#[tokio::test]
async fn an_event_that_could_only_be_kept_is_applied_when_it_comes_again() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    shop.faults(json!({"webhooks": {"drop": 1.0}, "seed": 1}))
        .await;
    shop.pay(&placed, GOOD_CARD).await;
    shop.cloud.settle().await;
    let events = shop.book().await["events"].clone();
    let completed = |event: &&Value| event["type"] == "checkout.session.completed";
    let event = events.as_array().unwrap().iter().find(completed).unwrap();
    let redeliver = format!("/_local/events/{}/redeliver", text(&event["id"]));

    // It tells of a page; the payment itself cannot be read now.
    shop.cut_off_provider().await;
    assert_eq!(shop.post(&redeliver, &json!({})).await.status, 200);
    assert_eq!(ada.standing(&placed).await["status"], "pending");
    shop.faults(json!({})).await;
    assert_eq!(shop.post(&redeliver, &json!({})).await.status, 200);
    assert_eq!(ada.standing(&placed).await["status"], "paid");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn an_event_of_a_later_release_of_the_same_version_is_applied() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let (placed, mut event) = captured(&shop, &ada).await;
    // Releases of one name are compatible (docs.stripe.com/api/versioning).
    assert_eq!(event["api_version"], API_VERSION);
    let (_, name) = API_VERSION.split_once('.').unwrap();
    event["api_version"] = json!(format!("2031-12-15.{name}"));
    assert_eq!(deliver(&shop, &event).await, "applied");
    assert_eq!(ada.standing(&placed).await["status"], "paid");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn an_event_that_comes_hours_late_is_believed() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let (placed, event) = captured(&shop, &ada).await;
    assert_eq!(event["created"], shop.cloud.now().as_second());
    shop.wait(3 * 3_600);
    assert_eq!(deliver(&shop, &event).await, "applied");
    assert_eq!(ada.standing(&placed).await["status"], "paid");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn an_event_of_one_renewal_that_names_the_invoice_of_another_pays_neither() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let bought = ada.buy(EDR_MONTHLY, 1).await;
        ids.push(text(&bought["subscriptionIds"][0]));
    }
    shop.wait(31 * 24 * 3_600);
    shop.faults(json!({"provider": {"replyLost": 1.0}, "seed": 1}))
        .await;
    shop.tick("renew_subscriptions").await;
    shop.faults(json!({})).await;
    let statuses = async || {
        let mut statuses = Vec::new();
        for id in &ids {
            statuses.push(text(&ada.renewals(id).await[1]["status"]));
        }
        statuses
    };
    let events = captures(&shop);
    let mut crossed = events[0].clone();
    crossed["id"] = json!("evt_crossed");
    let other = &events[1]["data"]["object"]["metadata"]["invoice"];
    crossed["data"]["object"]["metadata"]["invoice"] = other.clone();
    assert_eq!(deliver(&shop, &crossed).await, "quarantined");
    assert_eq!(statuses().await, ["open", "open"]);
    for event in &events {
        assert_eq!(deliver(&shop, event).await, "applied");
    }
    assert_eq!(statuses().await, ["paid", "paid"]);
    shop.audit(&ada).await;
}
