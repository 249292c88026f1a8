//! What must hold after any acts in any order.

use http::Method;
use proptest::prelude::*;
use serde_json::Value;

use super::{GOOD, World, charge_params, session_params};
use crate::ApiFaults;

const CARDS: [&str; 8] = [
    GOOD,
    "5555555555554444",
    "4000000000000002",
    "4000000000009995",
    "4000000000000341",
    "4000002500003155",
    "4000002760003184",
    "4000000000000259",
];

/// One act; the numbers choose among what exists at that moment.
#[derive(Debug, Clone)]
enum Step {
    Session,
    Pay {
        session: usize,
        card: usize,
    },
    Authenticate {
        session: usize,
        passes: bool,
    },
    Expire {
        session: usize,
    },
    Charge {
        method: usize,
        amount: u64,
        key: u8,
    },
    Confirm {
        intent: usize,
    },
    Cancel {
        intent: usize,
    },
    Refund {
        intent: usize,
        amount: Option<u64>,
        key: u8,
    },
    Wait {
        seconds: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0..16_usize;
    prop_oneof![
        Just(Step::Session),
        (one.clone(), 0..CARDS.len()).prop_map(|(session, card)| Step::Pay { session, card }),
        (one.clone(), any::<bool>())
            .prop_map(|(session, passes)| Step::Authenticate { session, passes }),
        one.clone().prop_map(|session| Step::Expire { session }),
        (one.clone(), 40..5_000_u64, 0..6_u8).prop_map(|(method, amount, key)| Step::Charge {
            method,
            amount,
            key
        }),
        one.clone().prop_map(|intent| Step::Confirm { intent }),
        one.clone().prop_map(|intent| Step::Cancel { intent }),
        (one, proptest::option::of(0..140_000_u64), 0..6_u8).prop_map(|(intent, amount, key)| {
            Step::Refund {
                intent,
                amount,
                key,
            }
        }),
        (0..90_000_i64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// The id of the chosen row of a part of the book.
fn pick(book: &Value, part: &str, choice: usize) -> Option<String> {
    let rows = book[part].as_array().unwrap();
    let row = rows.get(choice.checked_rem(rows.len())?)?;
    row["id"].as_str().map(str::to_owned)
}

/// The outcome does not matter here: the book is what is judged.
fn authenticate(world: &World, session: &str, passes: bool) {
    drop(if passes {
        world.simulator.authenticate(world.now, session)
    } else {
        world.simulator.fail_authentication(world.now, session)
    });
}

fn act(world: &mut World, customer: &str, step: &Step) -> Option<()> {
    let book = world.simulator.book();
    let simulator = world.simulator.clone();
    let post = |path: &str, key: Option<String>, params: &str| {
        drop(world.send(Method::POST, path, key.as_deref(), params));
    };
    match step {
        Step::Session => post("/v1/checkout/sessions", None, &session_params(customer)),
        Step::Pay { session, card } => {
            drop(simulator.pay(world.now, &pick(&book, "sessions", *session)?, CARDS[*card]));
        }
        Step::Authenticate { session, passes } => {
            let session = pick(&book, "sessions", *session)?;
            authenticate(world, &session, *passes);
        }
        Step::Expire { session } => {
            let session = pick(&book, "sessions", *session)?;
            post(&format!("/v1/checkout/sessions/{session}/expire"), None, "");
        }
        Step::Charge {
            method,
            amount,
            key,
        } => {
            let method = pick(&book, "cards", *method)?;
            let params = charge_params(customer, &method, *amount);
            post(
                "/v1/payment_intents",
                Some(format!("charge:{key}")),
                &params,
            );
        }
        Step::Confirm { intent } => {
            let intent = pick(&book, "payments", *intent)?;
            let params = pick(&book, "cards", 0).map(|card| format!("payment_method={card}"));
            post(
                &format!("/v1/payment_intents/{intent}/confirm"),
                None,
                &params?,
            );
        }
        Step::Cancel { intent } => {
            let intent = pick(&book, "payments", *intent)?;
            post(&format!("/v1/payment_intents/{intent}/cancel"), None, "");
        }
        Step::Refund {
            intent,
            amount,
            key,
        } => {
            let intent = pick(&book, "payments", *intent)?;
            let amount = amount
                .map(|amount| format!("&amount={amount}"))
                .unwrap_or_default();
            let params = format!("payment_intent={intent}{amount}");
            post("/v1/refunds", Some(format!("refund:{key}")), &params);
        }
        Step::Wait { seconds } => world.wait(*seconds),
    }
    Some(())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// Judges the book by what the events told, which is recorded elsewhere.
fn judge(world: &World) {
    let book = world.simulator.book();
    for payment in book["payments"].as_array().unwrap() {
        let captured = number(&payment["amountCaptured"]);
        let succeeded = payment["status"] == "succeeded";
        assert_eq!(
            captured,
            if succeeded {
                number(&payment["amount"])
            } else {
                0
            }
        );
        let refunds = book["refunds"].as_array().unwrap();
        let refunded: u64 = refunds
            .iter()
            .filter(|refund| refund["payment_intent"] == payment["id"])
            .map(|refund| number(&refund["amount"]))
            .sum();
        assert_eq!(refunded, number(&payment["refundedAmount"]));
        assert!(refunded <= captured, "{payment}");
    }
    for session in book["sessions"].as_array().unwrap() {
        let payments = book["payments"].as_array().unwrap();
        let own: Vec<_> = payments
            .iter()
            .filter(|payment| payment["session"] == session["id"])
            .collect();
        assert!(own.len() <= 1, "two intents for {session}");
        let paid = own.iter().any(|payment| payment["status"] == "succeeded");
        assert_eq!(session["status"] == "complete", paid, "{session}");
    }
}

/// Each intent is told to have succeeded at most once, and exactly if it has.
fn judge_events(world: &World) {
    let mut told: Vec<String> = Vec::new();
    for event in world.simulator.book()["events"].as_array().unwrap() {
        if event["type"] == "payment_intent.succeeded" {
            let id = event["id"].as_str().unwrap();
            let event = world.get(&format!("/v1/events/{id}"), "").body;
            told.push(event["data"]["object"]["id"].as_str().unwrap().to_owned());
        }
    }
    let book = world.simulator.book();
    let payments = book["payments"].as_array().unwrap();
    let mut succeeded: Vec<_> = payments
        .iter()
        .filter(|payment| payment["status"] == "succeeded")
        .map(|payment| payment["id"].as_str().unwrap().to_owned())
        .collect();
    told.sort();
    succeeded.sort();
    assert_eq!(told, succeeded);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_history_leaves_a_book_that_adds_up(steps in proptest::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        let customer = world.customer("a@b.test");
        world.saved_card(&customer, GOOD);
        for step in &steps {
            act(&mut world, &customer, step);
            judge(&world);
        }
        judge_events(&world);
    }

    #[test]
    fn the_same_history_gives_the_same_bytes(
        steps in proptest::collection::vec(step(), 1..40),
        seed in any::<u64>(),
    ) {
        let run = || {
            let mut world = World::new();
            let customer = world.customer("a@b.test");
            let faults = ApiFaults {
                reply_lost: 100, server_error: 50, server_error_applied: 50, malformed: 50,
                rate_limited: 100, ..Default::default()
            };
            world.simulator.set_api_faults(faults, seed);
            for step in &steps {
                act(&mut world, &customer, step);
            }
            judge(&world);
            world.simulator.dump().unwrap()
        };
        prop_assert_eq!(run(), run());
    }
}
