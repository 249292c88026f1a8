//! Time arithmetic. The simulator has no clock: every act states its time.

use jiff::{SignedDuration, Timestamp};

/// How long the provider remembers an idempotency key, in seconds.
pub(crate) const KEY_LIFETIME: i64 = 24 * 60 * 60;

/// The moment `seconds` after `at`, held at the end of time.
pub(crate) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// One act on the simulator: when it happens, and the API request it belongs
/// to, which the events it causes will name.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    pub(crate) now: Timestamp,
    pub(crate) request_id: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

impl Act {
    /// Something a buyer or the passing of time does, without an API request.
    pub(crate) fn outside(now: Timestamp) -> Self {
        Self {
            now,
            request_id: None,
            idempotency_key: None,
        }
    }
}
