//! People, claims, events and moments that are not as they should be.

use super::good::history;
use super::history::{event, item, owned};
use crate::Invariant::{
    AppendOnly, Audit, Claims, Conservation, Form, OneTimeCodes, Outbox, Pointers, Sessions,
    TenantClosure, Time, Uniqueness,
};
use serde_json::json;

const LATER: &str = "2026-03-02T11:00:00Z";

#[test]
fn types_and_events_nobody_knows() {
    let new = owned("coupon", "COUPON#1", (1, 99), json!({}));
    history()
        .then("new", LATER, vec![new])
        .breaks(Form, "unknown type \"coupon\"");
    let new = event("evt_99", 99, LATER, "coupon_redeemed", json!({}));
    history()
        .then("new", LATER, vec![new])
        .breaks(Form, "unknown event \"coupon_redeemed\"");
    history()
        .with("placed", "order", "/v", json!(2))
        .breaks(Form, "schema version");
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
fn items_of_somebody_else() {
    history()
        .with("placed", "order", "/account", json!("acc_2"))
        .breaks(TenantClosure, "belongs at ACCOUNT#acc_2/ORDER#ord_1");
    let mut foreign = history().last("ORDER#ord_1");
    foreign["pk"] = json!("ACCOUNT#acc_2");
    foreign["account"] = json!("acc_2");
    history()
        .then("foreign", LATER, vec![foreign])
        .breaks(TenantClosure, "is somebody else's too");
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
fn an_answer_that_changes() {
    let mut changed = history().next("IDEMPOTENCY", 99);
    changed["state"]["answer"]["status"] = json!(200);
    history()
        .then("changed", LATER, vec![changed.clone()])
        .breaks(Claims, "went from complete to complete");
    let early = "2026-01-31T10:00:00Z";
    changed["claimed_at"] = json!("2026-01-31T09:59:00Z");
    history()
        .until("receipt", early)
        .then("changed", early, vec![changed.clone()])
        .breaks(Claims, "went from complete to complete");
    changed["state"] =
        json!({"state": "in_progress", "order": "ord_1", "lock_until": "2026-01-31T10:00:10Z"});
    history()
        .until("receipt", early)
        .then("changed", early, vec![changed])
        .breaks(Claims, "went from complete to in_progress");
    history()
        .with("answered", "claim", "/fingerprint", json!("zz"))
        .breaks(Claims, "fingerprint changed");
}

#[test]
fn a_key_is_free_again_after_two_days() {
    let mut again = history().next("IDEMPOTENCY", 99);
    again["claimed_at"] = json!(LATER);
    again["fingerprint"] = json!("another");
    let reused = history().then("reused", LATER, vec![again]);
    assert!(reused.at_once().iter().all(|it| it.invariant != Claims));
}

#[test]
fn a_claim_taken_over_while_it_is_locked() {
    let mut taken = history().until("placed", LATER).next("IDEMPOTENCY", 99);
    taken["state"]["lock_until"] = json!("2026-01-31T09:01:55Z");
    history()
        .until("placed", LATER)
        .then("taken", "2026-01-31T09:01:40Z", vec![taken.clone()])
        .breaks(Claims, "was taken over while it was locked");
    taken["state"]["order"] = json!("ord_9");
    history()
        .until("placed", LATER)
        .then("taken", "2026-01-31T09:01:50Z", vec![taken])
        .breaks(Pointers, "made no ORDER#ord_9");
}

#[test]
fn logins_users_and_accounts_that_do_not_fit() {
    history()
        .without("registered", "member")
        .breaks(Uniqueness, "without its four others");
    history()
        .with("registered", "login", "/account", json!("acc_2"))
        .breaks(Uniqueness, "another address or account");
    history()
        .with("verified", "login", "/status", json!("unverified"))
        .breaks(Uniqueness, "it is unverified, its user not");
    history()
        .with("verified", "login", "/role", json!("admin"))
        .breaks(Uniqueness, "another role");
    let mut other = history().next("ACCOUNT#acc_1 PROFILE", 99);
    other["provider_customer"] = json!("cus_9");
    history()
        .then("other", LATER, vec![other])
        .breaks(Uniqueness, "another customer at the provider");
}

#[test]
fn sessions_that_come_back_or_go_back() {
    let mut again = history().next("SESSION#ses_1", 99);
    again["n"] = json!(2);
    history()
        .then("again", LATER, vec![again.clone()])
        .breaks(Sessions, "had ended and was written again");
    history()
        .with("refreshed", "session", "/n", json!(2))
        .breaks(Sessions, "moved by 2 refresh tokens");
    history()
        .with("refreshed", "session", "/salt", json!("11"))
        .breaks(Sessions, "salt changed");
    history()
        .with("logged out", "session", "/n", json!(2))
        .breaks(Sessions, "ended and went on");
    let mut late = history()
        .until("logged in", LATER)
        .next("SESSION#ses_1", 99);
    late["n"] = json!(1);
    late["rotated_at"] = json!(1_772_442_000_000_i64);
    history()
        .until("logged in", LATER)
        .then("late", LATER, vec![late])
        .breaks(Time, "was over and was refreshed");
}

#[test]
fn a_token_used_twice_or_after_its_end() {
    let mut again = history().next("TOKEN#aa", 99);
    again["used_at"] = json!("2026-01-31T09:30:00Z");
    history()
        .then("again", LATER, vec![again])
        .breaks(OneTimeCodes, "was used twice");
    history()
        .with(
            "registered",
            "token",
            "/ends_at",
            json!("2026-01-31T09:00:30Z"),
        )
        .with(
            "verified",
            "token",
            "/ends_at",
            json!("2026-01-31T09:00:30Z"),
        )
        .breaks(Time, "after its end");
    history()
        .without("verified", "event")
        .breaks(OneTimeCodes, "was used for nothing");
}

#[test]
fn pointers_to_nothing() {
    history()
        .with("placed", "order", "/payment", json!("pay_9"))
        .breaks(Pointers, "the payment pay_9 is not there");
    history()
        .without("opened", "invoice")
        .breaks(Pointers, "INVOICE#inv_2 is not there");
    history()
        .with("paid", "subscription", "/order", json!("ord_3"))
        .breaks(Pointers, "is of no line of its order");
    history()
        .without("numbered", "event")
        .breaks(Pointers, "its event is not with it");
    history()
        .with_book("/customers/0/metadata/account", json!("acc_2"))
        .breaks(Pointers, "its customer cus_1");
    let ghost = item(
        "token",
        ("TOKEN#bb", "TOKEN"),
        (1, 99),
        json!({"hash": "bb", "user": "usr_9", "expires_at": 1, "ends_at": LATER}),
    );
    history()
        .then("ghost", LATER, vec![ghost])
        .breaks(Pointers, "is of no user");
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
        before.items = vec![cart(1, 98, json!({"pln_1": quantity}), None)];
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
fn only_what_is_over_may_vanish() {
    history()
        .deleting("SERIES#F2026", "NUMBER#000002")
        .breaks(AppendOnly, "NUMBER#000002 vanished");
    let gone = history().deleting("TOKEN#aa", "TOKEN");
    assert!(gone.at_once().iter().all(|it| it.invariant != AppendOnly));
}
