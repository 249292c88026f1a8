//! Replies under a key.

use super::{GOOD, World, charge_params};

const DAY: i64 = 24 * 3600;

#[test]
fn the_same_key_gives_the_same_bytes_and_one_effect() {
    let mut world = World::new();
    let first = world.response("/v1/customers", Some("k1"), "email=a@b.test");
    world.wait(DAY - 1);
    let again = world.response("/v1/customers", Some("k1"), "email=a@b.test");
    assert_eq!(first.body(), again.body());
    assert_eq!(first.status(), again.status());
    assert!(first.headers().get("idempotent-replayed").is_none());
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(
        again.headers()["original-request"],
        first.headers()["request-id"]
    );
    assert_eq!(
        world.simulator.book()["customers"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn another_order_of_parameters_is_the_same_request() {
    let world = World::new();
    let first = world.response("/v1/customers", Some("k1"), "email=a@b.test&name=A");
    let again = world.response("/v1/customers", Some("k1"), "name=A&email=a@b.test");
    assert_eq!(first.body(), again.body());
}

#[test]
fn a_key_belongs_to_one_set_of_parameters_and_one_endpoint() {
    let world = World::new();
    world.response("/v1/customers", Some("k1"), "email=a@b.test");
    for (path, params) in [
        ("/v1/customers", "email=c@d.test"),
        ("/v1/refunds", "email=a@b.test"),
    ] {
        let refused = world.response(path, Some("k1"), params);
        assert_eq!(refused.status(), 400);
        let body: serde_json::Value = serde_json::from_slice(refused.body()).unwrap();
        assert_eq!(body["error"]["type"], "idempotency_error");
    }
}

#[test]
fn after_24_hours_a_key_executes_anew() {
    let mut world = World::new();
    let first = world.response("/v1/customers", Some("k1"), "email=a@b.test");
    world.wait(DAY);
    let other = world.response("/v1/customers", Some("k1"), "email=a@b.test");
    assert_ne!(first.body(), other.body());
    assert!(other.headers().get("idempotent-replayed").is_none());
}

#[test]
fn refused_parameters_leave_the_key_free() {
    let world = World::new();
    assert_eq!(
        world
            .response("/v1/customers", Some("k1"), "oops=1")
            .status(),
        400
    );
    assert_eq!(
        world
            .response("/v1/customers", Some("k1"), "email=a@b.test")
            .status(),
        200
    );
}

#[test]
fn a_decline_is_kept_under_its_key_even_when_the_card_recovers() {
    let world = World::new();
    let customer = world.customer("a@b.test");
    let method = world.saved_card(&customer, GOOD);
    assert_eq!(
        world
            .simulator
            .set_card_behaviour("a@b.test", "insufficient_funds"),
        1
    );
    let params = charge_params(&customer, &method, 5_000);
    let first = world.response("/v1/payment_intents", Some("pay_1:1"), &params);
    assert_eq!(first.status(), 402);
    assert_eq!(world.simulator.set_card_behaviour("a@b.test", "ok"), 1);
    let again = world.response("/v1/payment_intents", Some("pay_1:1"), &params);
    assert_eq!(
        (first.status(), first.body()),
        (again.status(), again.body())
    );
    assert_eq!(
        world
            .response("/v1/payment_intents", Some("pay_1:2"), &params)
            .status(),
        200
    );
}

#[test]
fn an_overlong_or_empty_key_is_refused() {
    let world = World::new();
    for key in ["", &"k".repeat(256)] {
        assert_eq!(world.response("/v1/customers", Some(key), "").status(), 400);
    }
    assert_eq!(
        world
            .response("/v1/customers", Some(&"k".repeat(255)), "")
            .status(),
        200
    );
}
