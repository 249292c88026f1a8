//! Saving a card without a payment.

use super::{GOOD, World};
use crate::PayStatus;

fn setup_session(world: &World, customer: &str) -> String {
    let params = format!(
        "mode=setup&currency=eur&customer={customer}&success_url=https://shop.test\
         &setup_intent_data[metadata][account]=acc_1"
    );
    super::id(&world.post("/v1/checkout/sessions", &params))
}

#[test]
fn a_setup_session_saves_the_card_and_takes_no_money() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    let session = setup_session(&world, &customer);
    let declined = world
        .simulator
        .pay(world.now, &session, "4000000000000002")
        .unwrap();
    assert_eq!(declined.status, PayStatus::Declined);
    assert_eq!(
        world
            .simulator
            .pay(world.now, &session, GOOD)
            .unwrap()
            .status,
        PayStatus::Paid
    );
    let session = world
        .get(&format!("/v1/checkout/sessions/{session}"), "")
        .body;
    assert_eq!(session["payment_status"], "no_payment_required");
    assert_eq!(session["status"], "complete");
    let setup = session["setup_intent"].as_str().unwrap();
    let setup = world.get(&format!("/v1/setup_intents/{setup}"), "").body;
    assert_eq!(setup["status"], "succeeded");
    assert_eq!(setup["metadata"]["account"], "acc_1");
    let saved = world
        .get(
            "/v1/payment_methods",
            &format!("customer={customer}&type=card"),
        )
        .body;
    assert_eq!(saved["data"][0]["id"], setup["payment_method"]);
    assert_eq!(saved["data"][0]["card"]["last4"], "4242");
    assert!(
        world.simulator.book()["payments"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_setup_session_can_ask_for_3d_secure() {
    let world = World::new();
    let session = setup_session(&world, &world.customer("a@b.test"));
    let asked = world
        .simulator
        .pay(world.now, &session, "4000002500003155")
        .unwrap();
    assert_eq!(asked.status, PayStatus::AuthenticationRequired);
    let saved = world.simulator.authenticate(world.now, &session).unwrap();
    assert_eq!(saved.status, PayStatus::Paid);
}

#[test]
fn a_detached_card_can_no_longer_be_charged() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    let method = world.saved_card(&customer, GOOD);
    let detach = format!("/v1/payment_methods/{method}/detach");
    assert_eq!(world.post(&detach, "").status, 200);
    assert_eq!(world.post(&detach, "").status, 400);
    let params = super::charge_params(&customer, &method, 5_000);
    assert_eq!(world.post("/v1/payment_intents", &params).status, 400);
}

#[test]
fn a_deleted_customer_is_gone_with_name_and_cards() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    world.saved_card(&customer, GOOD);
    let deleted = world.send(
        http::Method::DELETE,
        &format!("/v1/customers/{customer}"),
        None,
        "",
    );
    assert_eq!(super::answer(deleted).body["deleted"], true);
    assert!(
        !world.simulator.book()["customers"]
            .to_string()
            .contains("a@b.test")
    );
    assert_eq!(world.simulator.set_card_behaviour("a@b.test", "ok"), 0);
    let created = world.post("/v1/checkout/sessions", &super::session_params(&customer));
    assert_eq!(created.status, 400);
}
