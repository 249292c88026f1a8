//! A part of what was paid is given back, and each way that could go wrong.

use super::good::history;
use super::history::{History, due, eur, event, item};
use super::makers::{RECONCILE, entry};
use crate::Invariant::{
    Audit, ClearingZero, DueKey, InvoiceArithmetic, MonotoneStates, Numbers, Pointers, RefundBound,
};
use serde_json::{Value, json};

const ASKED: &str = "2026-03-02T11:00:00Z";
const MADE: &str = "2026-03-02T11:00:01Z";
const NOTED: &str = "2026-03-02T11:00:02Z";
const CHECK: &str = "2026-03-02T11:01:00Z";

fn refund(status: Value) -> Value {
    json!({"id": "rfd_1", "amount": eur(960), "nets": [800], "tax": 160, "reason": "Too many",
        "requested_by": "usr_9", "requested_at": ASKED, "credit_note": "inv_9", "status": status})
}

/// Pay_1 with its refund, one version on.
fn payment(history: &History, act: u32, status: Value) -> Value {
    let mut it = history.next("PAYMENT#pay_1", act);
    it["refunds"] = json!([refund(status)]);
    it
}

fn note(history: &History, act: u32) -> Value {
    let mut it = history.last("INVOICE#inv_1");
    let invoice = it.clone();
    it["sk"] = json!("INVOICE#inv_9");
    it["id"] = json!("inv_9");
    it["version"] = json!(1);
    it["act"] = json!(format!("act_{act:032x}"));
    it["status"] = json!({"state": "ready", "paid_at": MADE});
    it["created_at"] = json!(MADE);
    it["finalise_at"] = json!(CHECK);
    it["lines"][0]["unit_price"] = Value::Null;
    for name in ["subtotal", "total"] {
        it["lines"][0][name] = eur(800);
    }
    it["totals"] = json!({"subtotal": eur(800), "discount": eur(0), "net": eur(800),
        "taxes": [{"rate": 2000, "base": 800, "tax": 160}], "total": eur(960)});
    it["correction"] = json!({"invoice": "inv_1", "number": invoice["status"]["number"],
        "issued_at": invoice["status"]["issued_at"], "refund": "rfd_1", "reason": "Too many"});
    due(it, RECONCILE, CHECK)
}

fn headed(history: &History, act: u32, entry: &Value) -> Value {
    let mut head = history.next("LEDGERHEAD", act);
    head["sequence"] = entry["sequence"].clone();
    head["hash"] = entry["hash"].clone();
    head
}

fn asked(history: History) -> History {
    let mut paid = payment(&history, 30, json!({"state": "pending", "since": ASKED}));
    paid["check_at"] = json!(CHECK);
    let body =
        json!({"payment": "pay_1", "refund": "rfd_1", "by": "usr_9", "needs_approval": false});
    let told = event("evt_30", 30, ASKED, "refund_requested", body);
    history.then("asked", ASKED, vec![due(paid, RECONCILE, CHECK), told])
}

fn made(history: History) -> History {
    let status = json!({"state": "made", "at": MADE, "provider_refund": "re_9"});
    let mut paid = payment(&history, 31, status);
    for name in ["check_at", "due_at", "due_shard"] {
        paid.as_object_mut().unwrap().remove(name);
    }
    let cause = json!({"cause": "refund", "payment": "pay_1"});
    let lines = [("clearing", 960), ("provider", -960)];
    let before = history.last("LEDGER#acc_1 000000000006");
    let back = entry(7, 31, (MADE, "evt_31"), cause, &lines, &before);
    let head = headed(&history, 31, &back);
    let body = json!({"payment": "pay_1", "refund": "rfd_1", "invoice": "inv_9"});
    let told = event("evt_31", 31, MADE, "refund_made", body);
    let note = note(&history, 31);
    history.then("made", MADE, vec![paid, note, back, head, told])
}

fn noted(history: History) -> History {
    let number = json!({"series": "credit_note", "year": 2026, "sequence": 1});
    let mut note = history.next("INVOICE#inv_9", 32);
    note["status"] =
        json!({"state": "paid", "number": number, "issued_at": NOTED, "paid_at": MADE});
    for name in ["finalise_at", "due_at", "due_shard"] {
        note.as_object_mut().unwrap().remove(name);
    }
    let cause = json!({"cause": "credit_note", "invoice": "inv_9"});
    let lines = [("revenue", 800), ("vat", 160), ("clearing", -960)];
    let before = history.last("LEDGER#acc_1 000000000007");
    let booked = entry(8, 32, (NOTED, "evt_32"), cause, &lines, &before);
    let head = headed(&history, 32, &booked);
    let body = json!({"invoice": "inv_9", "number": number, "paid": true});
    let mut told = event("evt_32", 32, NOTED, "invoice_finalised", body);
    told["deliver_at"] = json!(CHECK);
    let told = due(told, RECONCILE, CHECK);
    let series = ("SERIES#A2026", "NUMBER#000000001");
    let body = json!({"number": number, "account": "acc_1", "invoice": "inv_9"});
    let given = item("invoice_number", series, (1, 32), body);
    let body = json!({"series": "credit_note", "year": 2026, "last": 1, "last_date": "2026-03-02"});
    let counter = item("series_counter", ("SERIES#A2026", "COUNTER"), (1, 32), body);
    history.then(
        "noted",
        NOTED,
        vec![note, booked, head, told, given, counter],
    )
}

fn mailed(history: History) -> History {
    let mut told = history.next("EVENT#evt_32", 33);
    for name in ["deliver_at", "due_at", "due_shard"] {
        told.as_object_mut().unwrap().remove(name);
    }
    history.then("mailed", "2026-03-02T11:00:03Z", vec![told])
}

/// All of it: asked for, made, its credit note numbered and mailed.
fn refunded() -> History {
    let mut all = mailed(noted(made(asked(history()))));
    all.book["payments"][0]["refundedAmount"] = json!(960);
    let metadata = json!({"refund": "rfd_1"});
    all.book["refunds"].as_array_mut().unwrap().push(
        json!({"id": "re_9", "payment_intent": "pi_1", "amount": 960, "status": "succeeded",
            "metadata": metadata}),
    );
    all
}

#[test]
fn a_part_given_back_has_no_findings() {
    refunded().holds();
}

#[test]
fn a_refund_that_is_more_than_there_is_or_changes_on_the_way() {
    let with = |pointer: &str, value: Value| {
        let pointer = format!("/refunds/0/{pointer}");
        refunded().with("made", "payment", &pointer, value)
    };
    refunded()
        .with("asked", "payment", "/refunds/0/amount", eur(5881))
        .breaks(RefundBound, "to be given back");
    with("amount", eur(970)).breaks(RefundBound, "rfd_1 changed");
    with("nets", json!([799])).breaks(RefundBound, "a refund of 960 EUR");
    with("reason", json!("Another")).breaks(RefundBound, "rfd_1 changed");
    with("status", json!({"state": "awaiting_approval"}))
        .breaks(MonotoneStates, "went from pending to awaiting_approval");
    refunded()
        .with("made", "payment", "/refunds", json!([]))
        .breaks(RefundBound, "a refund vanished");
}

#[test]
fn a_refund_nobody_tells_approves_or_looks_after() {
    refunded()
        .without("asked", "event")
        .breaks(Audit, "no refund_requested tells it");
    refunded()
        .without("made", "EVENT#evt_31")
        .breaks(Audit, "no refund_made tells it");
    refunded()
        .with("asked", "event", "/by", json!("usr_8"))
        .breaks(crate::Invariant::Outbox, "tells refund_requested");
    refunded()
        .with("asked", "payment", "/check_at", Value::Null)
        .breaks(DueKey, "without check_at");
    let large = |approved: Value| {
        let all = asked(history());
        let all = all.with("asked", "payment", "/refunds/0/amount", eur(1001));
        all.with("asked", "payment", "/refunds/0/approved_by", approved)
    };
    large(Value::Null).breaks(RefundBound, "is large, and approved by");
    large(json!("usr_9")).breaks(RefundBound, "is large, and approved by");
}

#[test]
fn a_credit_note_that_says_something_else() {
    let with = |pointer: &str, value: Value| refunded().with("made", "invoice", pointer, value);
    refunded()
        .without("made", "invoice")
        .breaks(Pointers, "rfd_1 has no INVOICE#inv_9");
    with("/correction/invoice", json!("inv_2")).breaks(InvoiceArithmetic, "another invoice");
    with("/correction/reason", json!("Other")).breaks(InvoiceArithmetic, "another invoice");
    with("/totals/total", eur(961)).breaks(InvoiceArithmetic, "another total");
    with("/tax", json!({"rate_basis_points": 1000})).breaks(InvoiceArithmetic, "another tax");
    with("/totals/taxes/0/tax", json!(190)).breaks(InvoiceArithmetic, "tax at 2000");
}

#[test]
fn a_credit_note_in_the_invoices_series() {
    refunded()
        .with("noted", "invoice", "/status/number/series", Value::Null)
        .breaks(Numbers, "it is numbered in the other series");
}

#[test]
fn money_that_left_otherwise_than_told() {
    refunded()
        .with_book("/payments/0/refundedAmount", json!(900))
        .breaks(RefundBound, "900 of pi_1 was refunded, and 960 is told");
    refunded()
        .with_book("/refunds/1/metadata/refund", json!("rfd_2"))
        .breaks(RefundBound, "re_9 of pi_1 is another in the book");
    let twice = refunded().book["refunds"][1].clone();
    let mut all = refunded();
    all.book["refunds"].as_array_mut().unwrap().push(twice);
    all.breaks(RefundBound, "1 refunds of pi_1 are told, the book has 2");
    refunded()
        .without("noted", "ledger_entry")
        .breaks(ClearingZero, "clearing is");
}
