//! Events the provider did sign, but that do not fit what is there: they are
//! put aside for a person. The provider is told that they arrived, so that it
//! stops sending them, and nothing else changes.

use super::world::World;
use local::{Outcome, Service};
use serde_json::{Value, json};
use tests::shop::{Answer, EDR_MONTHLY, text};

/// The items of the table but the inbox and rate counters, and how many
/// there are in the inbox.
fn business(world: &World) -> (Vec<String>, usize) {
    let all = serde_json::to_value(world.shop.cloud.table().all().unwrap()).unwrap();
    let (inbox, rest): (Vec<&Value>, Vec<&Value>) = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| !text(&item["pk"]["S"]).starts_with("RATE#"))
        .partition(|item| text(&item["pk"]["S"]).starts_with("PROVIDER#"));
    let mut rest: Vec<String> = rest.iter().map(|item| item.to_string()).collect();
    rest.sort();
    (rest, inbox.len())
}

/// Delivers an event and checks that it is put aside and does nothing else;
/// `calls` is how often the provider may be asked about it.
#[track_caller]
fn aside<'a>(
    world: &'a World,
    id: &'static str,
    event: &Value,
    calls: usize,
) -> impl Future<Output = Answer> + 'a {
    let body = event.to_string();
    async move {
        let (before, inbox) = business(world);
        world.shop.cloud.take_trace();
        world.shop.cloud.take_log();
        let answer = world.deliver(&body).send(&world.shop).await;
        assert_eq!(answer.data(200)["status"], "quarantined", "{id}: {body}");
        let (after, inbox_after) = business(world);
        assert_eq!(after, before, "{id}: the business changed");
        assert_eq!(inbox_after, inbox + 1, "{id}: one item");
        let trace = world.shop.cloud.take_trace();
        let of = |service| trace.iter().filter(move |effect| effect.service == service);
        assert_eq!(of(Service::Provider).count(), calls, "{id}: {trace:#?}");
        assert_eq!(of(Service::Mail).count(), 0, "{id}");
        let written = of(Service::Table)
            .filter(|effect| effect.writes() && effect.outcome == Outcome::Answered(200));
        assert_eq!(written.count(), 1, "{id}: {trace:#?}");
        // The inbox, and where the event says it belongs.
        let kept = |pk: &str| pk.starts_with("KEYS") || pk.starts_with("CATALOGUE");
        let reads = of(Service::Table)
            .filter(|effect| !effect.writes() && !effect.items.iter().all(|item| kept(&item.pk)))
            .count();
        assert!(reads <= 2, "{id}: {reads} reads: {trace:#?}");
        let log = world.shop.cloud.take_log().join("\n");
        assert!(log.contains("\"Quarantined\":1"), "{id}: no alarm: {log}");

        let again = world.deliver(&body).send(&world.shop).await;
        assert_eq!(again.data(200)["status"], "repeated", "{id}");
        assert_eq!(business(world), (after, inbox_after), "{id}: a repetition");
        answer
    }
}

/// An event like another, under an id of its own.
fn like(event: &Value, id: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut event = event.clone();
    event["id"] = json!(format!("evt_{id}"));
    change(&mut event);
    event
}

/// Row, pointer into the event, and what stands there instead; `-` for
/// nothing at all.
const CHANGES: &str = r#"
HOOK-21 /livemode                     true
HOOK-21 /data/object/livemode         true
HOOK-22 /api_version                  "2031-01-01.oak"
HOOK-22 /api_version                  "2015-01-01"
HOOK-23 /data                         -
HOOK-23 /data/object                  -
HOOK-23 /data/object                  null
HOOK-24 /data/object/object           "charge"
HOOK-24 /data/object/amount           "1"
HOOK-25 /data/object/currency         "usd"
HOOK-25 /data/object/currency         "zzz"
HOOK-26 /data/object/customer         "cus_of_somebody_else"
HOOK-26 /data/object/customer         null
HOOK-27 /data/object/metadata/order   "<of another tenant>"
HOOK-27 /data/object/metadata/order   "<of the same tenant>"
HOOK-27 /data/object/metadata/attempt "9"
HOOK-27 /data/object/metadata         {}
HOOK-28 /data/object/amount_received  1000000
HOOK-28 /data/object/amount_received  1
HOOK-28 /data/object/amount           1
HOOK-29 /created                      "<an hour ahead>"
"#;

/// The event with something else at a pointer.
fn changed(event: &mut Value, pointer: &str, value: Option<Value>) {
    let (at, name) = pointer.rsplit_once('/').unwrap();
    let members = event.pointer_mut(at).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => drop(members.insert(name.to_owned(), value)),
        None => drop(members.remove(name).unwrap()),
    }
}

#[tokio::test]
async fn an_event_that_does_not_fit_is_put_aside_and_the_true_one_still_applies() {
    let world = World::open().await;
    // The customer at the provider is known from an earlier purchase.
    world.ada.buy(EDR_MONTHLY, 1).await;
    let other = world.pending_order().await;
    let eve = world.shop.customer("eve@example.com").await;
    let hers = text(&eve.order(EDR_MONTHLY, 2, "k").await.data(201)["order"]["id"]);
    let captured = world.captured().await;
    let ahead = world.shop.cloud.now().as_second() + 3_600;

    for (index, line) in CHANGES.lines().filter(|line| !line.is_empty()).enumerate() {
        let (id, rest) = line.split_once(' ').unwrap();
        let (pointer, value) = rest.split_once(' ').unwrap();
        let value = match value.trim() {
            "-" => None,
            "\"<of another tenant>\"" => Some(json!(hers)),
            "\"<of the same tenant>\"" => Some(json!(other)),
            "\"<an hour ahead>\"" => Some(json!(ahead)),
            given => Some(serde_json::from_str(given).unwrap()),
        };
        let event = like(&captured, &format!("{index}"), |event| {
            changed(event, pointer, value);
        });
        aside(&world, id, &event, 0).await;
    }

    let applied = world.deliver(&captured.to_string()).send(&world.shop).await;
    assert_eq!(applied.data(200)["status"], "applied");
    // A known id with other content: the first stays as it is.
    let mut second = captured.clone();
    second["data"]["object"]["amount"] = json!(1);
    aside(&world, "HOOK-20", &second, 0).await;
    let repeated = world.deliver(&captured.to_string()).send(&world.shop).await;
    assert_eq!(repeated.data(200)["status"], "repeated");
    world.shop.cloud.settle().await;
    world.shop.audit(&world.ada).await;
}

/// HOOK-27. A completed page is only a hint: the payment is read at the
/// provider, and judged as one that came by itself.
#[tokio::test]
async fn a_page_that_names_the_payment_of_another_order_is_put_aside() {
    let world = World::open().await;
    let first = world.paid().await;
    let second = world.paid().await;
    let completed = |events: &[Value]| {
        let found = events
            .iter()
            .find(|e| e["type"] == "checkout.session.completed");
        found.expect("a completed page").clone()
    };
    let (page, other) = (completed(&first), completed(&second));
    let crossed = like(&page, "crossed", |event| {
        event["data"]["object"]["payment_intent"] =
            other["data"]["object"]["payment_intent"].clone();
    });
    aside(&world, "HOOK-27", &crossed, 1).await;
    for event in [&page, &other] {
        let answer = world.deliver(&event.to_string()).send(&world.shop).await;
        assert_eq!(answer.data(200)["status"], "applied");
    }
    assert_eq!(
        world
            .ada
            .get("/v1/subscriptions")
            .await
            .data(200)
            .as_array()
            .unwrap()
            .len(),
        2
    );
    world.shop.cloud.settle().await;
    world.shop.audit(&world.ada).await;
}

/// Until its payment is known, an event of one waits for it, at most a day.
#[tokio::test]
async fn an_event_of_a_payment_nobody_made_waits_a_day_and_is_then_put_aside() {
    let world = World::open().await;
    let captured = world.captured().await;
    let stray = like(&captured, "stray", |event| {
        event["data"]["object"]["id"] = json!("pi_stray");
        event["data"]["object"]["metadata"]["payment"] =
            json!("pay_00000000000070008000000000000000");
    });
    let (before, inbox) = business(&world);
    let answer = world.deliver(&stray.to_string()).send(&world.shop).await;
    assert_eq!(answer.data(200)["status"], "kept");
    assert_eq!(business(&world), (before, inbox + 1));
    world.shop.advance("P2D").await;
    let items = world
        .shop
        .get("/_local/items?pk=PROVIDER%23stripe%23evt_stray")
        .await
        .json;
    assert_eq!(
        items[0]["state"],
        json!({"inbox": "quarantined", "reason": "waited_too_long"}),
        "{items}"
    );
    world.shop.audit(&world.ada).await;
}
