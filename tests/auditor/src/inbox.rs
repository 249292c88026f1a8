//! The provider's events, and idempotency claims: what is final stays, what
//! was put aside changed nothing.

use crate::Invariant::{Claims, Conservation, Pointers};
use crate::frozen::is_another_life;
use crate::item::Item;
use crate::notes::Notes;
use crate::table::{Changed, Step};
use jiff::SignedDuration;

/// The longest a claim is locked: a function's time-out and five seconds, and
/// what clocks differ.
const LONGEST_LOCK: SignedDuration = SignedDuration::from_secs(15 + 2);

/// Largest stored answer, in bytes.
const LARGEST_ANSWER: usize = 32 * 1024;

/// Judges the provider's events and the claims a commit wrote.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for (change, old, event) in step.written("provider_event") {
        let aside = matches!(
            event.text("state.inbox"),
            "quarantined" | "received" | "waiting"
        );
        notes.must(!aside || step.changes.len() == 1, Conservation, || {
            let others = step.changes.len().saturating_sub(1);
            format!(
                "{} was put aside and changed {others} items",
                change.place()
            )
        });
        // What waits is given up a day after it first came, however often it
        // comes again.
        let first = old.map_or(event, |old| old).at("received_at");
        let waits = event.at("check_at").is_set();
        notes.must(
            !waits || first == event.at("received_at"),
            Conservation,
            || format!("{} waits anew from its repetition on", change.place()),
        );
        let reason = event.text("state.reason");
        if event.text("state.inbox") == "quarantined" {
            notes.must(!reason.is_empty(), Conservation, || {
                format!("{} is quarantined without a reason", change.place())
            });
            notes.saw(format!("quarantined: {reason}"));
        }
    }
    for (change, _) in step.put("conflicting_event") {
        let first = step.beside(change, "EVENT").is_some();
        notes.must(first && step.changes.len() == 1, Conservation, || {
            format!("{} conflicts with nothing, or changed more", change.place())
        });
        notes.saw("provider_event: conflicting".to_owned());
    }
    for (change, order) in step.put("order") {
        let claimed = step
            .written("claim")
            .any(|(_, _, claim)| claim.text("state.order") == order.text("id"));
        notes.must(claimed, Claims, || {
            format!("{} was made without a claim of its key", change.place())
        });
    }
    for (change, old, claim) in step.written("claim") {
        let life = old.filter(|old| !is_another_life(step, old, claim));
        claimed(step, change, life, claim, notes);
    }
}

fn claimed(step: &Step<'_>, change: &Changed, old: Option<&Item>, claim: &Item, notes: &mut Notes) {
    let place = || change.place();
    let from = old.map_or("new", |old| old.text("state.state"));
    let to = claim.text("state.state");
    notes.saw(format!("claim: {from} -> {to}"));
    let known = [
        ("new", "in_progress"),
        ("new", "complete"),
        ("in_progress", "in_progress"),
        ("in_progress", "complete"),
    ];
    notes.must(known.contains(&(from, to)), Claims, || {
        format!("{} went from {from} to {to}", place())
    });
    if to == "in_progress" {
        let sk = match claim.text("state.card") {
            "" => format!("ORDER#{}", claim.text("state.order")),
            card => format!("CARD#{card}"),
        };
        notes.must(step.beside(change, &sk).is_some(), Pointers, || {
            format!("{} made no {sk}", place())
        });
        let lock = claim.at("state.lock_until").time();
        let longest = step.at.checked_add(LONGEST_LOCK).ok();
        let fine = lock.is_some_and(|lock| lock >= step.at) && lock <= longest;
        notes.must(fine, Claims, || {
            format!("{} is locked until {lock:?}", place())
        });
        if let Some(old) = old.filter(|_| from == "in_progress") {
            let free = old.at("state.lock_until").time();
            let was_free = free.is_some_and(|free| free <= step.at);
            notes.must(was_free, Claims, || {
                format!("{} was taken over while it was locked", place())
            });
            let same = old.at("state.order") == claim.at("state.order");
            notes.must(same, Claims, || format!("{} made another order", place()));
        }
    } else {
        let answer = claim.at("state.answer");
        let body = answer.at("body").text();
        let fine = matches!(answer.at("status").number(), Some(200..300 | 402 | 409))
            && body.len() <= LARGEST_ANSWER;
        notes.must(fine, Claims, || format!("{} has no fit answer", place()));
        let order = old.map_or("", |old| old.text("state.order"));
        notes.must(body.contains(order), Claims, || {
            format!("{} answers without {order}, which it made", place())
        });
    }
}
