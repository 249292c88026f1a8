//! What was written to the table, call by call: for the stream, for auditors,
//! and for what is read late.

use crate::stream::Change;
use jiff::Timestamp;
use std::collections::VecDeque;

/// What one call changed, all of it at once.
#[derive(Debug, Clone)]
pub struct Commit {
    /// When.
    pub at: Timestamp,
    /// Operation id of the function that called; empty for a call from
    /// outside.
    pub by: String,
    /// The items, each as it was left.
    pub changes: Vec<Change>,
}

/// Changes on their way to those who want them.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// For the stream: taken once.
    stream: VecDeque<Change>,
    /// For auditors, if any: taken once.
    commits: Option<Vec<Commit>>,
    /// For what is read late, if anything is.
    late: Option<VecDeque<(Timestamp, Change)>>,
}

impl Journal {
    /// With commits kept to be read, or not.
    pub(crate) fn new(kept: bool) -> Self {
        Self {
            commits: kept.then(Vec::new),
            ..Self::default()
        }
    }

    /// Notes what a call changed.
    pub(crate) fn note(&mut self, at: Timestamp, by: &str, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        if let Some(late) = &mut self.late {
            late.extend(changes.iter().map(|change| (at, change.clone())));
        }
        self.stream.extend(changes.iter().cloned());
        if let Some(commits) = &mut self.commits {
            commits.push(Commit {
                at,
                by: by.to_owned(),
                changes,
            });
        }
    }

    /// The changes since the last call, oldest first.
    pub(crate) fn take_stream(&mut self) -> Vec<Change> {
        self.stream.drain(..).collect()
    }

    /// The changes that nobody has taken yet.
    pub(crate) fn waiting(&self) -> Vec<Change> {
        self.stream.iter().cloned().collect()
    }

    /// Puts changes into the stream that were kept.
    pub(crate) fn put_back(&mut self, changes: &[Change]) {
        self.stream = changes.iter().cloned().collect();
    }

    /// True when the stream has changes nobody has taken yet.
    pub(crate) fn has_stream(&self) -> bool {
        !self.stream.is_empty()
    }

    /// The commits since the last call.
    pub(crate) fn take_commits(&mut self) -> Vec<Commit> {
        self.commits
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Keeps changes for late readers, or no longer.
    pub(crate) fn keep_late(&mut self, kept: bool) {
        self.late = kept.then(VecDeque::new);
    }

    /// The changes up to a moment that late readers have not seen yet.
    pub(crate) fn take_late(&mut self, until: Timestamp) -> Vec<Change> {
        let Some(late) = &mut self.late else {
            return Vec::new();
        };
        let seen = late.partition_point(|(at, _)| *at <= until);
        late.drain(..seen).map(|(_, change)| change).collect()
    }

    /// Forgets everything that waits.
    pub(crate) fn clear(&mut self) {
        self.stream.clear();
        if let Some(commits) = &mut self.commits {
            commits.clear();
        }
        self.late = None;
    }
}
