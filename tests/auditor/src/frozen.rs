//! What of an item may change after it was put. Everything else is there for
//! good.

use crate::Invariant::{self, AppendOnly, Claims, OneTimeCodes, Sessions, Uniqueness};
use crate::item::Item;
use crate::notes::Notes;
use crate::table::Step;
use jiff::SignedDuration;

/// How long an idempotency key is honoured.
const CLAIM_LIFE: SignedDuration = SignedDuration::from_hours(48);

/// Attributes of a type that may change, beside version, act and timer; none
/// for a type that may change altogether.
fn mutable(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "event" => &["deliver_at"],
        "period" | "order" => &["status"],
        "invoice" => &["status", "finalise_at"],
        "payment" => &["status", "attempts", "surplus", "refunds", "check_at"],
        "subscription" => &[
            "status",
            "period",
            "renewal",
            "cancel_at_period_end",
            "payment_method",
            "next_action_at",
            "faults",
            "openings",
        ],
        "session" => &["n", "rotated_at", "ended"],
        "token" => &["used_at"],
        "claim" => &["state"],
        "provider_event" => &["state", "check_at", "received_at", "expires_at"],
        "login" => &["status", "role", "password_hash"],
        "user" => &[
            "email_verified_at",
            "role",
            "first_name",
            "last_name",
            "locale",
        ],
        "account" => &["provider_customer", "company", "zone", "locale"],
        "series_counter" => &["last", "last_date", "cross_border"],
        "vat_check" => &[
            "registration",
            "answered_at",
            "consultation",
            "unanswered",
            "refused",
            "proven",
            "check_at",
        ],
        "ledger_head" => &["sequence", "hash"],
        "ledger_entry" | "invoice_number" | "conflicting_event" | "data_key" | "decoy"
        | "catalogue_chunk" => &[],
        _ => return None,
    })
}

fn invariant(kind: &str) -> Invariant {
    match kind {
        "session" => Sessions,
        "token" => OneTimeCodes,
        "claim" => Claims,
        "login" | "user" | "account" => Uniqueness,
        _ => AppendOnly,
    }
}

/// Judges what changed against what may.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for change in &step.changes {
        let (Some(old), Some(new)) = (&change.old, &change.new) else {
            continue;
        };
        let kind = new.text("type");
        if kind != old.text("type") {
            notes.broken(
                AppendOnly,
                format!("{} became another type", change.place()),
            );
            continue;
        }
        let Some(mutable) = mutable(kind) else {
            continue;
        };
        let again = kind == "claim" && is_another_life(step, old, new);
        let envelope = ["version", "act", "due_shard", "due_at"];
        for name in old.differences(new) {
            let may = mutable.contains(&name)
                || envelope.contains(&name) && !mutable.is_empty()
                || again && ["claimed_at", "fingerprint", "expires_at"].contains(&name);
            notes.must(may, invariant(kind), || {
                format!("{}: {name} changed", change.place())
            });
        }
        if kind == "account" && old.at("provider_customer").is_set() {
            let same = old.text("provider_customer") == new.text("provider_customer");
            notes.must(same, Uniqueness, || {
                format!("{} got another customer at the provider", change.place())
            });
        }
        if kind == "event" {
            let waits = (old.at("deliver_at").time(), new.at("deliver_at").time());
            let fine = match waits {
                (None, None) | (Some(_), None) => true,
                (Some(before), Some(after)) => before <= after,
                (None, Some(_)) => false,
            };
            notes.must(fine, AppendOnly, || {
                format!("{} waits again for its delivery", change.place())
            });
        }
    }
    keys(step, notes);
}

/// A key whose time is over may be used anew.
pub(crate) fn is_another_life(step: &Step<'_>, old: &Item, new: &Item) -> bool {
    let end = old
        .at("claimed_at")
        .time()
        .and_then(|at| at.checked_add(CLAIM_LIFE).ok());
    old.at("claimed_at") != new.at("claimed_at") && end.is_some_and(|end| end <= step.at)
}

/// Public keys are never removed.
fn keys(step: &Step<'_>, notes: &mut Notes) {
    for (change, old, new) in step.written("keys") {
        let Some(old) = old else { continue };
        let mut kept = old.at("keys").list();
        notes.must(
            kept.all(|key| new.at("keys").list().any(|other| other == key)),
            AppendOnly,
            || format!("{}: a public key is gone", change.place()),
        );
    }
}
