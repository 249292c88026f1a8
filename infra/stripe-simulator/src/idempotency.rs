//! The provider's idempotency layer: the first reply under a key is the reply.
//!
//! Rules (Stripe API v1, "Idempotent requests"): a key is kept for 24 hours; it
//! belongs to one endpoint and one set of parameters; a server error is kept
//! like any other reply; a request refused before its endpoint began is not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::{KEY_LIFETIME, later};
use crate::error::ApiError;

/// A reply as it was first given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    endpoint: String,
    fingerprint: String,
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) request_id: String,
}

/// What a request is, as far as its key is concerned.
#[derive(Debug)]
pub(crate) struct Keyed {
    pub(crate) key: String,
    pub(crate) endpoint: String,
    pub(crate) fingerprint: String,
}

impl Keyed {
    /// The reply to keep for this request.
    pub(crate) fn reply(&self, status: u16, body: String, request_id: String) -> Kept {
        Kept {
            endpoint: self.endpoint.clone(),
            fingerprint: self.fingerprint.clone(),
            status,
            body,
            request_id,
        }
    }
}

/// The keys of the last 24 hours.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeyStore {
    replies: BTreeMap<String, Kept>,
    ends: BTreeSet<(Timestamp, String)>,
}

impl KeyStore {
    /// The reply kept under the request's key, if there is one at `now`.
    ///
    /// # Errors
    /// The key was used for another endpoint or with other parameters.
    pub(crate) fn find(
        &mut self,
        now: Timestamp,
        request: &Keyed,
    ) -> Result<Option<Kept>, ApiError> {
        self.forget(now);
        let Some(kept) = self.replies.get(&request.key) else {
            return Ok(None);
        };
        let key = &request.key;
        if kept.endpoint != request.endpoint {
            return Err(ApiError::key_mismatch(format!(
                "Keys for idempotent requests can only be used for the same endpoint they were \
                 first used for ('{}' vs '{}'). Try using a key other than '{key}' if you meant \
                 to execute a different request.",
                request.endpoint, kept.endpoint,
            )));
        }
        if kept.fingerprint != request.fingerprint {
            return Err(ApiError::key_mismatch(format!(
                "Keys for idempotent requests can only be used with the same parameters they \
                 were first used with. Try using a key other than '{key}' if you meant to \
                 execute a different request.",
            )));
        }
        Ok(Some(kept.clone()))
    }

    /// Keeps a reply for the key's lifetime.
    pub(crate) fn keep(&mut self, now: Timestamp, key: String, reply: Kept) {
        self.ends.insert((later(now, KEY_LIFETIME), key.clone()));
        self.replies.insert(key, reply);
    }

    /// Drops the keys whose time is over; at the very end of it a key is gone.
    fn forget(&mut self, now: Timestamp) {
        while let Some((end, key)) = self.ends.pop_first() {
            if end > now {
                self.ends.insert((end, key));
                break;
            }
            self.replies.remove(&key);
        }
    }
}
