//! A renewal is declined and recovered; an order is canceled and paid.
#![expect(clippy::too_many_lines, reason = "items written out, without logic")]

use super::history::{Act, delivered, due, eur, event, waiting};
use super::makers::*;
use serde_json::{Value, json};

pub(super) fn declined(ledger: &mut Value) -> Vec<Act> {
    let opened = "2026-02-28T09:05:00.2Z";
    let at = "2026-02-28T09:05:01.5Z";
    let later = "2026-02-28T09:05:02Z";
    let failed = charge(
        1,
        opened,
        json!({"outcome": "failed", "at": at, "code": "insufficient_funds", "provider_payment": "pi_2"}),
    );
    let dunning = json!({"state": "past_due", "dunning": {"first_failed_at": "2026-02-28T09:05:01Z",
        "last_attempt_at": "2026-02-28T09:05:01Z", "last_decline": "soft"}});
    let told = waiting(
        event(
            "evt_07",
            11,
            at,
            "renewal_declined",
            json!({"subscription": "sub_1", "payment": "pay_2",
            "attempt": 1, "code": "insufficient_funds"}),
        ),
        "2026-02-28T09:10:01.5Z",
    );
    let told = due(told, RECONCILE, "2026-02-28T09:10:02Z");
    let booked = entry(
        3,
        12,
        (later, "evt_08"),
        json!({"cause": "invoice", "invoice": "inv_2"}),
        &[("receivable", 5880), ("revenue", -4900), ("vat", -980)],
        ledger,
    );
    *ledger = booked.clone();
    let numbered =
        json!({"state": "open", "number": {"year": 2026, "sequence": 2}, "issued_at": later});
    let pending = || json!({"state": "pending"});
    vec![
        act(
            "opened",
            opened,
            vec![
                subscription(2, 10, json!({"state": "active"}), 0, Some("pay_2"), None),
                period(1, (1, 10), "open"),
                invoice(2, (1, 10), json!({"state": "draft"}), (FEB, MAR), None),
                payment(
                    2,
                    (1, 10),
                    pending(),
                    json!([charge(1, opened, json!({}))]),
                    Some("2026-02-28T09:06:01Z"),
                ),
                event(
                    "evt_06",
                    10,
                    opened,
                    "period_opened",
                    json!({"subscription": "sub_1", "index": 1, "payment": "pay_2"}),
                ),
            ],
        ),
        act(
            "declined",
            at,
            vec![
                told.clone(),
                subscription(
                    3,
                    11,
                    dunning.clone(),
                    0,
                    Some("pay_2"),
                    Some("2026-03-02T09:05:01Z"),
                ),
                period(1, (2, 11), "past_due"),
                invoice(
                    2,
                    (2, 11),
                    json!({"state": "ready", "paid_at": null}),
                    (FEB, MAR),
                    Some("2026-02-28T09:06:02Z"),
                ),
                payment(2, (2, 11), pending(), json!([failed]), None),
            ],
        ),
        act(
            "billed",
            later,
            vec![
                number(2, 12),
                invoice(2, (3, 12), numbered, (FEB, MAR), None),
                booked.clone(),
                event(
                    "evt_08",
                    12,
                    later,
                    "invoice_finalised",
                    json!({"invoice": "inv_2", "number": {"year": 2026, "sequence": 2}, "paid": false}),
                ),
                head(3, 12, &booked),
                counter(2, 12, "2026-02-28"),
            ],
        ),
        act("warned", "2026-02-28T09:05:03Z", vec![delivered(&told)]),
    ]
}

pub(super) fn recovered(ledger: &mut Value) -> Vec<Act> {
    let retried = "2026-03-02T09:10:00.1Z";
    let at = "2026-03-02T09:10:01Z";
    let failed = charge(
        1,
        "2026-02-28T09:05:00.2Z",
        json!({"outcome": "failed", "at": "2026-02-28T09:05:01.5Z",
        "code": "insufficient_funds", "provider_payment": "pi_2"}),
    );
    let done = charge(
        2,
        retried,
        json!({"outcome": "succeeded", "at": at, "provider_payment": "pi_3"}),
    );
    let dunning = json!({"state": "past_due", "dunning": {"first_failed_at": "2026-02-28T09:05:01Z",
        "last_attempt_at": "2026-02-28T09:05:01Z", "last_decline": "soft"}});
    let booked = entry(
        4,
        14,
        (at, "evt_10"),
        json!({"cause": "capture", "payment": "pay_2"}),
        &[("provider", 5880), ("receivable", -5880)],
        ledger,
    );
    *ledger = booked.clone();
    let told = waiting(
        event(
            "evt_10",
            14,
            at,
            "period_paid",
            json!({"subscription": "sub_1", "index": 1, "payment": "pay_2", "numbered": true}),
        ),
        "2026-03-02T09:15:01Z",
    );
    let numbered = json!({"state": "paid", "number": {"year": 2026, "sequence": 2},
        "issued_at": "2026-02-28T09:05:02Z", "paid_at": at});
    vec![
        act(
            "retried",
            retried,
            vec![
                payment(
                    2,
                    (3, 13),
                    json!({"state": "pending"}),
                    json!([failed, charge(2, retried, json!({}))]),
                    Some("2026-03-02T09:11:01Z"),
                ),
                subscription(4, 13, dunning, 0, Some("pay_2"), None),
                event(
                    "evt_09",
                    13,
                    retried,
                    "attempt_started",
                    json!({"payment": "pay_2", "attempt": 2}),
                ),
            ],
        ),
        act(
            "recovered",
            at,
            vec![
                told.clone(),
                booked.clone(),
                head(4, 14, &booked),
                subscription(5, 14, json!({"state": "active"}), 1, None, Some(MAR)),
                period(1, (3, 14), "paid"),
                invoice(2, (4, 14), numbered, (FEB, MAR), None),
                payment(
                    2,
                    (4, 14),
                    json!({"state": "paid", "at": at, "provider_payment": "pi_3"}),
                    json!([failed, done]),
                    None,
                ),
            ],
        ),
        act("thanked", "2026-03-02T09:10:02Z", vec![delivered(&told)]),
    ]
}

/// An order that was canceled, and paid all the same.
pub(super) fn given_back(ledger: &mut Value) -> Vec<Act> {
    let (placed, canceled, at, refunded) = (
        "2026-03-02T10:00:00Z",
        "2026-03-02T10:01:00Z",
        "2026-03-02T10:02:00Z",
        "2026-03-02T10:03:00Z",
    );
    let closes = "2026-03-02T11:00:00Z";
    let pending = || json!({"state": "pending"});
    let done = page(
        placed,
        closes,
        false,
        json!({"outcome": "succeeded", "at": at, "provider_payment": "pi_4"}),
    );
    let expired = json!({"state": "expired", "at": at});
    let taken = entry(
        5,
        17,
        (at, "evt_13"),
        json!({"cause": "capture", "payment": "pay_3"}),
        &[("provider", 5880), ("clearing", -5880)],
        ledger,
    );
    let back = entry(
        6,
        18,
        (refunded, "evt_14"),
        json!({"cause": "surplus_refund", "payment": "pay_3"}),
        &[("clearing", 5880), ("provider", -5880)],
        &taken,
    );
    *ledger = back.clone();
    let with = |mut payment: Value, refund: Option<&str>| {
        payment["surplus"] = json!([{"provider_payment": "pi_4", "amount": eur(5880)}]);
        if let Some(refund) = refund {
            payment["surplus"][0]["refund"] = json!(refund);
        }
        payment
    };
    let mut again = claim(
        1,
        15,
        json!({"state": "in_progress", "order": "ord_3", "lock_until": "2026-03-02T10:00:15Z"}),
    );
    for (name, value) in [
        ("sk", "IDEMPOTENCY#create_order#ee"),
        ("key_hash", "ee"),
        ("claimed_at", placed),
    ] {
        again[name] = json!(value);
    }
    vec![
        act(
            "placed again",
            placed,
            vec![
                order(3, (1, 15), pending(), placed),
                again,
                payment(
                    3,
                    (1, 15),
                    pending(),
                    json!([page(placed, closes, false, json!({}))]),
                    Some("2026-03-02T10:01:00Z"),
                ),
                event(
                    "evt_11",
                    15,
                    placed,
                    "order_placed",
                    json!({"order": "ord_3"}),
                ),
            ],
        ),
        act(
            "canceled",
            canceled,
            vec![
                order(
                    3,
                    (2, 16),
                    json!({"state": "canceled", "at": canceled}),
                    placed,
                ),
                event(
                    "evt_12",
                    16,
                    canceled,
                    "order_canceled",
                    json!({"order": "ord_3"}),
                ),
            ],
        ),
        act(
            "surplus",
            at,
            vec![
                event(
                    "evt_13",
                    17,
                    at,
                    "surplus_captured",
                    json!({"payment": "pay_3"}),
                ),
                taken.clone(),
                head(5, 17, &taken),
                with(
                    payment(3, (2, 17), expired.clone(), json!([done.clone()]), Some(at)),
                    None,
                ),
            ],
        ),
        act(
            "refunded",
            refunded,
            vec![
                event(
                    "evt_14",
                    18,
                    refunded,
                    "surplus_refunded",
                    json!({"payment": "pay_3"}),
                ),
                back.clone(),
                head(6, 18, &back),
                with(
                    payment(3, (3, 18), expired, json!([done]), None),
                    Some("re_1"),
                ),
            ],
        ),
    ]
}
