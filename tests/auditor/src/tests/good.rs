//! The good history.

use super::buying::{bought, joining, placed};
use super::history::{END, History};
use super::renewing::{declined, given_back, recovered};
use crate::Auditor;
use serde_json::{Value, json};

fn book() -> Value {
    let intent = |id: &str, payment: &str, attempt: &str, more: Value| {
        let captured = more["taken"].as_i64().unwrap();
        let mut metadata = json!({"account": "acc_1", "payment": payment, "attempt": attempt});
        metadata
            .as_object_mut()
            .unwrap()
            .extend(more["of"].as_object().unwrap().clone());
        json!({"id": id, "status": if captured > 0 { "succeeded" } else { "failed" }, "amount": 5880,
            "amountCaptured": captured, "refundedAmount": more["back"], "currency": "eur",
            "customer": "cus_1", "metadata": metadata, "session": more["session"], "paymentMethod": "pm_1", "declineCode": if captured > 0 { Value::Null } else { json!("insufficient_funds") }})
    };
    let renewal = json!({"subscription": "sub_1", "period": "1"});
    json!({
        "customers": [{"id": "cus_1", "metadata": {"account": "acc_1"}}],
        "payments": [
            intent("pi_1", "pay_1", "1", json!({"taken": 5880, "back": 0, "of": {"order": "ord_1"}, "session": "cs_1"})),
            intent("pi_2", "pay_2", "1", json!({"taken": 0, "back": 0, "of": renewal})),
            intent("pi_3", "pay_2", "2", json!({"taken": 5880, "back": 0, "of": renewal})),
            intent("pi_4", "pay_3", "1", json!({"taken": 5880, "back": 5880, "of": {"order": "ord_3"}, "session": "cs_2"})),
        ],
        "sessions": [{"id": "cs_1", "status": "complete", "metadata": {"payment": "pay_1", "attempt": "1"}}],
        "refunds": [{"id": "re_1", "payment_intent": "pi_4", "amount": 5880, "status": "succeeded"}],
    })
}

/// All of it.
pub(super) fn history() -> History {
    let mut ledger = json!({});
    let mut acts = joining();
    acts.extend(placed());
    acts.extend(bought(&mut ledger));
    acts.extend(declined(&mut ledger));
    acts.extend(recovered(&mut ledger));
    acts.extend(given_back(&mut ledger));
    History {
        acts,
        book: book(),
        end: END,
    }
}

#[test]
fn a_good_history_has_no_findings() {
    history().holds();
}

#[test]
fn what_was_seen_is_counted() {
    let auditor = history().auditor();
    for (what, count) in [
        ("subscription: active -> past_due", 1),
        ("subscription: past_due -> active", 1),
        ("order: pending -> canceled", 1),
        ("attempt: succeeded", 3),
        ("event: invoice_finalised", 2),
        ("surplus: refunded", 1),
    ] {
        assert_eq!(auditor.seen().get(what), Some(&count), "{what}");
    }
}

#[test]
fn the_vocabulary_is_what_is_counted() {
    let vocabulary = Auditor::vocabulary();
    let auditor = history().auditor();
    for kind in [
        "order",
        "payment",
        "subscription",
        "period",
        "invoice",
        "attempt",
        "event",
    ] {
        let seen = auditor
            .seen()
            .keys()
            .filter(|name| name.starts_with(&format!("{kind}: ")));
        for name in seen {
            assert!(vocabulary.contains(name), "{name}");
        }
    }
}
