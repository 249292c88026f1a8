//! Refunds of what was owed: asked for, approved where they are large, made
//! once, each with its credit note, together never above the capture.

use crate::Invariant::{Audit, InvoiceArithmetic, MonotoneStates, Pointers, RefundBound};
use crate::item::{Item, Node};
use crate::money::money;
use crate::notes::Notes;
use crate::table::{Changed, Step, Table};

/// Above this, in cents, a second person must agree: the setting of the shops
/// that are judged.
const APPROVED_ABOVE: i128 = 1_000;

/// How a refund may go on.
const STATES: &[(&str, &str)] = &[
    ("new", "awaiting_approval"),
    ("new", "pending"),
    // Made by hand at the provider.
    ("new", "made"),
    ("awaiting_approval", "pending"),
    ("awaiting_approval", "rejected"),
    // The bank left too little of the capture, or somebody by hand.
    ("awaiting_approval", "refused"),
    ("pending", "made"),
    ("pending", "refused"),
    ("made", "failed"),
];

/// Every step of a refund, as it is counted when it is seen.
pub(crate) fn names() -> impl Iterator<Item = String> {
    STATES
        .iter()
        .map(|(from, to)| format!("refund: {from} -> {to}"))
}

fn state(refund: Node<'_>) -> &str {
    refund.at("status.state").text()
}

/// The refunds of a payment the provider is still to make.
pub(crate) fn pending(payment: &Item) -> impl Iterator<Item = Node<'_>> {
    payment
        .at("refunds")
        .list()
        .filter(|refund| state(*refund) == "pending")
}

/// The refunds of a payment that were made.
pub(crate) fn made(payment: &Item) -> impl Iterator<Item = Node<'_>> {
    payment
        .at("refunds")
        .list()
        .filter(|refund| state(*refund) == "made")
}

/// The refunds of a payment that the bank returned.
pub(crate) fn failed(payment: &Item) -> impl Iterator<Item = Node<'_>> {
    payment
        .at("refunds")
        .list()
        .filter(|refund| state(*refund) == "failed")
}

/// The refunds of a payment that have a credit note.
pub(crate) fn credited(payment: &Item) -> impl Iterator<Item = Node<'_>> {
    payment
        .at("refunds")
        .list()
        .filter(|refund| matches!(state(*refund), "made" | "failed"))
}

/// What was given back of a payment.
pub(crate) fn given_back(payment: &Item) -> i128 {
    made(payment).fold(0, |sum, refund| {
        sum.saturating_add(refund.at("amount.amount").count())
    })
}

/// True for a payment of which nothing is left.
pub(crate) fn is_refunded(payment: &Item) -> bool {
    let back = credited(payment).fold(0_i128, |sum, refund| {
        sum.saturating_add(refund.at("amount.amount").count())
    });
    back > 0 && back == payment.at("amount.amount").count()
}

/// Judges the refunds a commit wrote.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, old, payment) in step.written("payment") {
        bounded(change, payment, notes);
        let before = old.map(|old| old.at("refunds").list());
        let known = before.clone().map_or(0, Iterator::count);
        let now = payment.at("refunds").list();
        notes.must(known <= now.clone().count(), RefundBound, || {
            format!("{}: a refund vanished", change.place())
        });
        for (place, refund) in now.enumerate() {
            let was = before.clone().and_then(|mut all| all.nth(place));
            one(step, change, (was, refund), payment, notes);
        }
    }
}

fn bounded(change: &Changed, payment: &Item, notes: &mut Notes) {
    let held = payment
        .at("refunds")
        .list()
        .filter(|it| !matches!(state(*it), "refused" | "rejected"));
    let (amount, currency) = money(payment.at("amount")).unwrap_or_default();
    let mut sum = 0_i128;
    for refund in held {
        let (part, same) = money(refund.at("amount")).unwrap_or_default();
        let nets = refund.at("nets").list();
        let nets = nets.fold(0_i128, |sum, net| {
            sum.saturating_add(net.number().unwrap_or(-1))
        });
        let adds_up = nets.saturating_add(refund.at("tax").count()) == part;
        notes.must(part > 0 && same == currency && adds_up, RefundBound, || {
            format!("{}: a refund of {part} {same}", change.place())
        });
        sum = sum.saturating_add(part);
    }
    let gone = given_back(payment);
    notes.must(gone <= amount, RefundBound, || {
        format!("{}: {gone} of {amount} given back", change.place())
    });
    let is_paid = payment.text("status.state") == "paid";
    notes.must(sum <= amount && (sum == 0 || is_paid), RefundBound, || {
        format!("{}: {sum} of {amount} to be given back", change.place())
    });
}

fn one(
    step: &Step<'_>,
    change: &Changed,
    (old, refund): (Option<Node<'_>>, Node<'_>),
    payment: &Item,
    notes: &mut Notes,
) {
    let id = refund.at("id").text();
    let place = || format!("{}: {id}", change.place());
    let (from, to) = (old.map_or("new", state), state(refund));
    if let Some(old) = old {
        let fixed = [
            "id",
            "amount",
            "nets",
            "tax",
            "reason",
            "requested_by",
            "requested_at",
            "credit_note",
        ];
        let same = fixed.iter().all(|name| old.at(name) == refund.at(name));
        notes.must(same && (from != to || old == refund), RefundBound, || {
            format!("{} changed", place())
        });
    }
    if from == to {
        return;
    }
    notes.must(STATES.contains(&(from, to)), MonotoneStates, || {
        format!("{} went from {from} to {to}", place())
    });
    notes.saw(format!("refund: {from} -> {to}"));
    told(step, change, (from, to), refund, notes);
    let by_hand = refund.at("requested_by").is_nothing();
    if matches!(to, "pending" | "made") && !by_hand {
        approved(change, refund, notes);
    }
    let sk = format!("INVOICE#{}", refund.at("credit_note").text());
    let note = step.beside(change, &sk);
    if to == "failed" {
        notes.must(note.is_some(), RefundBound, || {
            format!("{} came back, and its credit note is gone", place())
        });
        return;
    }
    if to != "made" {
        notes.must(note.is_none(), RefundBound, || {
            format!("{} is {to}, and has a credit note", place())
        });
        return;
    }
    let is_new = step
        .change(&change.pk, &sk)
        .is_some_and(|it| it.old.is_none());
    notes.must(is_new, Pointers, || format!("{} has no {sk}", place()));
    if let Some(note) = note
        && let Err(what) = corrects(step, change, (refund, note), payment)
    {
        notes.broken(InvoiceArithmetic, format!("{}: {what}", place()));
    }
}

/// Each step of a refund has its event; only what was made by hand at the
/// provider was asked for by nobody here.
fn told(
    step: &Step<'_>,
    change: &Changed,
    (from, to): (&str, &str),
    refund: Node<'_>,
    notes: &mut Notes,
) {
    let id = refund.at("id").text();
    let place = || format!("{}: {id}", change.place());
    let by_hand = refund.at("requested_by").is_nothing();
    notes.must(
        by_hand == ((from, to) == ("new", "made")) || from != "new",
        Audit,
        || format!("{} was asked for by nobody", place()),
    );
    let name = match (from, to) {
        ("new", "made") => "refund_adopted",
        (_, "failed") => "refund_failed",
        ("new", _) => "refund_requested",
        (_, "pending") => "refund_approved",
        (_, "rejected") => "refund_rejected",
        (_, "made") => "refund_made",
        _ => "refund_refused",
    };
    notes.must(step.tells(name, "refund", id), Audit, || {
        format!("{}, and no {name} tells it", place())
    });
}

/// Two people stand behind a large one.
fn approved(change: &Changed, refund: Node<'_>, notes: &mut Notes) {
    let by = refund.at("approved_by").text();
    let small = refund.at("amount.amount").count() <= APPROVED_ABOVE;
    let second = !by.is_empty() && by != refund.at("requested_by").text();
    notes.must(small || second, RefundBound, || {
        let id = refund.at("id").text();
        format!("{}: {id} is large, and approved by {by:?}", change.place())
    });
}

/// The credit note says what the refund says, of the invoice that was paid.
fn corrects(
    step: &Step<'_>,
    change: &Changed,
    (refund, note): (Node<'_>, &Item),
    payment: &Item,
) -> Result<(), String> {
    let sk = format!("INVOICE#{}", payment.text("invoice"));
    let invoice = step
        .beside(change, &sk)
        .ok_or_else(|| format!("{sk} is not there"))?;
    let of = |name: &str| note.at("correction").at(name);
    let names = of("invoice") == payment.at("invoice")
        && of("number") == invoice.at("status.number")
        && of("issued_at") == invoice.at("status.issued_at")
        && of("refund").text() == refund.at("id").text()
        && of("reason").text() == refund.at("reason").text();
    if !names {
        return Err("its credit note names another invoice or reason".to_owned());
    }
    if money(note.at("totals.total")) != money(refund.at("amount")) {
        return Err("its credit note has another total".to_owned());
    }
    for name in ["buyer", "tax", "payment", "purpose", "locale", "account"] {
        if note.at(name) != invoice.at(name) {
            return Err(format!("its credit note has another {name}"));
        }
    }
    Ok(())
}

/// Judges every invoice with its credit notes: of no line more is taken back
/// than it has, and of one that is given back in full exactly all.
pub(crate) fn at_rest(table: &Table, notes: &mut Notes) {
    for (pk, sk, payment) in table.all() {
        if payment.text("type") != "payment" || payment.at("refunds").is_nothing() {
            continue;
        }
        let id = format!("INVOICE#{}", payment.text("invoice"));
        let Some(invoice) = table.get(pk, &id) else {
            notes.broken(Pointers, format!("{pk}/{sk}: {id} is not there"));
            continue;
        };
        let (amount, _) = money(payment.at("amount")).unwrap_or_default();
        let (_, lost) = crate::disputes::stakes(payment);
        let gone = credited(payment).fold(lost, |sum, refund| {
            sum.saturating_add(refund.at("amount.amount").count())
        });
        notes.must(gone <= amount, RefundBound, || {
            format!("{pk}/{sk}: {gone} of {amount} given back, owed or lost")
        });
        let whole = is_refunded(payment);
        for (place, line) in invoice.at("lines").list().enumerate() {
            let (net, _) = money(line.at("total")).unwrap_or_default();
            let back = credited(payment).fold(0_i128, |sum, refund| {
                let part = refund.at("nets").list().nth(place);
                sum.saturating_add(part.and_then(|it| it.number()).unwrap_or_default())
            });
            let right = (0..=net).contains(&back) && (!whole || back == net);
            notes.must(right, InvoiceArithmetic, || {
                format!("{pk}/{sk}: {back} of {net} of line {place} given back")
            });
        }
        let noted = table
            .range(pk, "INVOICE#")
            .filter(|(_, it)| it.text("correction.invoice") == payment.text("invoice"))
            .count();
        notes.must(noted == credited(payment).count(), RefundBound, || {
            format!("{pk}/{sk}: {noted} credit notes")
        });
        let order = table.get(pk, &format!("ORDER#{}", payment.text("purpose.order")));
        let told = order.is_some_and(|it| it.text("status.state") == "refunded");
        notes.must(order.is_none() || told == whole, MonotoneStates, || {
            format!("{pk}/{sk}: its order says refunded: {told}")
        });
    }
}
