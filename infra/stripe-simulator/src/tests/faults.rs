//! API requests in bad weather.

use http::Method;

use super::{GOOD, World, charge_params};
use crate::{ApiFaults, Reply};

const ALWAYS: u16 = 1000;

/// A world with a saved card, and the parameters that charge it.
fn ready() -> (World, String) {
    let world = World::new();
    let customer = world.customer("a@b.test");
    let method = world.saved_card(&customer, GOOD);
    let params = charge_params(&customer, &method, 5_000);
    (world, params)
}

fn captures(world: &World) -> usize {
    let book = world.simulator.book();
    let payments = book["payments"].as_array().unwrap();
    payments
        .iter()
        .filter(|payment| payment["amountCaptured"] == 5_000)
        .count()
}

fn charge(world: &World, params: &str) -> Reply {
    world.send(Method::POST, "/v1/payment_intents", Some("pay_1:1"), params)
}

fn status(reply: &Reply) -> Option<u16> {
    match reply {
        Reply::Answer(response) => Some(response.status().as_u16()),
        Reply::Lost | Reply::Refused => None,
    }
}

/// One fault at a time: what the caller sees, whether the charge was applied,
/// and what a retry under the same key answers in good weather.
fn check(faults: ApiFaults, seen: Option<u16>, applied: bool, retried: u16) {
    let (world, params) = ready();
    world.simulator.set_api_faults(faults, 1);
    assert_eq!(status(&charge(&world, &params)), seen, "{faults:?}");
    assert_eq!(captures(&world), usize::from(applied), "{faults:?}");
    world.simulator.set_api_faults(ApiFaults::default(), 0);
    assert_eq!(
        status(&charge(&world, &params)),
        Some(retried),
        "{faults:?}"
    );
    let captured = applied || retried == 200;
    assert_eq!(captures(&world), usize::from(captured), "{faults:?}");
}

#[test]
fn requests_that_never_began_are_not_applied_and_a_retry_captures_once() {
    let none = ApiFaults::default();
    check(
        ApiFaults {
            refused: ALWAYS,
            ..none
        },
        None,
        false,
        200,
    );
    check(
        ApiFaults {
            request_lost: ALWAYS,
            ..none
        },
        None,
        false,
        200,
    );
    check(
        ApiFaults {
            rate_limited: ALWAYS,
            ..none
        },
        Some(429),
        false,
        200,
    );
    check(
        ApiFaults {
            key_in_use: ALWAYS,
            ..none
        },
        Some(409),
        false,
        200,
    );
}

#[test]
fn replies_damaged_on_the_way_are_replayed_whole_without_a_second_capture() {
    let none = ApiFaults::default();
    check(
        ApiFaults {
            reply_lost: ALWAYS,
            ..none
        },
        None,
        true,
        200,
    );
    check(
        ApiFaults {
            malformed: ALWAYS,
            ..none
        },
        Some(200),
        true,
        200,
    );
    check(
        ApiFaults {
            error_in_ok: ALWAYS,
            ..none
        },
        Some(200),
        true,
        200,
    );
}

#[test]
fn a_server_error_is_replayed_whether_or_not_it_was_applied() {
    let none = ApiFaults::default();
    check(
        ApiFaults {
            server_error: ALWAYS,
            ..none
        },
        Some(500),
        false,
        500,
    );
    check(
        ApiFaults {
            server_error_applied: ALWAYS,
            ..none
        },
        Some(500),
        true,
        500,
    );
}

#[test]
fn a_malformed_reply_is_no_json_and_an_error_in_ok_is_no_intent() {
    let (world, params) = ready();
    world.simulator.set_api_faults(
        ApiFaults {
            malformed: ALWAYS,
            ..Default::default()
        },
        1,
    );
    let Reply::Answer(response) = charge(&world, &params) else {
        panic!("no answer")
    };
    assert!(serde_json::from_slice::<serde_json::Value>(response.body()).is_err());
    world.simulator.set_api_faults(
        ApiFaults {
            error_in_ok: ALWAYS,
            ..Default::default()
        },
        1,
    );
    let wrong = super::answer(charge(&world, &params));
    assert_eq!(
        (wrong.status, &wrong.body["error"]["type"]),
        (200, &"api_error".into())
    );
}

#[test]
fn a_refused_parameter_is_told_even_by_a_failing_provider() {
    let (world, _) = ready();
    let faults = ApiFaults {
        server_error_applied: ALWAYS,
        ..Default::default()
    };
    world.simulator.set_api_faults(faults, 1);
    assert_eq!(status(&charge(&world, "amount=1")), Some(400));
}

#[test]
fn api_faults_follow_their_seed_and_their_share() {
    let faults = ApiFaults {
        rate_limited: 200,
        reply_lost: 100,
        ..Default::default()
    };
    let history = |seed| {
        let world = World::new();
        world.simulator.set_api_faults(faults, seed);
        let ask = |_| status(&world.send(Method::GET, "/v1/customers", None, ""));
        (0..1000).map(ask).collect::<Vec<_>>()
    };
    assert_eq!(history(5), history(5));
    assert_ne!(history(5), history(6));
    let limited = history(5)
        .iter()
        .filter(|status| **status == Some(429))
        .count();
    let lost = history(5).iter().filter(|status| status.is_none()).count();
    assert!((150..250).contains(&limited), "{limited}");
    assert!((60..140).contains(&lost), "{lost}");
}
