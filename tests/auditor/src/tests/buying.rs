//! A customer registers, orders and pays.
#![expect(clippy::too_many_lines, reason = "items written out, without logic")]

use super::history::{Act, delivered, event, owned, waiting};
use super::makers::*;
use serde_json::{Value, json};

pub(super) fn joining() -> Vec<Act> {
    let at = "2026-01-31T09:00:00Z";
    let [login, user] = people(1, 1, None);
    let told = waiting(
        user_event(
            "evt_01",
            1,
            at,
            json!({"event": "user_registered", "token": "act_1"}),
        ),
        "2026-01-31T09:05:00Z",
    );
    let verified = "2026-01-31T09:01:00Z";
    let [login_2, user_2] = people(2, 2, Some(verified));
    let member = owned(
        "member",
        "MEMBER#usr_1",
        (1, 1),
        json!({"user": "usr_1", "role": "owner", "since": at}),
    );
    let data_key = owned(
        "data_key",
        "DATAKEY",
        (1, 1),
        json!({"wrapped": "x", "master": "y"}),
    );
    vec![
        act(
            "registered",
            at,
            vec![
                login,
                user,
                account(1, 1, None),
                member,
                data_key,
                token(1, 1, None),
                told.clone(),
            ],
        ),
        act("mailed", "2026-01-31T09:00:01Z", vec![delivered(&told)]),
        act(
            "verified",
            verified,
            vec![
                login_2,
                user_2,
                token(2, 2, Some(verified)),
                user_event("evt_02", 2, verified, json!({"event": "email_verified"})),
            ],
        ),
        act(
            "logged in",
            "2026-01-31T09:01:10Z",
            vec![session(1, 3, 0, None)],
        ),
        act(
            "refreshed",
            "2026-01-31T09:01:11Z",
            vec![session(2, 4, 1, None)],
        ),
        act(
            "logged out",
            "2026-01-31T09:01:12Z",
            vec![session(3, 5, 1, Some("signed_out"))],
        ),
    ]
}

/// A page opened for an order, and the claim answered.
pub(super) fn placed() -> Vec<Act> {
    let at = "2026-01-31T09:01:30Z";
    let closes = "2026-01-31T10:01:30Z";
    let begun = page(at, closes, false, json!({}));
    let shown = page(at, closes, true, json!({}));
    let answer = json!({"status": 201, "body": "{\"id\":\"ord_1\"}", "headers": []});
    vec![
        act(
            "placed",
            at,
            vec![
                claim(
                    1,
                    6,
                    json!({"state": "in_progress", "order": "ord_1", "lock_until": "2026-01-31T09:01:45Z"}),
                ),
                order(1, (1, 6), json!({"state": "pending"}), at),
                payment(
                    1,
                    (1, 6),
                    json!({"state": "pending"}),
                    json!([begun]),
                    Some("2026-01-31T09:02:30Z"),
                ),
                event("evt_03", 6, at, "order_placed", json!({"order": "ord_1"})),
            ],
        ),
        act(
            "answered",
            "2026-01-31T09:01:31Z",
            vec![
                claim(2, 7, json!({"state": "complete", "answer": answer})),
                payment(
                    1,
                    (2, 7),
                    json!({"state": "pending"}),
                    json!([shown]),
                    Some("2026-01-31T09:11:31Z"),
                ),
                account(2, 7, Some("cus_1")),
            ],
        ),
    ]
}

pub(super) fn bought(ledger: &mut Value) -> Vec<Act> {
    let at = "2026-01-31T09:02:00.5Z";
    let done = page(
        "2026-01-31T09:01:30Z",
        "2026-01-31T10:01:30Z",
        true,
        json!({"outcome": "succeeded", "at": at, "provider_payment": "pi_1"}),
    );
    let paid = json!({"state": "paid", "at": at, "provider_payment": "pi_1"});
    let first = entry(
        1,
        8,
        (at, "evt_04"),
        json!({"cause": "capture", "payment": "pay_1"}),
        &[("provider", 5880), ("clearing", -5880)],
        &json!({}),
    );
    let later = "2026-01-31T09:02:01Z";
    let second = entry(
        2,
        9,
        (later, "evt_05"),
        json!({"cause": "invoice", "invoice": "inv_1"}),
        &[
            ("receivable", 5880),
            ("revenue", -4900),
            ("vat", -980),
            ("clearing", 5880),
            ("receivable", -5880),
        ],
        &first,
    );
    let told = waiting(
        event(
            "evt_05",
            9,
            later,
            "invoice_finalised",
            json!({"invoice": "inv_1", "number": {"year": 2026, "sequence": 1}, "paid": true}),
        ),
        "2026-01-31T09:07:01Z",
    );
    let numbered = json!({"state": "paid", "number": {"year": 2026, "sequence": 1}, "issued_at": later, "paid_at": at});
    *ledger = second.clone();
    vec![
        act(
            "paid",
            at,
            vec![
                event(
                    "evt_04",
                    8,
                    at,
                    "order_paid",
                    json!({"order": "ord_1", "payment": "pay_1"}),
                ),
                first.clone(),
                head(1, 8, &first),
                period(0, (1, 8), "paid"),
                subscription(1, 8, json!({"state": "active"}), 0, None, Some(FEB)),
                invoice(
                    1,
                    (1, 8),
                    json!({"state": "ready", "paid_at": at}),
                    (SOLD, FEB),
                    Some("2026-01-31T09:03:01Z"),
                ),
                order(
                    1,
                    (2, 8),
                    json!({"state": "paid", "at": at}),
                    "2026-01-31T09:01:30Z",
                ),
                payment(1, (3, 8), paid, json!([done]), None),
                inbox(1, 8, at),
            ],
        ),
        act(
            "numbered",
            later,
            vec![
                number(1, 9),
                invoice(1, (2, 9), numbered, (SOLD, FEB), None),
                second.clone(),
                told.clone(),
                head(2, 9, &second),
                counter(1, 9, "2026-01-31"),
            ],
        ),
        act("receipt", "2026-01-31T09:02:02Z", vec![delivered(&told)]),
    ]
}
