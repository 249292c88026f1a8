//! Events, kept webhooks, carts and moments that are not as they should be.

use super::good::history;
use super::history::{event, item, owned};
use super::makers::inbox;
use crate::Invariant::{
    AppendOnly, Audit, Claims, Conservation, Form, Outbox, PaidIffCaptured, Time,
};
use serde_json::json;

const LATER: &str = "2026-03-02T11:00:00Z";

#[test]
fn types_and_events_nobody_knows() {
    let new = owned("voucher", "VOUCHER#1", (1, 99), json!({}));
    history()
        .then("new", LATER, vec![new])
        .breaks(Form, "unknown type \"voucher\"");
    let new = event("evt_99", 99, LATER, "coupon_redeemed", json!({}));
    history()
        .then("new", LATER, vec![new])
        .breaks(Form, "unknown event \"coupon_redeemed\"");
    history()
        .with("placed", "order", "/v", json!(2))
        .breaks(Form, "schema version");
    history()
        .with("registered", "member", "/since", json!(null))
        .breaks(Form, "lacks since");
    let mut reader = history().auditor();
    reader.commit(&crate::Commit {
        at: LATER.parse().unwrap(),
        by: "get_order".to_owned(),
        changes: vec![crate::Change {
            pk: "ACCOUNT#acc_1".to_owned(),
            sk: "CART".to_owned(),
            after: Some(json!({"pk": {"S": "ACCOUNT#acc_1"}, "n": {"N": "1.5"}})),
        }],
    });
    assert_eq!(reader.take().first().map(|it| it.invariant), Some(Form));
}

#[test]
fn an_act_written_in_parts() {
    let mut part = history().next("ACCOUNT#acc_1 PROFILE", 99);
    part["act"] = history().last("ORDER#ord_1")["act"].clone();
    history()
        .then("part", LATER, vec![part])
        .breaks(Claims, "its act wrote before, in parts");
    history()
        .with("paid", "order", "/act", json!(format!("act_{:032x}", 77)))
        .breaks(Claims, "2 acts in one commit");
}

#[test]
fn changes_without_their_event() {
    for act in [
        "placed",
        "opened",
        "canceled",
        "declined",
        "retried",
        "recovered",
        "verified",
    ] {
        history().without(act, "event").breaks(Audit, "tells it");
    }
}

#[test]
fn events_without_their_change() {
    for (act, place) in [
        ("placed", "ORDER#ord_1"),
        ("canceled", "ORDER#ord_3"),
        ("numbered", "INVOICE#inv_1"),
        ("retried", "PAYMENT#pay_2"),
        ("verified", "USER#usr_1 PROFILE"),
        ("refunded", "PAYMENT#pay_3"),
    ] {
        history()
            .without(act, place)
            .breaks(Outbox, "which did not happen with it");
    }
}

#[test]
fn events_change_in_nothing_but_their_delivery() {
    history()
        .with("receipt", "event", "/paid", json!(false))
        .breaks(AppendOnly, "paid changed");
    let mut again = history().next("EVENT#evt_05", 9);
    again["deliver_at"] = json!("2026-03-02T11:05:00Z");
    history()
        .then("again", LATER, vec![again])
        .breaks(AppendOnly, "waits again for its delivery");
}

#[test]
fn what_was_put_aside_changed_nothing_else() {
    history()
        .with(
            "paid",
            "provider_event",
            "/state",
            json!({"inbox": "quarantined", "reason": "mismatch"}),
        )
        .breaks(Conservation, "was put aside and changed 8 items");
    let kept = |at: &str| {
        let mut it = item(
            "provider_event",
            ("PROVIDER#stripe#evt_p7", "EVENT"),
            (1, 99),
            json!({"id": "evt_p7", "body_hash": "dd", "kind": "x", "object": "pi_7", "received_at": at,
                "state": {"inbox": "received"}, "check_at": "2026-03-02T12:00:00Z", "expires_at": 1}),
        );
        it = super::history::due(it, "reconcile_payments", "2026-03-02T12:00:00Z");
        history().then("kept", "2026-03-02T11:55:00Z", vec![it])
    };
    kept("2026-03-02T11:55:00Z").holds();
    let mut again = kept("2026-03-02T11:55:00Z").next("evt_p7", 100);
    again["received_at"] = json!("2026-03-02T11:58:00Z");
    kept("2026-03-02T11:55:00Z")
        .then("again", "2026-03-02T11:58:00Z", vec![again])
        .breaks(Conservation, "waits anew from its repetition on");
    kept("2026-02-28T11:55:00Z").breaks(Conservation, "is received for ever");
}

#[test]
fn an_event_that_was_answered_and_lost() {
    let event = |id: &str, status: u32| {
        json!([{"id": id, "type": "payment_intent.succeeded", "createdAt": LATER,
            "deliveries": [{"attempts": [{"at": LATER, "status": status}]}]}])
    };
    history()
        .with_book("/events", event("evt_p9", 200))
        .breaks(Conservation, "evt_p9 was answered and is nowhere");
    history().with_book("/events", event("evt_p9", 503)).holds();
    history().with_book("/events", event("evt_p1", 200)).holds();
}

#[test]
fn a_cart_ordered_otherwise_or_too_late() {
    let cart = |version: u64, act: u32, items: serde_json::Value, ordered: Option<u64>| {
        let mut it = owned(
            "cart",
            "CART",
            (version, act),
            json!({"items": items, "owner": {"account": "acc_1"}, "ends_at": 1_772_442_032,
                "expires_at": 1_775_034_032}),
        );
        if let Some(ordered) = ordered {
            it["ordered_version"] = json!(ordered);
        }
        it
    };
    let filled = |quantity: u32| {
        let mut history = history();
        let place = history
            .acts
            .iter()
            .position(|act| act.name == "placed")
            .unwrap();
        let mut before = history.acts[place].clone();
        before.name = "filled";
        before.items = vec![cart(1, 98, json!({"pln_1": {"quantity": quantity}}), None)];
        history.acts[place]
            .items
            .push(cart(2, 6, json!({}), Some(1)));
        history.acts.insert(place, before);
        history
    };
    filled(10).holds();
    filled(9).breaks(Claims, "no order of the same commit holds");
    filled(10)
        .with("placed", "cart", "/ordered_version", json!(2))
        .breaks(Claims, "another version was ordered");
}

#[test]
fn moments_to_come() {
    for (act, place, pointer) in [
        ("placed", "order", "/created_at"),
        ("placed", "payment", "/attempts/0/started_at"),
        ("paid", "payment", "/status/at"),
        ("paid", "provider_event", "/received_at"),
        ("numbered", "invoice", "/status/issued_at"),
    ] {
        history()
            .with(act, place, pointer, json!("2026-04-01T00:00:00Z"))
            .breaks(Time, "to come");
    }
    history()
        .with(
            "logged in",
            "session",
            "/began_at",
            json!(1_890_000_000_000_i64),
        )
        .breaks(Time, "to come");
}

#[test]
fn moments_apart_from_their_event() {
    for (act, place, pointer) in [
        ("placed", "order", "/created_at"),
        ("canceled", "order", "/status/at"),
        ("recovered", "payment", "/attempts/1/at"),
        ("numbered", "invoice", "/status/issued_at"),
        ("verified", "user", "/email_verified_at"),
    ] {
        history()
            .with(act, place, pointer, json!("2026-01-31T08:00:00Z"))
            .breaks(Time, "is 2026-01-31T08:00:00Z, told at");
    }
}

#[test]
fn only_what_is_over_may_vanish() {
    history()
        .deleting("SERIES#F2026", "NUMBER#000000002")
        .breaks(AppendOnly, "NUMBER#000000002 vanished");
    let gone = history().deleting("TOKEN#aa", "TOKEN");
    assert!(gone.at_once().iter().all(|it| it.invariant != AppendOnly));
}

#[test]
fn a_capture_put_aside_though_nothing_is_wrong_with_it() {
    let aside = |customer: &str| {
        let mut event = inbox(9, 99, "2026-03-02T11:55:00Z");
        event["object"] = json!("pi_9");
        event["state"] = json!({"inbox": "quarantined", "reason": "waited_too_long"});
        event.as_object_mut().unwrap().remove("expires_at");
        let mut history = history().then("aside", "2026-03-02T11:55:00Z", vec![event]);
        let mut second = history.book["payments"][0].clone();
        second["id"] = json!("pi_9");
        second["customer"] = json!(customer);
        history.book["payments"]
            .as_array_mut()
            .unwrap()
            .push(second);
        history
    };
    aside("cus_9").holds();
    aside("cus_1").breaks(PaidIffCaptured, "pi_9 was captured and nobody knows");
}
