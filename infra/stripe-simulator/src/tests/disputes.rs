//! Buyers who ask their bank for the money back.

use super::{Answer, GOOD, World};
use serde_json::{Value, json};

/// The dispute of the only payment there is.
fn only(world: &World) -> Value {
    let listed = world.get("/v1/disputes", "").body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    listed["data"][0].clone()
}

fn answer(world: &World, text: &str) -> Answer {
    let id = only(world)["id"].as_str().unwrap().to_owned();
    let params = format!("evidence[uncategorized_text]={text}");
    world.post(&format!("/v1/disputes/{id}"), &params)
}

fn refund(world: &World) -> Answer {
    let intent = world.payment(0)["id"].as_str().unwrap().to_owned();
    world.post(
        "/v1/refunds",
        &format!("payment_intent={intent}&amount=100"),
    )
}

fn paid(card: &str) -> World {
    let world = World::new();
    world.saved_card(&world.customer("a@b.test"), card);
    world
}

/// What a dispute moved, in order.
fn moved(dispute: &Value) -> Vec<i64> {
    let moved = dispute["balance_transactions"].as_array().unwrap();
    moved
        .iter()
        .map(|it| it["amount"].as_i64().unwrap())
        .collect()
}

#[test]
fn the_disputing_card_takes_the_money_until_the_bank_decides() {
    let world = paid("4000000000000259");
    let dispute = only(&world);
    assert_eq!(dispute["status"], "needs_response");
    assert_eq!(dispute["payment_intent"], world.payment(0)["id"]);
    assert_eq!(moved(&dispute), [-129_900]);
    assert_eq!(refund(&world).body["error"]["code"], "charge_disputed");
    let won = answer(&world, "winning_evidence").body;
    assert_eq!(won["status"], "won");
    assert_eq!(moved(&won), [-129_900, 129_900]);
    assert_eq!(refund(&world).status, 200);
    let told: Vec<_> = world
        .events()
        .into_iter()
        .filter(|kind| kind.starts_with("charge.dispute."))
        .collect();
    let expected = [
        "created",
        "funds_withdrawn",
        "updated",
        "closed",
        "funds_reinstated",
    ];
    assert_eq!(told, expected.map(|it| format!("charge.dispute.{it}")));
}

#[test]
fn a_lost_dispute_keeps_the_money() {
    let world = paid("4000000000000259");
    let lost = answer(&world, "losing_evidence").body;
    assert_eq!(lost["status"], "lost");
    assert_eq!(moved(&lost), [-129_900]);
    assert_eq!(answer(&world, "winning_evidence").status, 400);
    assert_eq!(refund(&world).body["error"]["code"], "charge_disputed");
}

#[test]
fn other_evidence_is_weighed_and_who_closes_loses() {
    let world = paid("4000000000000259");
    assert_eq!(answer(&world, "a+letter").body["status"], "under_review");
    let id = only(&world)["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/disputes/{id}/close");
    assert_eq!(world.post(&path, "").body["status"], "lost");
    assert_eq!(world.post(&path, "").status, 400);
}

#[test]
fn an_inquiry_takes_nothing_and_lets_refunds_through() {
    let world = paid("4000000000001976");
    assert_eq!(only(&world)["status"], "warning_needs_response");
    assert!(moved(&only(&world)).is_empty());
    assert_eq!(refund(&world).status, 200);
    let closed = answer(&world, "losing_evidence").body;
    assert_eq!(closed["status"], "warning_closed");
}

#[test]
fn what_is_left_of_a_payment_is_disputed_once() {
    let world = paid(GOOD);
    refund(&world);
    let intent = world.payment(0)["id"].as_str().unwrap().to_owned();
    let opened = world.simulator.dispute(world.now, &intent, false);
    assert!(opened.is_some());
    assert_eq!(world.simulator.dispute(world.now, &intent, false), None);
    assert_eq!(only(&world)["amount"], 129_800);
    assert_eq!(world.simulator.dispute(world.now, "pi_none", false), None);
    assert_eq!(
        world.get("/v1/disputes", "payment_intent=pi_x").body["data"],
        json!([])
    );
}
