//! What moved the balance.

use super::{GOOD, World};
use serde_json::{Value, json};

fn list(world: &World, params: &str) -> Vec<Value> {
    let answer = world.get("/v1/balance_transactions", params);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["data"].as_array().unwrap().clone()
}

/// A capture, a decline, and a refund a minute later.
fn moved() -> World {
    let mut world = World::new();
    let customer = world.customer("a@b.test");
    world.saved_card(&customer, GOOD);
    let session = world.session(&customer);
    let declined = world.simulator.pay(world.now, &session, "4000000000000002");
    assert_ne!(declined.unwrap().status, crate::PayStatus::Paid);
    world.wait(60);
    let intent = world.payment(0)["id"].as_str().unwrap().to_owned();
    let params = format!("payment_intent={intent}&amount=29900&metadata[refund]=rfd_1");
    assert_eq!(world.post("/v1/refunds", &params).status, 200);
    world
}

#[test]
fn each_capture_and_each_refund_moves_the_balance_and_a_decline_does_not() {
    let world = moved();
    let all = list(&world, "");
    let of = |row: &Value| {
        (
            row["type"].clone(),
            row["amount"].clone(),
            row["net"].clone(),
        )
    };
    assert_eq!(
        all.iter().map(of).collect::<Vec<_>>(),
        [
            (json!("refund"), json!(-29_900), json!(-29_900)),
            (json!("charge"), json!(129_900), json!(129_900)),
        ]
    );
    assert_eq!(all[0]["fee"], 0);
    let refund = world.simulator.book()["refunds"][0].clone();
    assert_eq!(refund["balance_transaction"], all[0]["id"]);
    assert_eq!(all[0]["source"], refund["id"]);
    let charge = world.get(
        &format!("/v1/charges/{}", all[1]["source"].as_str().unwrap()),
        "",
    );
    assert_eq!(charge.body["balance_transaction"], all[1]["id"]);
    let path = format!(
        "/v1/balance_transactions/{}",
        all[1]["id"].as_str().unwrap()
    );
    assert_eq!(world.get(&path, "").body, all[1]);
    assert_eq!(world.get("/v1/balance_transactions/txn_0", "").status, 404);
}

#[test]
fn the_source_is_answered_whole_where_that_is_asked_for() {
    let world = moved();
    let all = list(&world, "expand[]=data.source");
    assert_eq!(all[0]["source"]["metadata"]["refund"], "rfd_1");
    assert_eq!(all[1]["source"]["metadata"]["payment"], "pay_1");
    assert_eq!(
        all[0]["source"]["payment_intent"],
        all[1]["source"]["payment_intent"]
    );
}

#[test]
fn they_are_found_by_time_kind_source_and_currency_page_by_page() {
    let world = moved();
    let now = world.now.as_second();
    let all = list(&world, "");
    let only = |params: &str, expected: &[&Value]| {
        let found = list(&world, params);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{params}");
    };
    only(&format!("created[gte]={now}"), &[&all[0]]);
    only(&format!("created[lt]={now}"), &[&all[1]]);
    only("type=charge", &[&all[1]]);
    only("currency=usd", &[]);
    only(
        &format!("source={}", all[0]["source"].as_str().unwrap()),
        &[&all[0]],
    );
    only("limit=1", &[&all[0]]);
    let after = all[0]["id"].as_str().unwrap();
    only(&format!("limit=1&starting_after={after}"), &[&all[1]]);
    assert_eq!(
        world.get("/v1/balance_transactions", "status=x").status,
        400
    );
}
