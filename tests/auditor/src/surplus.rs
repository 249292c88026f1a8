//! Captures nobody owed: each once, given back once, in one refund or in
//! parts, each told; what the bank returned of them is told and owed.

use crate::Invariant::{OneCapture, RefundBound};
use crate::item::{Item, Node};
use crate::money::money;
use crate::notes::Notes;
use crate::table::{Changed, Step};

/// The surplus captures of a payment.
pub(crate) fn all(payment: &Item) -> impl Iterator<Item = Node<'_>> {
    payment.at("surplus").list()
}

/// Those the provider is still to be asked for.
pub(crate) fn open(payment: &Item) -> impl Iterator<Item = Node<'_>> {
    let open = |it: &Node<'_>| it.at("refund").is_nothing() && it.at("refused").is_nothing();
    all(payment).filter(open)
}

/// The refunds of a surplus: the provider's id, and how much.
pub(crate) fn refunds(surplus: Node<'_>) -> Vec<(&str, i128)> {
    let parts = surplus.at("parts").list();
    let parts = parts.map(|it| (it.at("refund").text(), it.at("amount.amount").count()));
    let mut all: Vec<_> = parts.collect();
    let last = surplus.at("refund").text();
    if !last.is_empty() {
        let whole = surplus.at("amount.amount").count();
        let rest = all.iter().fold(whole, |left, it| left.saturating_sub(it.1));
        all.push((last, rest));
    }
    all
}

/// True where the bank returned a refund of a surplus.
pub(crate) fn is_returned(surplus: Node<'_>, refund: &str) -> bool {
    let mut returned = surplus.at("returned").list();
    returned.any(|it| it.text() == refund)
}

/// What was given back of a surplus, and what of that the bank returned.
pub(crate) fn given_back(surplus: Node<'_>) -> (i128, i128) {
    let mut sums = (0_i128, 0_i128);
    for (id, amount) in refunds(surplus) {
        sums.0 = sums.0.saturating_add(amount);
        if is_returned(surplus, id) {
            sums.1 = sums.1.saturating_add(amount);
        }
    }
    sums
}

/// The same of all of a payment's.
pub(crate) fn sums(payment: &Item) -> (i128, i128) {
    all(payment).map(given_back).fold((0, 0), |sum, it| {
        (sum.0.saturating_add(it.0), sum.1.saturating_add(it.1))
    })
}

/// The provider's payments of those that it does not give back, or the bank
/// returned: a person looks at them.
pub(crate) fn stuck(payment: &Item) -> impl Iterator<Item = &str> {
    let stuck = |it: &Node<'_>| it.at("refused").is_set() || it.at("returned").is_set();
    all(payment)
        .filter(stuck)
        .map(|it| it.at("provider_payment").text())
}

/// How many refunds were made of a payment's, and how many the bank returned.
pub(crate) fn counts(payment: &Item) -> (usize, usize) {
    all(payment).fold((0, 0), |(made, back), it| {
        let (more, returned) = (refunds(it).len(), it.at("returned").list().count());
        (made.saturating_add(more), back.saturating_add(returned))
    })
}

/// Judges the surplus captures of a payment that was written.
pub(crate) fn judge(
    step: &Step<'_>,
    change: &Changed,
    old: Option<&Item>,
    payment: &Item,
    notes: &mut Notes,
) {
    let mut known = Vec::new();
    for one in all(payment) {
        let by = one.at("provider_payment").text();
        let twice = known.contains(&by) || by == payment.text("status.provider_payment");
        notes.must(!twice && !by.is_empty(), OneCapture, || {
            format!("{}: {by:?} is counted twice", change.place())
        });
        notes.must(
            money(one.at("amount")) == money(payment.at("amount")),
            RefundBound,
            || format!("{}: a surplus of another amount", change.place()),
        );
        known.push(by);
        let was = old.and_then(|old| all(old).find(|it| it.at("provider_payment").text() == by));
        match was {
            None => notes.saw("surplus: captured".to_owned()),
            Some(was) => went_back(step, change, (was, one), payment, notes),
        }
        bounded(change, one, notes);
    }
    let kept = old.is_none_or(|old| {
        let mut before = all(old);
        before.all(|one| known.contains(&one.at("provider_payment").text()))
    });
    notes.must(kept, RefundBound, || {
        format!("{}: a surplus was forgotten", change.place())
    });
}

/// Each refund is above zero and another one, together they are no more than
/// was captured, and only what was made is returned, once.
fn bounded(change: &Changed, surplus: Node<'_>, notes: &mut Notes) {
    let by = surplus.at("provider_payment").text();
    let refunds = refunds(surplus);
    let mut ids: Vec<_> = refunds.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    let (given, _) = given_back(surplus);
    let fine = ids.len() == refunds.len()
        && refunds
            .iter()
            .all(|(id, amount)| *amount > 0 && !id.is_empty())
        && given <= surplus.at("amount.amount").count();
    notes.must(fine, RefundBound, || {
        format!("{}: {by} was given back as {refunds:?}", change.place())
    });
    let mut returned: Vec<_> = surplus.at("returned").list().map(Node::text).collect();
    let told = returned.len();
    returned.retain(|id| ids.contains(id));
    returned.sort_unstable();
    returned.dedup();
    notes.must(told == returned.len(), RefundBound, || {
        format!("{}: {by} came back, which was not made", change.place())
    });
}

/// What was given back stays so, and what is new is told.
fn went_back(
    step: &Step<'_>,
    change: &Changed,
    (was, one): (Node<'_>, Node<'_>),
    payment: &Item,
    notes: &mut Notes,
) {
    let (by, id) = (one.at("provider_payment").text(), payment.text("id"));
    let (before, now) = (refunds(was), refunds(one));
    let kept = before.iter().all(|it| now.contains(it));
    notes.must(
        kept && now.len() <= before.len().saturating_add(1),
        RefundBound,
        || format!("{}: {by} was refunded twice", change.place()),
    );
    if now.len() > before.len() {
        let told = step.tells("surplus_refunded", "payment", id);
        notes.must(told, RefundBound, || {
            format!("{}: the refund of {by} is not told", change.place())
        });
        let what = if one.at("refund").is_set() {
            "refunded"
        } else {
            "refunded in part"
        };
        notes.saw(format!("surplus: {what}"));
    }
    let back = |it: Node<'_>| it.at("returned").list().count();
    if back(was) != back(one) {
        let told = step.tells("surplus_returned", "payment", id);
        notes.must(told && back(was) < back(one), RefundBound, || {
            format!("{}: that {by} came back is not told", change.place())
        });
        notes.saw("surplus: returned".to_owned());
    }
}
