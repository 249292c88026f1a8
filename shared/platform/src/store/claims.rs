//! Claims: what became of a client's idempotency key.

use super::item::{Entity, Stored};
use super::keys::{self, Key};
use super::{Batch, CommitError, StoreError, Transaction};
use crate::app::App;
use crate::http::operation::Spec;
use crate::http::problem::{Code, Failure};
use crate::http::reply::{Answer, Claimed, Reply};
use crate::http::request::{ClaimKey, Request};
use crate::identity::access::Claims;
use domain::id::{AccountId, OrderId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a claim is honoured: twice what is promised.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// How long one invocation may hold a claim: the function's time-out and 5 s.
const LOCK: SignedDuration = SignedDuration::from_secs(15);

/// The record of an idempotency key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claim {
    /// Whose key.
    pub account: AccountId,
    /// For which operation.
    pub operation: String,
    /// SHA-256 of the key.
    pub key_hash: String,
    /// SHA-256 of what was asked.
    pub fingerprint: String,
    /// Where it stands.
    pub state: ClaimState,
    /// When it was first made.
    pub claimed_at: Timestamp,
}

/// Where a claim stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ClaimState {
    /// An invocation works on it, or did until it died.
    InProgress {
        /// Until when it is not taken over.
        lock_until: Timestamp,
        /// The order it made.
        order: OrderId,
    },
    /// It was answered.
    Complete {
        /// With this.
        answer: Answer,
    },
}

impl Entity for Claim {
    const TYPE: &'static str = "claim";

    fn key(&self) -> Key {
        keys::idempotency(self.account, &self.operation, &self.key_hash)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.claimed_at.checked_add(KEPT).ok()
    }
}

impl Claim {
    /// A claim that is being worked on.
    pub fn begin(
        account: AccountId,
        operation: &str,
        key: &ClaimKey,
        order: OrderId,
        now: Timestamp,
    ) -> Self {
        Self {
            account,
            operation: operation.to_owned(),
            key_hash: key.key_hash.clone(),
            fingerprint: key.fingerprint.clone(),
            state: ClaimState::InProgress {
                lock_until: lock(now),
                order,
            },
            claimed_at: now,
        }
    }

    /// A claim answered in the transaction that makes it.
    fn complete(
        account: AccountId,
        operation: &str,
        key: &ClaimKey,
        answer: Answer,
        now: Timestamp,
    ) -> Self {
        Self {
            account,
            operation: operation.to_owned(),
            key_hash: key.key_hash.clone(),
            fingerprint: key.fingerprint.clone(),
            state: ClaimState::Complete { answer },
            claimed_at: now,
        }
    }

    /// The claim once it is answered.
    pub fn answered(self, answer: Answer) -> Self {
        Self {
            state: ClaimState::Complete { answer },
            ..self
        }
    }

    /// The claim taken over by another invocation.
    pub fn taken_over(self, order: OrderId, now: Timestamp) -> Self {
        Self {
            state: ClaimState::InProgress {
                lock_until: lock(now),
                order,
            },
            ..self
        }
    }

    /// True when it is too old to be honoured.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at().is_none_or(|end| end <= now)
    }

    /// What a request under the same key meets. [`Claimed::Free`] here means
    /// that its worker died and the request goes on in its place.
    pub fn meets(&self, key: &ClaimKey, now: Timestamp) -> Claimed {
        if self.fingerprint != key.fingerprint {
            return Claimed::Refused(Code::IdempotencyKeyReused);
        }
        match &self.state {
            ClaimState::Complete { answer } => Claimed::Answered(answer.clone().replayed()),
            // A remaining time of zero counts as over.
            ClaimState::InProgress { lock_until, .. } if *lock_until > now => {
                Claimed::Refused(Code::RequestInProgress)
            }
            ClaimState::InProgress { .. } => Claimed::Free,
        }
    }

    /// The order it made, while it is worked on.
    pub fn order(&self) -> Option<OrderId> {
        match self.state {
            ClaimState::InProgress { order, .. } => Some(order),
            ClaimState::Complete { .. } => None,
        }
    }
}

/// The idempotency key of a request that one transaction answers: what became
/// of it before, and that it is answered now. Without a key it asks and keeps
/// nothing.
#[derive(Debug)]
pub struct Honoured<'a, C> {
    request: &'a Request<C>,
    spec: Spec,
    read: Option<Stored<Claim>>,
}

impl<'a, C: AsRef<Claims>> Honoured<'a, C> {
    /// The key a request of this operation came with.
    pub fn of(request: &'a Request<C>, spec: Spec) -> Self {
        Self {
            request,
            spec,
            read: None,
        }
    }

    fn account(&self) -> AccountId {
        self.request.caller.as_ref().account
    }

    /// Where its claim is, if there is one.
    pub fn wanted(&self) -> Option<Key> {
        let key = self.request.claim.as_ref()?;
        Some(keys::idempotency(
            self.account(),
            self.spec.id,
            &key.key_hash,
        ))
    }

    /// Takes its claim from what was read.
    ///
    /// # Errors
    /// [`StoreError`] when it is not what it should be.
    pub fn take(&mut self, batch: &mut Batch) -> Result<(), StoreError> {
        if let Some(key) = self.wanted() {
            self.read = batch.take(&key)?;
        }
        Ok(())
    }

    /// What was answered under it before.
    ///
    /// # Errors
    /// [`Code::IdempotencyKeyReused`] when something else was asked.
    pub fn earlier(&self) -> Result<Option<Answer>, Code> {
        let now = self.request.now;
        let claim = self.request.claim.as_ref().zip(self.read.as_ref());
        let Some((key, claim)) = claim.filter(|(_, claim)| !claim.value.is_over(now)) else {
            return Ok(None);
        };
        match claim.value.meets(key, now) {
            Claimed::Answered(answer) => Ok(Some(answer)),
            Claimed::Refused(code) => Err(code),
            Claimed::Free => Ok(None),
        }
    }

    /// Lets the act keep its answer.
    ///
    /// # Errors
    /// When the answer cannot be written as JSON.
    pub fn keep<T: Serialize, R: Copy>(
        &self,
        act: &mut Transaction<R>,
        reply: &Reply<T>,
        refusal: R,
    ) -> Result<(), serde_json::Error> {
        let Some(key) = &self.request.claim else {
            return Ok(());
        };
        let answer = reply.render(self.spec.success, &self.request.id.to_string())?;
        let now = self.request.now;
        let claim = Claim::complete(self.account(), self.spec.id, key, answer, now);
        let version = self.read.as_ref().map(|read| read.version);
        act.upsert(version, &claim, refusal);
        Ok(())
    }

    /// Keeps the answer to a request that found everything done already, in an
    /// act of its own. False when the key was used meanwhile: its claim is to be
    /// read again.
    ///
    /// # Errors
    /// A fault when the claim cannot be written.
    pub async fn keep_alone<T: Serialize>(
        &self,
        app: &App,
        reply: &Reply<T>,
    ) -> Result<bool, Failure> {
        if self.request.claim.is_none() {
            return Ok(true);
        }
        let mut act = Transaction::new(app.new_id()?);
        self.keep(&mut act, reply, ())
            .map_err(|error| Failure::fault(&error))?;
        match app.store().commit(act).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(())) => Ok(false),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

fn lock(now: Timestamp) -> Timestamp {
    now.checked_add(LOCK).unwrap_or(Timestamp::MAX)
}
