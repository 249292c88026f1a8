//! Charging a saved card without its holder.

use serde_json::{Value, json};

use super::{Answer, GOOD, World, charge_params};

fn charge(number: &str) -> (World, Answer) {
    let world = World::new();
    let customer = world.customer("a@b.test");
    let method = world.saved_card(&customer, number);
    let answer = world.post(
        "/v1/payment_intents",
        &charge_params(&customer, &method, 5_000),
    );
    (world, answer)
}

#[test]
fn a_good_card_pays_at_once() {
    let (world, answer) = charge(GOOD);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["status"], "succeeded");
    assert_eq!(answer.body["amount_received"], 5_000);
    assert_eq!(answer.body["metadata"], json!({ "attempt": "1" }));
    let charge = answer.body["latest_charge"].as_str().unwrap();
    let charge = world.get(&format!("/v1/charges/{charge}"), "").body;
    assert_eq!(charge["payment_intent"], answer.body["id"]);
    assert_eq!(charge["paid"], true);
}

#[test]
fn a_decline_answers_402_with_the_intent_inside() {
    let (world, answer) = charge("4000000000000341");
    assert_eq!(answer.status, 402);
    let error = &answer.body["error"];
    assert_eq!(error["type"], "card_error");
    assert_eq!(error["code"], "card_declined");
    assert_eq!(error["decline_code"], "generic_decline");
    let intent = &error["payment_intent"];
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["amount_received"], 0);
    assert_eq!(
        intent["last_payment_error"]["decline_code"],
        "generic_decline"
    );
    assert_eq!(intent["latest_charge"], error["charge"]);
    assert_eq!(world.payment(1)["amountCaptured"], 0);
    let stored = world.get(
        &format!("/v1/payment_intents/{}", intent["id"].as_str().unwrap()),
        "",
    );
    assert_eq!(stored.body, *intent);
}

#[test]
fn a_card_set_up_with_3d_secure_pays_unless_it_always_asks() {
    assert_eq!(charge("4000002500003155").1.status, 200);
    let (_, asked) = charge("4000002760003184");
    assert_eq!(asked.status, 402);
    assert_eq!(asked.body["error"]["code"], "authentication_required");
    assert_eq!(
        asked.body["error"]["payment_intent"]["status"],
        "requires_payment_method"
    );
}

#[test]
fn saved_cards_can_be_told_how_to_behave() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    let method = world.saved_card(&customer, GOOD);
    let params = charge_params(&customer, &method, 5_000);
    for (behave, code, decline_code) in [
        (
            "insufficient_funds",
            "card_declined",
            json!("insufficient_funds"),
        ),
        ("stolen_card", "card_declined", json!("stolen_card")),
        ("do_not_honor", "card_declined", json!("do_not_honor")),
        (
            "authentication_required",
            "authentication_required",
            json!("authentication_required"),
        ),
        ("expired_card", "expired_card", Value::Null),
    ] {
        assert_eq!(world.simulator.set_card_behaviour("A@b.test", behave), 1);
        let answer = world.post("/v1/payment_intents", &params);
        assert_eq!(answer.status, 402);
        assert_eq!(answer.body["error"]["code"], code);
        assert_eq!(answer.body["error"]["decline_code"], decline_code);
    }
    assert_eq!(world.simulator.set_card_behaviour("a@b.test", "ok"), 1);
    assert_eq!(world.post("/v1/payment_intents", &params).status, 200);
    assert_eq!(world.simulator.set_card_behaviour("nobody@b.test", "ok"), 0);
}

#[test]
fn a_card_is_charged_for_its_own_customer_only() {
    let world = World::new();
    let (one, other) = (world.customer("a@b.test"), world.customer("c@d.test"));
    let method = world.saved_card(&one, GOOD);
    let refused = world.post(
        "/v1/payment_intents",
        &charge_params(&other, &method, 5_000),
    );
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["error"]["param"], "payment_method");
}

#[test]
fn amounts_outside_the_providers_bounds_are_refused() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    let method = world.saved_card(&customer, GOOD);
    let charge = |amount| {
        world.post(
            "/v1/payment_intents",
            &charge_params(&customer, &method, amount),
        )
    };
    assert_eq!(charge(49).body["error"]["code"], "amount_too_small");
    assert_eq!(
        charge(100_000_000).body["error"]["code"],
        "amount_too_large"
    );
    assert_eq!(charge(50).status, 200);
}

#[test]
fn an_intent_can_be_canceled_until_it_has_captured() {
    let (world, declined) = charge("4000000000000341");
    let declined = declined.body["error"]["payment_intent"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let cancel = |id: &str| {
        let params = "cancellation_reason=abandoned";
        world.post(&format!("/v1/payment_intents/{id}/cancel"), params)
    };
    assert_eq!(cancel(&declined).body["status"], "canceled");
    assert_eq!(cancel(&declined).status, 400);
    assert_eq!(cancel(world.payment(0)["id"].as_str().unwrap()).status, 400);
    assert_eq!(cancel("pi_none").status, 404);
}

#[test]
fn a_declined_intent_can_be_confirmed_again_and_captures_once() {
    let (world, declined) = charge("4000000000000341");
    let customer = declined.body["error"]["payment_intent"]["customer"]
        .as_str()
        .unwrap();
    let id = declined.body["error"]["payment_intent"]["id"]
        .as_str()
        .unwrap();
    let method = world.saved_card(customer, GOOD);
    let confirm = || {
        let params = format!("payment_method={method}&off_session=true");
        world.post(&format!("/v1/payment_intents/{id}/confirm"), &params)
    };
    assert_eq!(confirm().body["status"], "succeeded");
    assert_eq!(confirm().status, 400);
    assert_eq!(world.payment(1)["charges"], 2);
    assert_eq!(world.payment(1)["amountCaptured"], 5_000);
}
