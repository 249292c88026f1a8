//! People, their sessions, claims and pointers that are not as they should be.

use super::good::history;
use super::history::item;
use crate::Invariant::{
    Claims, NoStuckWork, OneTimeCodes, PaidIffCaptured, Pointers, Sessions, TenantClosure, Time,
    Uniqueness,
};
use serde_json::json;

const LATER: &str = "2026-03-02T11:00:00Z";

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
fn an_answer_that_changes() {
    let mut changed = history().next("create_order#bb", 99);
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
fn an_order_without_its_claim_or_an_answer_without_its_order() {
    history()
        .without("placed", "claim")
        .breaks(Claims, "was made without a claim of its key");
    history()
        .with("answered", "claim", "/state/answer/body", json!("{}"))
        .breaks(Claims, "answers without ord_1");
    history()
        .with("answered", "claim", "/state/answer/status", json!(503))
        .breaks(Claims, "has no fit answer");
    history()
        .with(
            "placed",
            "claim",
            "/state/lock_until",
            json!("2026-01-31T09:05:00Z"),
        )
        .breaks(Claims, "is locked until");
}

#[test]
fn pages_and_cards_of_others() {
    history()
        .with_book("/sessions/0/metadata/payment", json!("pay_2"))
        .breaks(Pointers, "the page \"cs_1\" is not its own");
    history()
        .with_book("/sessions/0/status", json!("open"))
        .breaks(NoStuckWork, "cs_1 is open, the order is paid");
    history()
        .with_book("/payments/2/paymentMethod", json!("pm_9"))
        .breaks(PaidIffCaptured, "charges another card than pm_9");
}

#[test]
fn a_key_is_free_again_after_two_days() {
    let mut again = history().next("create_order#bb", 99);
    again["claimed_at"] = json!(LATER);
    again["fingerprint"] = json!("another");
    let reused = history().then("reused", LATER, vec![again]);
    assert!(reused.at_once().iter().all(|it| it.invariant != Claims));
}

#[test]
fn a_claim_taken_over_while_it_is_locked() {
    let mut taken = history().until("placed", LATER).next("create_order#bb", 99);
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
        .with("paid", "subscription", "/buyer", json!("somebody"))
        .breaks(Pointers, "its buyer is not the order's");
    history()
        .with("opened", "invoice", "/buyer", json!("somebody"))
        .breaks(Pointers, "its invoice is for another buyer");
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
