//! Judges the shop from outside: it reads the table's items, in the order in
//! which they were written, and the payment provider's own book, and says
//! which invariants are broken.
//!
//! It shares no code with the shop. Its rules come from the reference, not
//! from what the shop happens to do.

mod invariant;

pub use invariant::Invariant;

use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

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

/// The auditor: what it saw, and what it found.
#[derive(Debug, Clone, Default)]
pub struct Auditor {
    findings: Vec<Finding>,
    seen: BTreeMap<String, u64>,
}

impl Auditor {
    /// One that saw nothing yet: an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at one commit: what can be judged at once.
    pub fn commit(&mut self, _commit: &Commit) {}

    /// Looks at everything at a moment when nothing is under way and faults
    /// are off, against the provider's book.
    pub fn at_rest(&mut self, _book: &Value, _now: Timestamp) {}

    /// The findings so far, in order; empties them.
    pub fn take(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// Which states, transitions and events were seen, and how often.
    pub fn seen(&self) -> &BTreeMap<String, u64> {
        &self.seen
    }
}
