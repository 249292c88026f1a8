//! Object ids: a prefix and one counter for all kinds.

use serde::{Deserialize, Serialize};

/// Gives out ids. Zero-padded, so that ids of one kind sort in order of
/// creation and a map by id can be paged like the provider's lists.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ids {
    objects: u64,
    requests: u64,
}

impl Ids {
    /// The next id of an object, such as `pi_sim0000000042`.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        self.objects = self.objects.saturating_add(1);
        format!("{prefix}_sim{:010}", self.objects)
    }

    /// The next request id. Counted apart, so that a read more or less does
    /// not change the ids of the objects that follow.
    pub(crate) fn next_request(&mut self) -> String {
        self.requests = self.requests.saturating_add(1);
        format!("req_sim{:010}", self.requests)
    }
}
