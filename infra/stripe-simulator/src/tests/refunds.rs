//! Money given back.

use super::{Answer, GOOD, World};

fn refund(world: &World, params: &str) -> Answer {
    let intent = world.payment(0)["id"].as_str().unwrap().to_owned();
    world.post("/v1/refunds", &format!("payment_intent={intent}{params}"))
}

fn paid() -> World {
    let world = World::new();
    world.saved_card(&world.customer("a@b.test"), GOOD);
    world
}

#[test]
fn refunds_never_exceed_the_capture() {
    let world = paid();
    let first = refund(&world, "&amount=100000&reason=requested_by_customer");
    assert_eq!(first.body["status"], "succeeded");
    assert_eq!(refund(&world, "&amount=29901").status, 400);
    assert_eq!(refund(&world, "").body["amount"], 29_900);
    let over = refund(&world, "&amount=1");
    assert_eq!(over.body["error"]["code"], "charge_already_refunded");
    assert_eq!(world.payment(0)["refundedAmount"], 129_900);
    assert_eq!(
        world
            .events()
            .iter()
            .filter(|kind| *kind == "charge.refunded")
            .count(),
        2
    );
}

#[test]
fn the_refund_event_carries_the_charge() {
    let world = paid();
    refund(&world, "&amount=100");
    let sent = world.simulator.due_deliveries(world.now);
    let event: serde_json::Value = serde_json::from_slice(&sent.last().unwrap().body).unwrap();
    assert_eq!(event["type"], "charge.refunded");
    assert_eq!(event["data"]["object"]["object"], "charge");
    assert_eq!(event["data"]["object"]["amount_refunded"], 100);
    assert_eq!(
        event["data"]["object"]["payment_intent"],
        world.payment(0)["id"]
    );
}

#[test]
fn nothing_is_refunded_that_was_not_taken() {
    let world = World::new();
    let session = world.session(&world.customer("a@b.test"));
    world
        .simulator
        .pay(world.now, &session, "4000000000000002")
        .unwrap();
    assert_eq!(refund(&world, "").status, 400);
    assert_eq!(
        world.post("/v1/refunds", "payment_intent=pi_none").status,
        400
    );
    assert_eq!(world.post("/v1/refunds", "").status, 400);
}

#[test]
fn a_zero_or_negative_refund_and_an_unknown_reason_are_refused() {
    let world = paid();
    for params in ["&amount=0", "&amount=-5", "&amount=1.5", "&reason=because"] {
        assert_eq!(refund(&world, params).status, 400, "{params}");
    }
    assert_eq!(world.payment(0)["refundedAmount"], 0);
}

#[test]
fn refunds_are_listed_by_intent() {
    let world = paid();
    let made = super::id(&refund(&world, "&amount=100"));
    let intent = world.payment(0)["id"].as_str().unwrap().to_owned();
    let list = world
        .get("/v1/refunds", &format!("payment_intent={intent}"))
        .body;
    assert_eq!(list["data"][0]["id"], made);
    assert_eq!(
        world.get(&format!("/v1/refunds/{made}"), "").body["amount"],
        100
    );
    assert_eq!(
        world.get("/v1/refunds", "payment_intent=pi_x").body["data"],
        serde_json::json!([])
    );
}

#[test]
fn a_refund_to_a_dead_card_seems_made_and_is_returned() {
    let mut world = World::new();
    world.saved_card(&world.customer("a@b.test"), "4000000000005126");
    let made = refund(&world, "&amount=100");
    assert_eq!(made.body["status"], "succeeded");
    assert_eq!(world.payment(0)["refundedAmount"], 100);
    let path = format!("/v1/refunds/{}", super::id(&made));
    world.wait(3_600);
    let later = world.get(&path, "").body;
    assert_eq!(later["status"], "failed");
    assert_eq!(later["failure_reason"], "expired_or_canceled_card");
    assert_eq!(world.payment(0)["refundedAmount"], 0);
    assert_eq!(world.events().last().unwrap(), "refund.failed");
    assert_eq!(refund(&world, "&amount=129900").status, 200);
}

#[test]
fn a_refund_that_is_under_way_goes_through() {
    let mut world = World::new();
    world.saved_card(&world.customer("a@b.test"), "4000000000007726");
    let made = refund(&world, "&amount=100");
    assert_eq!(made.body["status"], "pending");
    world.wait(3_600);
    let path = format!("/v1/refunds/{}", super::id(&made));
    assert_eq!(world.get(&path, "").body["status"], "succeeded");
    assert_eq!(world.payment(0)["refundedAmount"], 100);
}
