//! Periods, attempts, states and timers that are not as they should be.

use super::good::history;
use super::history::{END, eur};
use crate::Invariant::{AttemptBound, DueKey, Entitlement, MonotoneStates, NoStuckWork, Periods};
use serde_json::json;

#[test]
fn dates_that_are_not_the_anchors() {
    // A month after 28 February instead of two months after 31 January.
    history()
        .with("opened", "period", "/end", json!("2026-03-28T09:02:00Z"))
        .breaks(Periods, "its anchor says");
    history()
        .with(
            "recovered",
            "subscription",
            "/period/end",
            json!("2026-03-28T09:02:00Z"),
        )
        .breaks(Entitlement, "its anchor says");
    history()
        .with("paid", "subscription", "/anchor/day", json!(28))
        .breaks(Periods, "keeps another day");
}

#[test]
fn periods_with_holes_or_too_early() {
    history()
        .with("opened", "period", "/index", json!(2))
        .with("opened", "period", "/sk", json!("PERIOD#sub_1#000002"))
        .breaks(Periods, "PERIOD#sub_1#000002");
    let mut early = history();
    early
        .acts
        .iter_mut()
        .find(|act| act.name == "opened")
        .unwrap()
        .at = "2026-02-28T09:01:59Z";
    early.breaks(Periods, "opened before it starts");
    history()
        .with("opened", "period", "/status", json!("paid"))
        .breaks(Periods, "a later period comes open");
}

#[test]
fn a_period_put_twice_or_moved() {
    let again = history().next("PERIOD#sub_1#000001", 99);
    history()
        .then("again", "2026-03-02T11:00:00Z", vec![again])
        .breaks(MonotoneStates, "is paid and was written again");
    history()
        .with("recovered", "period", "/end", json!("2026-04-01T00:00:00Z"))
        .breaks(crate::Invariant::AppendOnly, "end changed");
}

#[test]
fn a_period_billed_otherwise() {
    history()
        .with("opened", "period", "/payment", json!("pay_1"))
        .breaks(Periods, "its period is paid otherwise");
    history()
        .with(
            "opened",
            "invoice",
            "/lines/0/period_end",
            json!("2026-03-30T09:02:00Z"),
        )
        .breaks(Periods, "bills other dates");
    history().with("opened", "period", "/total", eur(1)).breaks(
        crate::Invariant::InvoiceArithmetic,
        "its period costs another amount",
    );
}

#[test]
fn too_many_periods_in_a_day() {
    // Sixteen periods opened in a minute, with nothing else right about them.
    let mut history = history();
    let (invoice, period) = (
        history.last("INVOICE#inv_2"),
        history.last("PERIOD#sub_1#000001"),
    );
    for index in 2..=17 {
        let id = format!("inv_x{index}");
        let mut invoice = invoice.clone();
        let mut period = period.clone();
        invoice["sk"] = json!(format!("INVOICE#{id}"));
        invoice["id"] = json!(id);
        invoice["created_at"] = json!("2026-03-02T11:00:00Z");
        period["sk"] = json!(format!("PERIOD#sub_1#{index:06}"));
        period["index"] = json!(index);
        period["invoice"] = json!(id);
        history = history.then("more", "2026-03-02T11:00:01Z", vec![invoice, period]);
    }
    history.breaks(Periods, "16 periods opened in a day");
}

#[test]
fn served_without_having_paid() {
    history()
        .with("recovered", "period", "/status", json!("past_due"))
        .breaks(Entitlement, "its period 1 is past_due");
    history()
        .with("declined", "subscription", "/status/state", json!("active"))
        .breaks(
            Entitlement,
            "it is active, its next period is Some(\"past_due\")",
        );
    history()
        .with("recovered", "event", "/event", json!("period_opened"))
        .breaks(Entitlement, "moved to period 1 without its payment");
    history()
        .with("retried", "subscription", "/payment_method", json!("pm_9"))
        .breaks(Entitlement, "another card without a capture");
    history()
        .without("recovered", "SUBSCRIPTION#sub_1")
        .breaks(Entitlement, "changed without its subscription");
}

#[test]
fn ended_inside_a_paid_period() {
    let mut ended = history().next("SUBSCRIPTION#sub_1", 99);
    ended["status"] =
        json!({"state": "canceled", "at": "2026-03-02T11:00:00Z", "reason": "customer"});
    history()
        .then("ended", "2026-03-02T11:00:00Z", vec![ended])
        .breaks(Entitlement, "became canceled inside a paid period");
}

#[test]
fn states_that_do_not_follow() {
    for (place, pointer, value, words) in [
        (
            "ORDER#ord_1",
            "/status/state",
            "canceled",
            "paid became canceled",
        ),
        (
            "PAYMENT#pay_1",
            "/status/state",
            "pending",
            "paid became pending",
        ),
        (
            "INVOICE#inv_1",
            "/status/state",
            "draft",
            "paid became draft",
        ),
        (
            "SUBSCRIPTION#sub_1",
            "/status/state",
            "unpaid",
            "active became unpaid",
        ),
        (
            "evt_p1",
            "/state/inbox",
            "received",
            "applied became received",
        ),
        (
            "LOGIN#a@b",
            "/status",
            "unverified",
            "active became unverified",
        ),
    ] {
        let mut next = history().next(place, 99);
        *next.pointer_mut(pointer).unwrap() = json!(value);
        history()
            .then("next", "2026-03-02T11:00:00Z", vec![next])
            .breaks(MonotoneStates, words);
    }
}

#[test]
fn versions_that_do_not_rise_by_one() {
    history()
        .with("paid", "ORDER#ord_1", "/version", json!(3))
        .breaks(MonotoneStates, "version Some(1) became Some(3)");
    history()
        .with("placed", "ORDER#ord_1", "/version", json!(2))
        .breaks(MonotoneStates, "version Some(0) became Some(2)");
}

#[test]
fn attempts_that_change_after_their_end() {
    history()
        .with("retried", "payment", "/attempts/0/code", json!("lost_card"))
        .breaks(MonotoneStates, "attempt 1 had ended and changed");
    history()
        .with(
            "recovered",
            "payment",
            "/attempts/1/payment_method",
            json!("pm_9"),
        )
        .breaks(MonotoneStates, "attempt 2: payment_method changed");
    history()
        .with("retried", "payment", "/attempts/1/number", json!(3))
        .breaks(MonotoneStates, "attempt 2 is missing");
    history()
        .with(
            "opened",
            "payment",
            "/attempts/0/outcome",
            json!("succeeded"),
        )
        .breaks(MonotoneStates, "attempt 1 went from new to succeeded");
}

#[test]
fn a_retry_after_a_hard_decline_or_before_its_time() {
    let hard = |history: super::history::History| {
        ["declined", "retried", "recovered"]
            .iter()
            .fold(history, |it, act| {
                it.with(
                    act,
                    "PAYMENT#pay_2",
                    "/attempts/0/code",
                    json!("stolen_card"),
                )
            })
    };
    hard(history()).breaks(AttemptBound, "a charge after stolen_card");
    history()
        .with(
            "retried",
            "payment",
            "/attempts/1/started_at",
            json!("2026-03-02T09:05:00Z"),
        )
        .breaks(AttemptBound, "retry 1 before its time");
    history()
        .with("retried", "payment", "/attempts/1/channel", json!("hosted"))
        .breaks(AttemptBound, "a page after Some(\"failed\")");
}

#[test]
fn dunning_that_counts_otherwise_or_ends_too_soon() {
    let pointer = "/status/dunning/first_failed_at";
    history()
        .with(
            "declined",
            "subscription",
            pointer,
            json!("2026-02-28T09:06:01Z"),
        )
        .breaks(AttemptBound, "it counts from another moment");
    let mut over = history()
        .until("warned", END)
        .next("SUBSCRIPTION#sub_1", 99);
    over["status"] = json!({"state": "unpaid", "since": END});
    history()
        .until("warned", END)
        .then("over", END, vec![over])
        .breaks(AttemptBound, "it was given up before 2026-03-21T09:05:01Z");
}

#[test]
fn an_attempt_for_who_is_not_served() {
    history()
        .with("retried", "subscription", "/status/state", json!("unpaid"))
        .breaks(
            AttemptBound,
            "an attempt while SUBSCRIPTION#sub_1 is \"unpaid\"",
        );
}

#[test]
fn timers_that_are_missing_or_wrong() {
    for (act, place, pointer, value, words) in [
        (
            "placed",
            "payment",
            "/due_at",
            json!("2026-01-31T09:02:31Z#PAYMENT#pay_1"),
            "it is due at",
        ),
        (
            "placed",
            "payment",
            "/due_shard",
            json!("DUE#reconcile_payments#16"),
            "in the shard",
        ),
        (
            "placed",
            "payment",
            "/due_shard",
            json!("DUE#renew_subscriptions#01"),
            "in the shard",
        ),
        (
            "placed",
            "payment",
            "/check_at",
            json!(null),
            "without check_at",
        ),
        (
            "paid",
            "subscription",
            "/due_at",
            json!(null),
            "it is due at \"\"",
        ),
        (
            "paid",
            "order",
            "/due_at",
            json!("x"),
            "a timer nobody serves",
        ),
        (
            "declined",
            "event",
            "/deliver_at",
            json!(null),
            "without deliver_at",
        ),
    ] {
        history()
            .with(act, place, pointer, value)
            .breaks(DueKey, words);
    }
}

#[test]
fn open_things_nobody_will_look_at() {
    let untimed = |act: &str, place: &str, attribute: &str| {
        ["due_at", "due_shard", attribute]
            .iter()
            .fold(history(), |it, name| {
                it.with(act, place, &format!("/{name}"), json!(null))
            })
    };
    untimed("placed", "payment", "check_at").breaks(DueKey, "nothing will look at it");
    untimed("paid", "invoice", "finalise_at").breaks(DueKey, "waits for a number");
    untimed("paid", "subscription", "next_action_at").breaks(DueKey, "to be renewed");
    untimed("declined", "subscription", "next_action_at").breaks(DueKey, "it is past due");
    untimed("declined", "event", "deliver_at").breaks(DueKey, "is to be delivered");
}

#[test]
fn timers_that_nobody_served() {
    let mut late = history().until("opened", "2026-02-28T09:30:00Z");
    late.breaks(NoStuckWork, "PAYMENT#pay_2 was due at");
    late.end = "2026-02-28T09:20:00Z";
    assert!(late.findings().iter().all(|it| it.invariant != NoStuckWork));
    history()
        .until("paid", "2026-01-31T10:00:00Z")
        .breaks(NoStuckWork, "INVOICE#inv_1 has no number yet");
}

#[test]
fn what_a_sweep_put_off_is_no_change_but_never_comes_sooner() {
    let mut later = history().last("SUBSCRIPTION#sub_1");
    later["due_at"] = json!("2026-03-31T09:07:00Z#SUBSCRIPTION#sub_1");
    let put_off = history().then("put off", "2026-03-02T11:00:00Z", vec![later.clone()]);
    put_off.holds();
    assert_eq!(
        put_off.auditor().seen().get("subscription: put off"),
        Some(&1)
    );
    later["due_at"] = json!("2026-03-30T09:07:00Z#SUBSCRIPTION#sub_1");
    history()
        .then("put back", "2026-03-02T11:00:00Z", vec![later])
        .breaks(DueKey, "was put off from");
}
