//! The hosted page and its sessions.

use serde_json::{Value, json};

use super::{GOOD, World, session_params};
use crate::{PayError, PayStatus, SessionStatus};

fn session(world: &World, id: &str) -> Value {
    world.get(&format!("/v1/checkout/sessions/{id}"), "").body
}

#[test]
fn a_new_session_is_open_and_has_no_intent() {
    let world = World::new();
    let id = world.session(&world.customer("a@b.test"));
    let session = session(&world, &id);
    assert_eq!(session["status"], "open");
    assert_eq!(session["payment_status"], "unpaid");
    assert_eq!(session["payment_intent"], Value::Null);
    assert_eq!(session["amount_total"], 129_900);
    assert_eq!(session["currency"], "eur");
    assert_eq!(
        session["url"],
        format!("http://127.0.0.1:3000/_local/checkout/{id}")
    );
    assert_eq!(session["customer_details"]["email"], "a@b.test");
}

#[test]
fn a_decline_then_a_good_card_captures_once_with_one_intent() {
    let world = World::new();
    let id = world.session(&world.customer("a@b.test"));
    let declined = world
        .simulator
        .pay(world.now, &id, "4000 0000 0000 9995")
        .unwrap();
    assert_eq!(declined.status, PayStatus::Declined);
    assert_eq!(declined.decline_code.as_deref(), Some("insufficient_funds"));
    let open = session(&world, &id);
    assert_eq!(open["status"], "open");
    assert_eq!(world.payment(0)["status"], "failed");
    assert_eq!(world.payment(0)["declineCode"], "insufficient_funds");

    let paid = world.simulator.pay(world.now, &id, GOOD).unwrap();
    assert_eq!(
        serde_json::to_value(paid).unwrap(),
        json!({ "status": "paid" })
    );
    let complete = session(&world, &id);
    assert_eq!(complete["payment_intent"], open["payment_intent"]);
    assert_eq!(
        (&complete["status"], &complete["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    assert_eq!(complete["url"], Value::Null);
    let intent = complete["payment_intent"].as_str().unwrap();
    let intent = world.get(&format!("/v1/payment_intents/{intent}"), "").body;
    assert_eq!(intent["status"], "succeeded");
    assert_eq!(intent["amount_received"], 129_900);
    assert_eq!(intent["last_payment_error"], Value::Null);
    assert_eq!(
        world.simulator.book()["payments"].as_array().unwrap().len(),
        1
    );
    assert_eq!(
        world.simulator.pay(world.now, &id, GOOD),
        Err(PayError::NotOpen)
    );
    assert_eq!(
        world.events(),
        [
            "customer.created",
            "payment_intent.created",
            "payment_intent.payment_failed",
            "payment_intent.succeeded",
            "checkout.session.completed",
        ]
    );
}

#[test]
fn the_sessions_metadata_stays_off_the_intent() {
    let world = World::new();
    let id = world.session(&world.customer("a@b.test"));
    world.simulator.pay(world.now, &id, GOOD).unwrap();
    assert_eq!(
        session(&world, &id)["metadata"],
        json!({ "order": "ord_1" })
    );
    assert_eq!(world.payment(0)["metadata"], json!({ "payment": "pay_1" }));
}

#[test]
fn a_card_can_ask_for_3d_secure_and_pass_it() {
    let world = World::new();
    let id = world.session(&world.customer("a@b.test"));
    assert_eq!(
        world.simulator.authenticate(world.now, &id),
        Err(PayError::NothingToAuthenticate)
    );
    let asked = world
        .simulator
        .pay(world.now, &id, "4000002500003155")
        .unwrap();
    assert_eq!(asked.status, PayStatus::AuthenticationRequired);
    assert_eq!(world.payment(0)["status"], "requires_action");
    assert!(
        world
            .simulator
            .checkout(world.now, &id)
            .unwrap()
            .awaits_authentication
    );
    let paid = world.simulator.authenticate(world.now, &id).unwrap();
    assert_eq!(paid.status, PayStatus::Paid);
    assert_eq!(world.payment(0)["status"], "succeeded");
}

#[test]
fn failed_3d_secure_leaves_the_session_open_for_another_card() {
    let world = World::new();
    let id = world.session(&world.customer("a@b.test"));
    world
        .simulator
        .pay(world.now, &id, "4000000000003220")
        .unwrap();
    let failed = world.simulator.fail_authentication(world.now, &id).unwrap();
    assert_eq!(failed.status, PayStatus::Declined);
    assert_eq!(world.payment(0)["charges"], 0);
    assert_eq!(
        world.simulator.authenticate(world.now, &id),
        Err(PayError::NothingToAuthenticate)
    );
    assert_eq!(
        world.simulator.pay(world.now, &id, GOOD).unwrap().status,
        PayStatus::Paid
    );
}

#[test]
fn a_buyer_who_abandons_3d_secure_may_use_another_card() {
    let world = World::new();
    let id = world.session(&world.customer("a@b.test"));
    world
        .simulator
        .pay(world.now, &id, "4000002760003184")
        .unwrap();
    assert_eq!(
        world.simulator.pay(world.now, &id, GOOD).unwrap().status,
        PayStatus::Paid
    );
    assert_eq!(world.payment(0)["amountCaptured"], 129_900);
}

#[test]
fn every_declining_card_tells_its_reason() {
    for (number, reason) in [
        ("4000000000000002", "generic_decline"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000009987", "lost_card"),
        ("4000000000009979", "stolen_card"),
        ("4000000000000069", "expired_card"),
        ("4000000000000127", "incorrect_cvc"),
        ("4000000000000119", "processing_error"),
    ] {
        let world = World::new();
        let id = world.session(&world.customer("a@b.test"));
        let outcome = world.simulator.pay(world.now, &id, number).unwrap();
        assert_eq!(outcome.decline_code.as_deref(), Some(reason));
        assert_eq!(world.payment(0)["declineCode"], reason);
    }
}

#[test]
fn a_mistyped_number_is_no_attempt() {
    let world = World::new();
    let id = world.session(&world.customer("a@b.test"));
    assert_eq!(
        world.simulator.pay(world.now, &id, "4242424242424241"),
        Err(PayError::InvalidNumber)
    );
    assert_eq!(
        world.simulator.pay(world.now, &id, "4111111111111111"),
        Err(PayError::UnknownCard)
    );
    assert_eq!(
        world.simulator.pay(world.now, "cs_test_none", GOOD),
        Err(PayError::UnknownSession)
    );
    assert!(
        world.simulator.book()["payments"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_session_expires_at_its_time_and_tells_so() {
    let mut world = World::new();
    let customer = world.customer("a@b.test");
    let end = world.now.as_second() + 3600;
    let params = format!("{}&expires_at={end}", session_params(&customer));
    let id = super::id(&world.post("/v1/checkout/sessions", &params));
    world
        .simulator
        .pay(world.now, &id, "4000000000000002")
        .unwrap();
    let delivered: Vec<_> = world.simulator.due_deliveries(world.now);
    delivered
        .iter()
        .for_each(|delivery| world.simulator.delivered(&delivery.id, 200));
    assert_eq!(world.simulator.next_due().unwrap().as_second(), end);

    world.wait(3599);
    world.simulator.tick(world.now);
    assert_eq!(session(&world, &id)["status"], "open");
    world.wait(100);
    world.simulator.tick(world.now);
    assert_eq!(
        world.simulator.checkout(world.now, &id).unwrap().status,
        SessionStatus::Expired
    );
    assert_eq!(
        world.simulator.pay(world.now, &id, GOOD),
        Err(PayError::NotOpen)
    );
    assert_eq!(world.payment(0)["status"], "canceled");
    let told = world.simulator.due_deliveries(world.now);
    let event: Value = serde_json::from_slice(&told.last().unwrap().body).unwrap();
    assert_eq!(event["type"], "checkout.session.expired");
    assert_eq!(event["created"], end);
    assert_eq!(event["data"]["object"]["status"], "expired");
}

#[test]
fn only_an_open_session_can_be_expired_by_request() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    let (open, paid) = (world.session(&customer), world.session(&customer));
    world.simulator.pay(world.now, &paid, GOOD).unwrap();
    let expire = |id: &str| world.post(&format!("/v1/checkout/sessions/{id}/expire"), "");
    assert_eq!(expire(&open).body["status"], "expired");
    assert_eq!(expire(&open).status, 400);
    assert_eq!(expire(&paid).status, 400);
    assert_eq!(
        world.simulator.pay(world.now, &open, GOOD),
        Err(PayError::NotOpen)
    );
}

#[test]
fn a_session_lives_between_30_minutes_and_24_hours() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    for (lifetime, status) in [(1799, 400), (1800, 200), (86_400, 200), (86_401, 400)] {
        let end = world.now.as_second() + lifetime;
        let params = format!("{}&expires_at={end}", session_params(&customer));
        assert_eq!(
            world.post("/v1/checkout/sessions", &params).status,
            status,
            "{lifetime}"
        );
    }
}

#[test]
fn a_sessions_lines_must_be_whole_and_of_one_currency() {
    let world = World::new();
    let params = session_params(&world.customer("a@b.test"));
    let second = "&line_items[1][price_data][currency]=usd\
                  &line_items[1][price_data][unit_amount]=100\
                  &line_items[1][price_data][product_data][name]=EDR";
    for extra in [
        second,
        "&line_items[0][quantity]=99999999999999999999",
        "&mode=subscription",
    ] {
        let refused = world.post("/v1/checkout/sessions", &format!("{params}{extra}"));
        assert_eq!(refused.status, 400, "{extra}");
    }
}

#[test]
fn the_page_shows_what_is_paid_for() {
    let world = World::new();
    let id = world.session(&world.customer("a@b.test"));
    let view = world.simulator.checkout(world.now, &id).unwrap();
    assert_eq!(
        (view.amount, view.currency.as_deref()),
        (129_900, Some("eur"))
    );
    assert_eq!(view.lines[0].name, "SOC Standard");
    assert_eq!(view.success_url, format!("https://shop.test/done?s={id}"));
    assert_eq!(view.cancel_url.as_deref(), Some("https://shop.test/cart"));
}

#[test]
fn a_page_offers_what_it_was_told_or_what_the_account_has_switched_on() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    let offered = |more: &str| {
        let params = format!("{}{more}", session_params(&customer));
        let opened = world.post("/v1/checkout/sessions", &params);
        assert_eq!(opened.status, 200, "{}", opened.body);
        let id = opened.body["id"].as_str().unwrap();
        world.simulator.checkout(world.now, id).unwrap().methods
    };
    assert_eq!(offered("&payment_method_types[0]=card"), ["card"]);
    assert_eq!(offered(""), ["card", "sepa_debit"]);
    for wrong in ["[0]=cash", "[1]=card", "=card"] {
        let params = session_params(&customer) + "&payment_method_types" + wrong;
        let refused = world.post("/v1/checkout/sessions", &params);
        assert_eq!(refused.status, 400, "{wrong}");
    }
}

#[test]
fn the_intent_of_an_open_session_ends_with_its_session_only() {
    let world = World::new();
    let id = world.session(&world.customer("a@b.test"));
    world
        .simulator
        .pay(world.now, &id, "4000000000000002")
        .unwrap();
    let intent = world.payment(0)["id"].as_str().unwrap().to_owned();
    let refused = world.post(&format!("/v1/payment_intents/{intent}/cancel"), "");
    assert_eq!(
        refused.body["error"]["code"],
        "payment_intent_unexpected_state"
    );
}

#[test]
fn a_session_is_over_at_the_very_second_it_expires() {
    let mut world = World::new();
    let id = world.session(&world.customer("a@b.test"));
    world.wait(86_400);
    assert_eq!(
        world.simulator.pay(world.now, &id, GOOD),
        Err(PayError::NotOpen)
    );
}

#[test]
fn nothing_more_is_due_once_a_session_is_paid_and_told_of() {
    let world = World::new();
    world.saved_card(&world.customer("a@b.test"), GOOD);
    for delivery in world.simulator.due_deliveries(world.now) {
        world.simulator.delivered(&delivery.id, 200);
    }
    assert_eq!(world.simulator.next_due(), None);
}
