//! Judges the shop from outside: it reads the table's items, in the order in
//! which they were written, and the payment provider's own book, and says
//! which invariants are broken.
//!
//! It shares no code with the shop. Its rules come from the reference
//! (reliability, section 1; billing rules B, D, F, G; the ADRs), not from what
//! the shop happens to do: its own reading of items, its own arithmetic, its
//! own calendar, its own hash chain, its own state machines. From the shop it
//! knows only how things are spelled in the table.
//!
//! [`Auditor::commit`] judges what can be judged at once, [`Auditor::at_rest`]
//! what is true only when nothing is under way. An item of an unknown type, an
//! unknown event, an unknown state are findings: whoever adds one teaches it
//! here as well.
//!
//! Not judged, because the shop does not store it yet: trials (14,
//! 23), TOTP steps and recovery codes (16), erasure (18), audit items of staff
//! (20), write-offs and void invoices (7, 8), disputes, subscriptions changed, paused or restored (10).
//!
//! Not judged, because neither table nor book shows it: answers to other
//! tenants (17), whether a mail was sent once (26), lag of the index (19),
//! claims whose client never came back (13; ADR 22 lets them lie).

mod acts;
mod agreement;
mod balances;
mod book;
mod calendar;
mod cards;
mod carts;
mod coupons;
mod disputes;
mod dunning;
mod events;
mod frozen;
mod inbox;
mod invariant;
mod item;
mod ledger;
mod money;
mod notes;
mod numbers;
mod payments;
mod people;
mod periods;
mod refunds;
mod shape;
mod states;
mod surplus;
mod table;
mod taxes;
mod time;
mod timers;

#[cfg(test)]
mod tests;

pub use invariant::Invariant;

use acts::Acts;
use item::Item;
use jiff::Timestamp;
use notes::Notes;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use table::{Changed, Step, Table};

/// One write to the table: what one call changed, in one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// When.
    pub at: Timestamp,
    /// Operation id of the function that wrote, or nothing.
    pub by: String,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// One item that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
    /// The item after it, as DynamoDB JSON; none when it was deleted.
    pub after: Option<Value>,
}

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Which.
    pub invariant: Invariant,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.invariant, self.what)
    }
}

/// The auditor: the table as the commits left it, and what it found.
#[derive(Debug, Clone, Default)]
pub struct Auditor {
    table: Table,
    acts: Acts,
    notes: Notes,
}

impl Auditor {
    /// One that saw nothing yet: an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at one commit: what can be judged at once.
    pub fn commit(&mut self, commit: &Commit) {
        let changes = self.take_in(commit);
        let step = Step {
            at: commit.at,
            by: &commit.by,
            changes,
            table: &self.table,
        };
        let notes = &mut self.notes;
        shape::judge(&step, notes);
        self.acts.judge(&step, notes);
        frozen::judge(&step, notes);
        states::judge(&step, notes);
        time::judge(&step, notes);
        events::judge(&step, notes);
        timers::judge(&step, notes);
        money::judge(&step, notes);
        ledger::judge(&step, notes);
        numbers::judge(&step, notes);
        payments::judge(&step, notes);
        refunds::judge(&step, notes);
        disputes::judge(&step, notes);
        dunning::judge(&step, notes);
        periods::judge(&step, notes);
        agreement::judge(&step, notes);
        inbox::judge(&step, notes);
        carts::judge(&step, notes);
        cards::judge(&step, notes);
        coupons::judge(&step, notes);
        people::judge(&step, notes);
    }

    /// Writes a commit into the table; what it changed.
    fn take_in(&mut self, commit: &Commit) -> Vec<Changed> {
        let mut changes = Vec::with_capacity(commit.changes.len());
        for change in &commit.changes {
            let new = match &change.after {
                None => None,
                Some(raw) => {
                    let Some(item) = Item::read(raw) else {
                        let place = format!("{}/{} cannot be read", change.pk, change.sk);
                        self.notes.broken(Invariant::Form, place);
                        continue;
                    };
                    Some(Arc::new(item))
                }
            };
            let old = self.table.write(&change.pk, &change.sk, new.clone());
            let changed = Changed {
                pk: change.pk.clone(),
                sk: change.sk.clone(),
                old,
                new,
            };
            if changed.old == changed.new {
                continue;
            }
            if changed.is_put_off() {
                self.put_off(&changed);
                continue;
            }
            changes.push(changed);
        }
        changes
    }

    /// A sweep put off what failed: the timer moves on, never back.
    fn put_off(&mut self, changed: &Changed) {
        let due = |item: &Option<Arc<Item>>| {
            let item = item.as_deref();
            item.map_or("", |item| item.text("due_at")).to_owned()
        };
        let (before, after) = (due(&changed.old), due(&changed.new));
        let suffix = format!("#{}", changed.sk);
        let later = !before.is_empty() && before < after && after.ends_with(&suffix);
        self.notes.must(later, Invariant::DueKey, || {
            format!(
                "{} was put off from {before:?} to {after:?}",
                changed.place()
            )
        });
        self.notes.saw(format!("{}: put off", changed.kind()));
    }

    /// Looks at everything at a moment when nothing is under way and faults
    /// are off, against the provider's book: the JSON of its payments,
    /// refunds, customers, sessions and events.
    pub fn at_rest(&mut self, book: &Value, now: Timestamp) {
        let (table, notes) = (&self.table, &mut self.notes);
        cards::at_rest(table, book, notes);
        let book = book::Book::read(book, table);
        book.at_rest(table, notes);
        book.received(table, now, notes);
        book.references(table, notes);
        book.outcomes(table, notes);
        balances::at_rest(table, &book, notes);
        numbers::at_rest(table, notes);
        agreement::at_rest(table, notes);
        refunds::at_rest(table, notes);
        people::at_rest(table, notes);
        timers::at_rest(table, now, notes);
    }

    /// Looks at the provider's payment pages, minutes after the last fault and
    /// before they expire by themselves.
    pub fn minutes_later(&mut self, book: &Value) {
        let book = book::Book::read(book, &self.table);
        book.pages(&self.table, &mut self.notes);
    }

    /// The findings so far, in order; empties them.
    pub fn take(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.notes.findings)
    }

    /// What a long simulation should have seen at least once: every
    /// transition, every outcome of an attempt, every event. Some need what
    /// no operation does yet; see the state machines.
    pub fn vocabulary() -> Vec<String> {
        states::names()
            .chain(payments::names())
            .chain(refunds::names())
            .chain(disputes::names())
            .chain(events::names())
            .collect()
    }

    /// Which states, transitions and events were seen, and how often:
    /// `order: pending -> paid`, `attempt: unknown`, `event: order_placed`.
    pub fn seen(&self) -> &BTreeMap<String, u64> {
        &self.notes.seen
    }
}
