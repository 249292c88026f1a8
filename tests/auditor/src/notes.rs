//! What an auditor writes down.

use crate::{Finding, Invariant};
use std::collections::BTreeMap;

/// Findings and what was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    pub(crate) findings: Vec<Finding>,
    pub(crate) seen: BTreeMap<String, u64>,
}

impl Notes {
    /// Something is not as it must be.
    pub(crate) fn broken(&mut self, invariant: Invariant, what: String) {
        self.findings.push(Finding { invariant, what });
    }

    /// Something must hold.
    pub(crate) fn must(
        &mut self,
        holds: bool,
        invariant: Invariant,
        what: impl FnOnce() -> String,
    ) {
        if !holds {
            self.broken(invariant, what());
        }
    }

    /// Something happened that a simulation should have seen.
    pub(crate) fn saw(&mut self, what: String) {
        let count = self.seen.entry(what).or_default();
        *count = count.saturating_add(1);
    }
}
