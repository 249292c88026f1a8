//! Disputes: each is written down as the provider has it, its money is booked
//! where it is, and while a bank decides nothing is asked for.

use crate::Invariant::{Audit, MonotoneStates, RefundBound};
use crate::item::{Item, Node};
use crate::money::money;
use crate::notes::Notes;
use crate::table::{Changed, Step};

/// How a dispute may stand, and whether it is over then.
const STATES: &[(&str, bool)] = &[
    ("inquiry", false),
    ("inquiry_under_review", false),
    ("inquiry_closed", true),
    ("needs_response", false),
    ("under_review", false),
    ("won", true),
    ("lost", true),
    ("prevented", true),
];

fn state(dispute: Node<'_>) -> &str {
    dispute.at("status").text()
}

fn find<'a>(payment: &'a Item, id: &str) -> Option<Node<'a>> {
    let mut all = payment.at("disputes").list();
    all.find(|it| it.at("id").text() == id)
}

fn is_over(dispute: Node<'_>) -> bool {
    STATES.contains(&(state(dispute), true))
}

/// What is kept back because of a payment's disputes, and what is lost.
pub(crate) fn stakes(payment: &Item) -> (i128, i128) {
    let mut sums = (0_i128, 0_i128);
    for dispute in payment.at("disputes").list() {
        let withdrawn = dispute.at("withdrawn").count();
        let sum = match state(dispute) {
            "lost" => &mut sums.1,
            _ => &mut sums.0,
        };
        let settled = dispute.at("settled").count();
        *sum = sum.saturating_add(withdrawn.saturating_sub(settled));
    }
    sums
}

/// What of a payment's lost disputes paid refunds that had come back.
pub(crate) fn settled(payment: &Item) -> i128 {
    let all = payment.at("disputes").list();
    all.fold(0, |sum, it| sum.saturating_add(it.at("settled").count()))
}

/// What is owed of a payment: what came back, and no bank took since.
fn owed(payment: &Item) -> i128 {
    let failed = crate::refunds::failed(payment);
    let failed = failed.fold(0_i128, |sum, it| {
        sum.saturating_add(it.at("amount.amount").count())
    });
    failed.saturating_sub(settled(payment))
}

/// What came back is owed once: whoever loses a dispute then pays of it what
/// there is, and nothing is paid that is not owed.
fn settles(
    change: &Changed,
    old: Option<&Item>,
    (was, dispute): (Option<Node<'_>>, Node<'_>),
    payment: &Item,
    notes: &mut Notes,
) {
    let (withdrawn, settled) = (
        dispute.at("withdrawn").count(),
        dispute.at("settled").count(),
    );
    let is_lost = state(dispute) == "lost";
    let is_new = is_lost && was.is_none_or(|was| state(was) != "lost");
    let before = old.map_or(0, owed);
    let expected = before.saturating_add(was.map_or(0, |was| was.at("settled").count()));
    let fine = (0..=withdrawn).contains(&settled)
        && (is_lost || settled == 0)
        && owed(payment) >= 0
        && (!is_new || settled == expected.clamp(0, withdrawn));
    notes.must(fine, RefundBound, || {
        let id = dispute.at("id").text();
        format!(
            "{}: {id} pays {settled}, owed were {before}",
            change.place()
        )
    });
}

/// True while a bank decides on a payment.
fn is_on_hold(payment: &Item) -> bool {
    let mut all = payment.at("disputes").list();
    all.any(|it| matches!(state(it), "needs_response" | "under_review"))
}

/// True when what an event tells of a dispute happened with it.
pub(crate) fn became(event: &Item, payment: Option<(Option<&Item>, &Item)>) -> bool {
    let Some((old, new)) = payment else {
        return false;
    };
    let id = event.text("dispute");
    let before = old.and_then(|old| find(old, id));
    let Some(now) = find(new, id) else {
        return false;
    };
    let closed = is_over(now) && before.map(state) != Some(state(now));
    let asked = |it: Node<'_>| matches!(state(it), "inquiry" | "inquiry_under_review");
    let taken = matches!(state(now), "needs_response" | "under_review");
    let opened = before.is_none_or(|before| asked(before) && taken) && !closed;
    match event.text("event") {
        "payment_disputed" => opened,
        "dispute_changed" => before.is_some_and(|before| before != now) && !closed && !opened,
        "dispute_closed" => closed,
        _ => false,
    }
}

/// True where the provider said nothing new of a dispute.
fn is_as_told(old: Node<'_>, new: Node<'_>) -> bool {
    [
        "id",
        "amount",
        "reason",
        "status",
        "opened_at",
        "evidence_due",
        "withdrawn",
        "closed_at",
    ]
    .iter()
    .all(|name| old.at(name) == new.at(name))
}

/// Judges the disputes a commit wrote.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, old, payment) in step.written("payment") {
        for dispute in payment.at("disputes").list() {
            let id = dispute.at("id").text();
            let was = old.and_then(|old| find(old, id));
            one(step, change, (was, dispute), payment, notes);
            settles(change, old, (was, dispute), payment, notes);
        }
        let known = |it: Node<'_>| find(payment, it.at("id").text()).is_some();
        let kept = old.is_none_or(|old| old.at("disputes").list().all(known));
        notes.must(kept, RefundBound, || {
            format!("{}: a dispute was forgotten", change.place())
        });
        held(change, old, payment, notes);
    }
}

fn one(
    step: &Step<'_>,
    change: &Changed,
    (old, dispute): (Option<Node<'_>>, Node<'_>),
    payment: &Item,
    notes: &mut Notes,
) {
    let id = dispute.at("id").text();
    let place = || format!("{}: {id}", change.place());
    let to = state(dispute);
    let (whole, currency) = money(payment.at("amount")).unwrap_or_default();
    let (amount, same) = money(dispute.at("amount")).unwrap_or_default();
    let withdrawn = dispute.at("withdrawn").number().unwrap_or(-1);
    let is_possible = same == currency
        && (1..=whole).contains(&amount)
        && (0..=amount).contains(&withdrawn)
        && payment.text("status.state") == "paid";
    notes.must(is_possible, RefundBound, || {
        format!("{}: {withdrawn} of {amount} {same} taken", place())
    });
    let known = STATES.contains(&(to, dispute.at("closed_at").is_set()));
    notes.must(known, MonotoneStates, || {
        format!("{} is {to:?}, and closed or not", place())
    });
    if let Some(old) = old.filter(|old| is_as_told(*old, dispute)) {
        // A refund that came back may be paid by what was lost before.
        let mut refunds = payment.at("refunds").list();
        let returned = |it: Node<'_>| step.tells("refund_failed", "refund", it.at("id").text());
        let same = old.at("settled") == dispute.at("settled");
        notes.must(same || refunds.any(returned), Audit, || {
            format!("{} paid for nothing", place())
        });
        return;
    }
    let from = old.map_or("new", state);
    // Only what was won may be lost yet.
    let back = old.is_some_and(is_over) && from != to && (from, to) != ("won", "lost");
    notes.must(!back, MonotoneStates, || {
        format!("{} went from {from} to {to}", place())
    });
    if let Some(old) = old {
        let fixed = ["id", "amount", "opened_at"];
        let same = fixed.iter().all(|name| old.at(name) == dispute.at(name));
        notes.must(same, MonotoneStates, || format!("{} changed", place()));
    }
    notes.saw(format!("dispute: {to}"));
    let names = ["payment_disputed", "dispute_changed", "dispute_closed"];
    let told = names.iter().any(|name| step.tells(name, "dispute", id));
    notes.must(told, Audit, || format!("{} changed untold", place()));
    let moved = old.map_or(0, |old| old.at("withdrawn").count()) != withdrawn
        || to == "lost" && from != "lost" && withdrawn > 0;
    let booked = step.put("ledger_entry").any(|(_, entry)| {
        entry.text("cause") == "dispute" && entry.text("payment") == payment.text("id")
    });
    notes.must(moved == booked, RefundBound, || {
        format!("{}: money moved: {moved}, booked: {booked}", place())
    });
}

/// While a bank decides, no refund is asked for, and none approved.
fn held(change: &Changed, old: Option<&Item>, payment: &Item, notes: &mut Notes) {
    let Some(old) = old.filter(|old| is_on_hold(old)) else {
        return;
    };
    let waiting = |it: &Item| crate::refunds::pending(it).count();
    let asked = old.at("refunds").list().count() < payment.at("refunds").list().count()
        && crate::refunds::given_back(old) == crate::refunds::given_back(payment);
    let fine = waiting(payment) <= waiting(old) && !asked;
    notes.must(fine, RefundBound, || {
        format!(
            "{}: a refund was asked for while a bank decides",
            change.place()
        )
    });
}

/// The states that banks lead to by themselves, as they are counted when they
/// are seen: evidence is sent by tests alone, and nobody prevents anything.
pub(crate) fn names() -> impl Iterator<Item = String> {
    ["inquiry", "inquiry_closed", "needs_response", "won", "lost"]
        .iter()
        .map(|state| format!("dispute: {state}"))
}
