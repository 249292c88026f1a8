//! Payments and their attempts.

use crate::Invariant::{
    AttemptBound, Audit, Entitlement, MonotoneStates, OneCapture, PaidIffCaptured, Pointers,
};
use crate::item::{Item, Node};
use crate::notes::Notes;
use crate::table::{Changed, Step};
use jiff::{SignedDuration, Timestamp};

/// After this long the provider would show a charge, if there were one; and
/// how far apart two looks are that prove that there is none.
const SHOWN_AFTER: SignedDuration = SignedDuration::from_hours(24);
const PROOF: SignedDuration = SignedDuration::from_hours(1);

/// How the outcome of an attempt may go on. That money came after all is
/// always possible: a capture is never forgotten.
const OUTCOMES: &[(&str, &str)] = &[
    ("new", "in_flight"),
    ("in_flight", "unknown"),
    ("in_flight", "succeeded"),
    ("in_flight", "failed"),
    ("in_flight", "needs_customer"),
    ("in_flight", "not_created"),
    ("unknown", "succeeded"),
    ("unknown", "failed"),
    ("unknown", "needs_customer"),
    ("unknown", "not_created"),
    ("failed", "succeeded"),
    ("needs_customer", "succeeded"),
    ("not_created", "succeeded"),
];

/// Every outcome there is, as it is counted when it is seen.
pub(crate) fn names() -> impl Iterator<Item = String> {
    let mut outcomes: Vec<_> = OUTCOMES.iter().map(|(_, to)| *to).collect();
    outcomes.sort_unstable();
    outcomes.dedup();
    outcomes
        .into_iter()
        .map(|outcome| format!("attempt: {outcome}"))
}

/// True while money may still move because of an attempt.
pub(crate) fn is_open(attempt: Node<'_>) -> bool {
    matches!(attempt.at("outcome").text(), "in_flight" | "unknown")
}

/// The provider was asked for it a day after it began, and again an hour
/// later, and knew nothing of it (reliability 2).
fn is_disproved(attempt: Option<Node<'_>>, now: Timestamp) -> bool {
    let began = attempt.and_then(|it| it.at("started_at").time());
    let absent = attempt.and_then(|it| it.at("absent_since").time());
    let (Some(began), Some(absent)) = (began, absent) else {
        return false;
    };
    absent.duration_since(began) >= SHOWN_AFTER && now.duration_since(absent) >= PROOF
}

/// Judges the payments a commit wrote.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, old, payment) in step.written("payment") {
        attempts(step, change, old, payment, notes);
        crate::surplus::judge(step, change, old, payment, notes);
        let owner = step.beside(change, "PROFILE");
        notes.must(owner.is_some(), Pointers, || {
            format!("{} belongs to no account", change.place())
        });
        if payment.text("status.state") == "paid" {
            paid(change, old, payment, notes);
        }
        let booked = captures_booked(step, payment);
        let is_paid = i128::from(payment.text("status.state") == "paid");
        let seen = payment.at("surplus").list().count();
        let seen = i128::try_from(seen).unwrap_or(i128::MAX);
        let expected = is_paid.saturating_add(seen);
        // Cheap, since both change in the same commit or not at all.
        let before = old.map_or(0, captures_told);
        let booked_now = expected.saturating_sub(before);
        notes.must(booked == booked_now, OneCapture, || {
            format!("{}: {booked_now} captures, {booked} booked", change.place())
        });
    }
}

fn captures_told(payment: &Item) -> i128 {
    let surplus = i128::try_from(payment.at("surplus").list().count()).unwrap_or(i128::MAX);
    i128::from(payment.text("status.state") == "paid").saturating_add(surplus)
}

/// Captures of a payment that this commit booked.
fn captures_booked(step: &Step<'_>, payment: &Item) -> i128 {
    let booked = step
        .put("ledger_entry")
        .filter(|(_, entry)| {
            entry.text("cause") == "capture" && entry.text("payment") == payment.text("id")
        })
        .count();
    i128::try_from(booked).unwrap_or(i128::MAX)
}

fn paid(change: &Changed, old: Option<&Item>, payment: &Item, notes: &mut Notes) {
    let by = payment.text("status.provider_payment");
    let captured = payment.at("attempts").list().any(|attempt| {
        attempt.at("outcome").text() == "succeeded" && attempt.at("provider_payment").text() == by
    });
    notes.must(captured && !by.is_empty(), PaidIffCaptured, || {
        format!(
            "{} is paid by {by:?}, which no attempt captured",
            change.place()
        )
    });
    let was = old.filter(|old| old.text("status.state") == "paid");
    let same = was.is_none_or(|old| old.at("status") == payment.at("status"));
    notes.must(same, MonotoneStates, || {
        format!("{} was paid otherwise before", change.place())
    });
}

fn attempts(
    step: &Step<'_>,
    change: &Changed,
    old: Option<&Item>,
    payment: &Item,
    notes: &mut Notes,
) {
    let now = payment.at("attempts").list();
    let open = now.clone().filter(|attempt| is_open(*attempt)).count();
    notes.must(open <= 1, OneCapture, || {
        format!("{}: {open} open attempts", change.place())
    });
    let mut expected = 0_i128;
    for attempt in now.clone() {
        expected = expected.saturating_add(1);
        notes.must(
            attempt.at("number").number() == Some(expected),
            MonotoneStates,
            || format!("{}: attempt {expected} is missing", change.place()),
        );
    }
    let mut objects: Vec<_> = now
        .clone()
        .map(|attempt| attempt.at("provider_payment").text())
        .filter(|object| !object.is_empty())
        .collect();
    objects.sort_unstable();
    let all = objects.len();
    objects.dedup();
    notes.must(objects.len() == all, OneCapture, || {
        format!(
            "{}: two attempts are one object of the provider",
            change.place()
        )
    });
    let before = old.map(|old| old.at("attempts").list());
    let known = before.clone().map_or(0, Iterator::count);
    notes.must(known <= now.clone().count(), MonotoneStates, || {
        format!("{}: an attempt vanished", change.place())
    });
    for (place, attempt) in now.enumerate() {
        let was = before.clone().and_then(|mut attempts| attempts.nth(place));
        one_attempt(step, change, was, attempt, payment, notes);
        if was.is_none() && place > 0 {
            further(step, change, attempt, payment, notes);
        }
        if was.is_none() && old.is_some_and(|old| old.text("status.state") != "pending") {
            notes.broken(
                AttemptBound,
                format!("{}: an attempt at what is settled", change.place()),
            );
        }
    }
}

/// An attempt after the first is told: as a retry, as the page an order's
/// customer asked for instead of the one before, or as what follows when the
/// bank wants the customer.
fn further(
    step: &Step<'_>,
    change: &Changed,
    attempt: Node<'_>,
    payment: &Item,
    notes: &mut Notes,
) {
    let is_charge = attempt.at("channel").text() == "off_session";
    let is_order = payment.text("purpose.for") == "order";
    let name = if is_charge || is_order {
        "attempt_started"
    } else {
        "customer_needed"
    };
    let told = step.tells(name, "payment", payment.text("id"));
    notes.must(told, Audit, || {
        let number = attempt.at("number").count();
        format!(
            "{}: attempt {number} began, and no {name} tells it",
            change.place()
        )
    });
}

fn one_attempt(
    step: &Step<'_>,
    change: &Changed,
    old: Option<Node<'_>>,
    attempt: Node<'_>,
    payment: &Item,
    notes: &mut Notes,
) {
    let place = || {
        format!(
            "{}: attempt {}",
            change.place(),
            attempt.at("number").count()
        )
    };
    let from = old.map_or("new", |old| old.at("outcome").text());
    let to = attempt.at("outcome").text();
    let is_charge = attempt.at("channel").text() == "off_session";
    if is_charge && attempt.at("payment_method").is_nothing() {
        // Without a card nobody is asked.
        let asked = attempt.at("provider_payment").is_set()
            || !matches!(to, "in_flight" | "unknown" | "failed")
            || (to == "failed" && attempt.at("code").text() != "no_card");
        notes.must(!asked, Entitlement, || {
            format!("{} charged no card and is {to}", place())
        });
    }
    if from != to {
        notes.must(OUTCOMES.contains(&(from, to)), MonotoneStates, || {
            format!("{} went from {from} to {to}", place())
        });
        notes.saw(format!("attempt: {to}"));
        if to == "failed" {
            notes.saw(format!("decline: {}", attempt.at("code").text()));
        }
        notes.must(
            to != "not_created" || is_disproved(old, step.at),
            PaidIffCaptured,
            || format!("{} was given up before that was proved", place()),
        );
        let late = matches!(from, "failed" | "needs_customer" | "not_created");
        if late && to == "succeeded" {
            let brought = attempt.at("provider_payment").text();
            let by = payment.text("status.provider_payment");
            let is_new = captures_booked(step, payment) == 1;
            notes.must(is_new && !brought.is_empty(), MonotoneStates, || {
                format!("{} succeeded late, but {by:?} paid", place())
            });
        }
    }
    if let Some(old) = old {
        kept(step, change, (old, attempt), payment, notes);
    }
}

/// What of an attempt stays as it is, and what is set once.
fn kept(
    step: &Step<'_>,
    change: &Changed,
    (old, attempt): (Node<'_>, Node<'_>),
    payment: &Item,
    notes: &mut Notes,
) {
    let number = attempt.at("number").count();
    let place = || format!("{}: attempt {number}", change.place());
    let from = old.at("outcome").text();
    let to = attempt.at("outcome").text();
    if !is_open(old) && to == from {
        notes.must(old == attempt, MonotoneStates, || {
            format!("{} had ended and changed", place())
        });
    }
    for name in [
        "number",
        "started_at",
        "channel",
        "return_url",
        "closes_at",
        "customer",
        "payment_method",
    ] {
        notes.must(old.at(name) == attempt.at(name), MonotoneStates, || {
            format!("{}: {name} changed", place())
        });
    }
    for name in ["page", "provider_payment", "absent_since"] {
        let same = old.at(name).is_nothing()
            || old.at(name) == attempt.at(name)
            || (name == "provider_payment" && from != to && to == "succeeded");
        notes.must(same, MonotoneStates, || {
            format!("{}: {name} changed", place())
        });
    }
    if old.at("page").is_nothing() && attempt.at("page").is_set() {
        let order = step.beside(change, &format!("ORDER#{}", payment.text("purpose.order")));
        let wanted = order.is_none_or(|order| order.text("status.state") == "pending");
        notes.must(wanted, PaidIffCaptured, || {
            format!("{} got a page for an order nobody wants", place())
        });
    }
    let checks = (old.at("checks").count(), attempt.at("checks").count());
    notes.must(checks.0 <= checks.1, MonotoneStates, || {
        format!("{}: it was looked up less often than before", place())
    });
}
