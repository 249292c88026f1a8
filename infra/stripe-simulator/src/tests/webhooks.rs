//! Events on their way.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::{GOOD, SECRET, World};
use crate::WebhookFaults;

/// What a receiver does: recompute the digest over the raw bytes.
fn verifies(secret: &str, header: &str, body: &[u8]) -> bool {
    let (time, digest) = header
        .strip_prefix("t=")
        .unwrap()
        .split_once(",v1=")
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    digest
        .split(",v1=")
        .any(|one| one == hex::encode(mac.clone().finalize().into_bytes()))
}

#[test]
fn every_delivery_is_signed_over_its_raw_bytes() {
    let world = World::new();
    world.saved_card(&world.customer("a@b.test"), GOOD);
    let sent = world.simulator.due_deliveries(world.now);
    assert_eq!(sent.len(), 4);
    for delivery in sent {
        assert!(verifies(SECRET, &delivery.signature_header, &delivery.body));
        assert!(!verifies(
            "whsec_other",
            &delivery.signature_header,
            &delivery.body
        ));
        let event: Value = serde_json::from_slice(&delivery.body).unwrap();
        assert_eq!(event["id"], delivery.event_id);
        assert_eq!(event["object"], "event");
        assert_eq!(event["livemode"], false);
        assert_eq!(event["api_version"], "2025-09-30.clover");
    }
}

#[test]
fn a_rolled_secret_signs_beside_the_old_one() {
    let world = World::new();
    world
        .simulator
        .set_webhook_secrets(vec!["whsec_new".into(), SECRET.into()]);
    let header = world.simulator.sign(world.now, b"{}");
    assert!(verifies("whsec_new", &header, b"{}"));
    assert!(verifies(SECRET, &header, b"{}"));
}

#[test]
fn an_event_names_the_request_that_caused_it() {
    let world = World::new();
    let response = world.response("/v1/customers", Some("k1"), "email=a@b.test");
    let sent = world.simulator.due_deliveries(world.now);
    let event: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(event["request"]["idempotency_key"], "k1");
    assert_eq!(
        event["request"]["id"],
        response.headers()["request-id"].to_str().unwrap()
    );
}

#[test]
fn an_event_is_a_snapshot() {
    let world = World::new();
    world.saved_card(&world.customer("a@b.test"), GOOD);
    let sent = world.simulator.due_deliveries(world.now);
    let created: Value = serde_json::from_slice(&sent[1].body).unwrap();
    assert_eq!(created["type"], "payment_intent.created");
    assert_eq!(
        created["data"]["object"]["status"],
        "requires_payment_method"
    );
    let stored = world
        .get(&format!("/v1/events/{}", sent[1].event_id), "")
        .body;
    assert_eq!(stored, created);
}

#[test]
fn a_refused_delivery_is_tried_again_for_three_days_and_no_longer() {
    let mut world = World::new();
    world.customer("a@b.test");
    let start = world.now;
    let mut offsets = Vec::new();
    while let Some(due) = world.simulator.next_due() {
        world.now = due;
        let sent = world.simulator.due_deliveries(world.now);
        assert_eq!(sent.len(), 1);
        world.simulator.delivered(&sent[0].id, 500);
        offsets.push((due.as_second() - start.as_second()) / 60);
        assert!(offsets.len() < 20, "tries for ever: {offsets:?}");
    }
    assert_eq!(offsets, [0, 5, 35, 155, 455, 1055, 1775, 2495, 3215, 3935]);
}

#[test]
fn an_accepted_delivery_is_not_repeated() {
    let mut world = World::new();
    world.customer("a@b.test");
    let sent = world.simulator.due_deliveries(world.now);
    assert!(world.simulator.due_deliveries(world.now).is_empty());
    world.simulator.delivered(&sent[0].id, 503);
    world.wait(300);
    let again = world.simulator.due_deliveries(world.now);
    assert_eq!(again[0].body, sent[0].body);
    assert_ne!(again[0].signature_header, sent[0].signature_header);
    world.simulator.delivered(&again[0].id, 204);
    assert_eq!(world.simulator.next_due(), None);
    let deliveries = &world.simulator.book()["events"][0]["deliveries"];
    assert_eq!(deliveries[0]["attempts"][0]["status"], 503);
    assert_eq!(deliveries[0]["attempts"][1]["status"], 204);
}

#[test]
fn a_delivery_never_reported_is_tried_again() {
    let mut world = World::new();
    world.customer("a@b.test");
    assert_eq!(world.simulator.due_deliveries(world.now).len(), 1);
    world.wait(300);
    assert_eq!(world.simulator.due_deliveries(world.now).len(), 1);
}

#[test]
fn a_past_event_is_sent_again_signed_afresh() {
    let mut world = World::new();
    world.customer("a@b.test");
    let first = world.simulator.due_deliveries(world.now).remove(0);
    world.simulator.delivered(&first.id, 200);
    world.simulator.set_webhook_faults(
        WebhookFaults {
            drop: 1000,
            ..Default::default()
        },
        1,
    );
    world.wait(40 * 24 * 3600);
    assert!(world.simulator.redeliver(world.now, &first.event_id));
    let again = world.simulator.due_deliveries(world.now).remove(0);
    assert_eq!(again.body, first.body);
    assert!(
        again
            .signature_header
            .starts_with(&format!("t={},", world.now.as_second()))
    );
    assert!(verifies(SECRET, &again.signature_header, &again.body));
    assert!(!world.simulator.redeliver(world.now, "evt_none"));
}

#[test]
fn duplicates_carry_the_same_event_twice() {
    let world = World::new();
    world.simulator.set_webhook_faults(
        WebhookFaults {
            duplicate: 1000,
            ..Default::default()
        },
        1,
    );
    world.customer("a@b.test");
    let sent = world.simulator.due_deliveries(world.now);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
    assert_ne!(sent[0].id, sent[1].id);
}

#[test]
fn a_blackout_delivers_nothing_until_it_ends() {
    let mut world = World::new();
    world.simulator.set_webhook_faults(
        WebhookFaults {
            drop: 1000,
            ..Default::default()
        },
        1,
    );
    world.customer("a@b.test");
    assert!(world.simulator.due_deliveries(world.now).is_empty());
    world
        .simulator
        .set_webhook_faults(WebhookFaults::default(), 0);
    world.wait(300);
    assert_eq!(world.simulator.due_deliveries(world.now).len(), 1);
}

#[test]
fn an_event_that_is_lost_never_comes() {
    let mut world = World::new();
    let faults = WebhookFaults {
        lose: 1000,
        ..Default::default()
    };
    world.simulator.set_webhook_faults(faults, 1);
    world.customer("a@b.test");
    assert!(world.simulator.due_deliveries(world.now).is_empty());
    world
        .simulator
        .set_webhook_faults(WebhookFaults::default(), 0);
    world.wait(30 * 24 * 3600);
    assert!(world.simulator.due_deliveries(world.now).is_empty());
}

#[test]
fn delays_stay_within_their_bound() {
    let mut world = World::new();
    let faults = WebhookFaults {
        delay_max_seconds: 600,
        ..Default::default()
    };
    world.simulator.set_webhook_faults(faults, 7);
    for n in 0..50 {
        world.customer(&format!("u{n}@b.test"));
    }
    let at_once = world.simulator.due_deliveries(world.now).len();
    assert!(at_once < 50, "nothing was delayed");
    world.wait(600);
    let seen: BTreeSet<_> = world
        .simulator
        .due_deliveries(world.now)
        .into_iter()
        .map(|one| one.event_id)
        .collect();
    assert!(at_once + seen.len() >= 50);
}

#[test]
fn webhook_faults_follow_their_seed() {
    let history = |seed| {
        let world = World::new();
        let faults = WebhookFaults {
            duplicate: 300,
            reorder: true,
            drop: 300,
            lose: 0,
            delay_max_seconds: 0,
        };
        world.simulator.set_webhook_faults(faults, seed);
        for n in 0..40 {
            world.customer(&format!("u{n}@b.test"));
        }
        world.simulator.due_deliveries(world.now)
    };
    assert_eq!(history(1), history(1));
    assert_ne!(history(1), history(2));
    assert!(
        !history(1).is_sorted_by_key(|one| one.event_id.clone()),
        "order was kept"
    );
}
