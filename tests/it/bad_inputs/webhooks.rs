//! Webhooks that are not believed.

use super::ask::Ask;
use super::row::{Row, check_all, invoke};
use super::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use platform::secrets::Secret;
use ring::hmac;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD};

/// The route.
const PATH: &str = "/v1/webhooks/stripe";

/// The signature header of a body under a secret, at a time written so.
pub(super) fn signature(secret: &str, time: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", hex::encode(tag))
}

/// A webhook with this header.
fn post(header: &str, body: impl Into<String>) -> Ask {
    Ask::new("POST", PATH)
        .text(body.into())
        .with("stripe-signature", header)
}

impl World {
    /// The events of an order that was just paid, not delivered yet, by type.
    pub(super) async fn paid(&self) -> Vec<Value> {
        let key = self.new_name("paid");
        let placed = self.ada.order(EDR_MONTHLY, 2, &key).await.data(201);
        assert_eq!(self.shop.pay(&placed, GOOD_CARD).await["status"], "paid");
        let due = self
            .shop
            .cloud
            .simulator()
            .due_deliveries(self.shop.cloud.now());
        due.iter()
            .map(|delivery| serde_json::from_slice(&delivery.body).unwrap())
            .collect()
    }

    /// The event of a captured payment, not delivered yet.
    pub(super) async fn captured(&self) -> Value {
        let events = self.paid().await;
        let captured = events
            .into_iter()
            .find(|e| e["type"] == "payment_intent.succeeded");
        captured.expect("an event that says so")
    }

    /// A webhook as the provider would send it now.
    pub(super) fn deliver(&self, body: &str) -> Ask {
        let now = self.shop.cloud.now();
        post(
            &self.shop.cloud.simulator().sign(now, body.as_bytes()),
            body,
        )
    }

    fn seconds(&self) -> i64 {
        self.shop.cloud.now().as_second()
    }
}

fn unsigned(id: &'static str, ask: Ask) -> Row {
    Row::refused(id, ask, 400, "invalid_signature")
}

#[tokio::test]
async fn a_header_that_proves_nothing_is_refused_before_the_body_is_looked_at() {
    let world = World::open().await;
    let body = world.captured().await.to_string();
    let secret = world.shop.cloud.secret(Secret::WebhookSecret);
    let now = world.seconds().to_string();
    let good = signature(&secret, &now, &body);
    let v1 = good.split_once("v1=").unwrap().1;
    let headers = [
        ("HOOK-02", String::new()),
        ("HOOK-02", " ".to_owned()),
        ("HOOK-03", "v1=".to_owned()),
        ("HOOK-03", format!("v1={v1}")),
        ("HOOK-03", format!("t={now}")),
        ("HOOK-03", format!("t={now},v1=")),
        ("HOOK-04", good.replace("v1=", "v0=")),
        ("HOOK-07", format!("t={now}x,v1={v1}")),
        ("HOOK-08", format!("t={now},v1={}", &v1[..61])),
        ("HOOK-08", format!("t={now},v1={v1}0")),
        ("HOOK-09", format!("t={now},v1={}", &v1[..63])),
        ("HOOK-09", good.replace(v1, &v1.to_uppercase())),
        (
            "HOOK-10",
            format!(
                "t={now}{}",
                [",v1="; 20].map(|name| format!("{name}{v1}")).concat()
            ),
        ),
        ("HOOK-14", signature("whsec_of_the_other_mode", &now, &body)),
        ("HOOK-14", signature("", &now, &body)),
    ];
    let bare = post("", body.clone()).without("stripe-signature");
    let mut rows = vec![unsigned("HOOK-01", bare)];
    rows.extend(headers.map(|(id, header)| unsigned(id, post(&header, body.clone()))));
    for (id, changed) in [
        ("HOOK-11", format!("{body} ")),
        ("HOOK-11", format!(" {body}")),
        ("HOOK-11", body.replacen(':', ": ", 1)),
        ("HOOK-12", format!("\u{feff}{body}")),
    ] {
        rows.push(unsigned(id, post(&good, changed)));
    }
    rows.push(unsigned("HOOK-15", world.deliver("")));
    rows.push(unsigned(
        "HOOK-15",
        world.deliver("").without("content-type"),
    ));
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_signature_is_good_for_five_minutes() {
    let world = World::open().await;
    let body = world.captured().await.to_string();
    let secret = world.shop.cloud.secret(Secret::WebhookSecret);
    let now = world.seconds();
    let at = |time: String| post(&signature(&secret, &time, &body), body.clone());
    let rows = [
        ("HOOK-05", format!("-{now}")),
        ("HOOK-05", "-1".to_owned()),
        ("HOOK-06", (now - 301).to_string()),
        ("HOOK-06", (now + 301).to_string()),
        ("HOOK-06", "0".to_owned()),
        ("HOOK-07", "17684676300000000000".to_owned()),
        ("HOOK-07", format!("+{now}")),
        ("HOOK-07", format!("{now}.5")),
    ];
    let rows = rows.map(|(id, time)| unsigned(id, at(time)));
    check_all(&world.shop, rows).await;
    // Nor do other schemes beside the good one matter.
    let late = signature(&secret, &(now - 300).to_string(), &body);
    let answer = post(&format!("{late},v0=00,v1=zz"), body)
        .send(&world.shop)
        .await;
    assert_eq!(answer.data(200)["status"], "applied");
}

/// Ids no event of the provider has.
const NO_IDS: [&str; 9] = [
    "",
    "evt_",
    "pi_1",
    "EVT_1",
    "1evt_",
    "evt_\u{e9}",
    "evt_a b",
    "evt_a#b",
    "evt_../x",
];

#[tokio::test]
async fn a_signed_body_that_is_no_event_is_malformed() {
    let world = World::open().await;
    let event = world.captured().await;
    let malformed = |id, body: &str| Row::refused(id, world.deliver(body), 400, "malformed_body");
    let mut rows = Vec::new();
    for body in [
        "x",
        "null",
        "[]",
        "{",
        "{}",
        "{\"id\": 1}",
        "\u{feff}{}",
        "id=evt_1&type=x",
    ] {
        rows.push(malformed("HOOK-16", body));
    }
    let long = format!("evt_{}", "a".repeat(300));
    for id in NO_IDS.into_iter().chain([long.as_str()]) {
        let mut event = event.clone();
        event["id"] = json!(id);
        rows.push(malformed("HOOK-19", &event.to_string()));
    }
    let event = event.to_string();
    let large = format!("{event}{}", " ".repeat(513 * 1024 - event.len()));
    rows.push(Row::refused(
        "HOOK-17",
        world.deliver(&large),
        413,
        "body_too_large",
    ));
    for method in ["GET", "PUT", "DELETE"] {
        let method = method.to_owned();
        let ask = Ask {
            method,
            ..world.deliver(&event)
        };
        rows.push(Row::refused("HOOK-30", ask, 405, "method_not_allowed").header("allow", "POST"));
    }
    check_all(&world.shop, rows).await;
}

/// HOOK-18. A gateway sends what is no text in base64; that is read.
#[tokio::test]
async fn a_webhook_in_base64_is_read_as_the_bytes_it_stands_for() {
    let world = World::open().await;
    let body = world.captured().await.to_string();
    let mut raw = world.deliver(&body).event(PATH);
    raw["isBase64Encoded"] = json!(true);
    Row::event(
        "HOOK-18",
        "payment_webhook",
        raw.clone(),
        400,
        "malformed_body",
    )
    .check(&world.shop)
    .await;
    raw["body"] = json!(STANDARD.encode(&body));
    let answer = invoke(&world.shop, "payment_webhook", raw).await;
    assert_eq!(answer.data(200)["status"], "applied");
}

/// HOOK-13, and what surrounds it: the new secret is good from the moment it
/// is there, the old one for a day more.
#[tokio::test]
async fn a_secret_that_was_replaced_is_good_for_a_day() {
    let world = World::open().await;
    let nothing =
        json!({"id": "evt_nothing", "type": "price.created", "data": {"object": {}}}).to_string();
    let old = world.shop.cloud.secret(Secret::WebhookSecret);
    let new = "whsec_the_new_one".to_owned();
    let by = |secret: &str, now: Timestamp| {
        post(
            &signature(secret, &now.as_second().to_string(), &nothing),
            nothing.clone(),
        )
    };
    by(&old, world.shop.cloud.now())
        .send(&world.shop)
        .await
        .data(200);
    world
        .shop
        .cloud
        .rotate_secret(Secret::WebhookSecret, new.clone());
    let rotated = world.shop.cloud.now();
    // What a function keeps in memory is read again when a signature fails,
    // but not for every forgery.
    world.shop.advance("PT30S").await;
    let after = |span: SignedDuration| rotated.checked_add(span).unwrap();
    for (hours, old_is_good) in [(0, true), (1, true), (23, true), (24, false), (48, false)] {
        let at = after(SignedDuration::from_hours(hours)).max(world.shop.cloud.now());
        world.shop.cloud.skip_to(at);
        by(&new, at).send(&world.shop).await.data(200);
        if old_is_good {
            by(&old, at).send(&world.shop).await.data(200);
        } else {
            unsigned("HOOK-13", by(&old, at)).check(&world.shop).await;
        }
    }
}

/// The account has no customer at the provider yet, so nobody can tell whether
/// the event names the right one: what it says is read at the provider.
#[tokio::test]
async fn a_capture_of_a_customer_nobody_knows_is_not_taken_from_the_event() {
    let world = World::open().await;
    let shop = &world.shop;
    let new = shop.customer("first@example.com").await;
    shop.faults(json!({"provider": {"requestLost": 1.0}, "seed": 1}))
        .await;
    new.order(EDR_MONTHLY, 2, "first")
        .await
        .refused(503, "unavailable");
    shop.faults(json!({})).await;
    let order = new.get("/v1/orders").await.data(200)[0].clone();
    let account = new.get("/v1/me").await.data(200)["account"]["id"].clone();
    let path = format!("/_local/items?pk=ACCOUNT%23{}", account.as_str().unwrap());
    let items = shop.get(&path).await.json;
    let payment = items
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["type"] == "payment")
        .unwrap();
    let body = json!({
        "id": "evt_first", "type": "payment_intent.succeeded", "livemode": false,
        "data": {"object": {"id": "pi_nowhere", "object": "payment_intent", "status": "succeeded",
            "amount": order["total"]["amount"], "amount_received": order["total"]["amount"],
            "currency": "eur", "customer": "cus_of_somebody", "livemode": false,
            "metadata": {"account": account, "payment": payment["id"], "order": order["id"],
                "invoice": payment["invoice"], "attempt": "1"}}}
    });
    let answer = world.deliver(&body.to_string()).send(shop).await.data(200);
    assert_eq!(answer["status"], "kept");
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(new.get(&path).await.data(200)["status"], "pending");
    shop.advance("P2D").await;
    assert_eq!(new.get(&path).await.data(200)["status"], "expired");
    shop.audit(&new).await;
}
