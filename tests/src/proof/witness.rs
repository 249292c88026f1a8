//! The auditor at a shop: sees every write, looks at the books when all rests.

use auditor::{Auditor, Change, Commit, Finding};
use local::Cloud;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// An auditor that watches one cloud.
#[derive(Debug, Clone)]
pub struct Witness {
    auditor: Auditor,
    /// Everything that was written so far.
    written: Sha256,
}

impl Default for Witness {
    fn default() -> Self {
        Self {
            auditor: Auditor::new(),
            written: Sha256::new(),
        }
    }
}

impl Witness {
    /// Looks at everything written since the last look. It must have seen
    /// every write since the cloud began.
    pub fn watch(&mut self, cloud: &Cloud) {
        for commit in cloud.take_commits() {
            let changes = commit.changes.iter().map(|change| Change {
                pk: change.pk().to_owned(),
                sk: change.sk().to_owned(),
                after: change.after(),
            });
            let commit = Commit {
                at: commit.at,
                by: commit.by.clone(),
                changes: changes.collect(),
            };
            self.written.update(format!("{commit:?}\n"));
            self.auditor.commit(&commit);
        }
    }

    /// Looks at the table against the provider's book, when nothing is under
    /// way: everything found since the last time, nothing when all is well.
    pub fn at_rest(&mut self, cloud: &Cloud) -> Vec<Finding> {
        self.watch(cloud);
        self.auditor.at_rest(&cloud.simulator().book(), cloud.now());
        self.auditor.take()
    }

    /// Looks at the provider's pages, minutes after the last fault; what it finds
    /// is told with the rest.
    pub fn minutes_later(&mut self, cloud: &Cloud) {
        self.watch(cloud);
        self.auditor.minutes_later(&cloud.simulator().book());
    }

    /// What was found while things went on.
    pub fn take(&mut self, cloud: &Cloud) -> Vec<Finding> {
        self.watch(cloud);
        self.auditor.take()
    }

    /// A hash over everything that was written, when, and by whom.
    pub fn written(&self) -> String {
        hex::encode(self.written.clone().finalize())
    }

    /// Which states, steps and events it saw, and how often.
    pub fn seen(&self) -> &BTreeMap<String, u64> {
        self.auditor.seen()
    }
}
