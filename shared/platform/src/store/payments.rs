//! Payments, and the provider's events.

use super::item::{Entity, key_of};
use super::keys::{self, Due, Job, Key, Listed};
use super::{Page, PageRequest, Store, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::{AccountId, PaymentId};
use domain::payment::Payment;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

impl Entity for Payment {
    const TYPE: &'static str = "payment";

    fn key(&self) -> Key {
        keys::payment(self.account, self.id)
    }

    fn due(&self) -> Option<Due> {
        self.check_at.map(|at| Due {
            job: Job::Reconcile,
            at,
        })
    }

    fn listed(&self) -> Option<Listed> {
        Some(keys::listed_payment(self.id))
    }
}

impl Store {
    /// AP-76: whose a payment is, for staff who know its id alone. The index
    /// may lag behind by moments: one that was just made may not be found yet.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read.
    pub async fn owner_of(&self, payment: PaymentId) -> Result<Option<AccountId>, StoreError> {
        let Listed { pk, sk } = keys::listed_payment(payment);
        let got = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("list")
            .key_condition_expression("list_pk = :pk AND list_sk = :sk")
            .expression_attribute_values(":pk", AttributeValue::S(pk))
            .expression_attribute_values(":sk", AttributeValue::S(sk))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("Query list", error))?;
        let items = got.items.unwrap_or_default();
        Ok(items
            .iter()
            .find_map(key_of)
            .and_then(|key| keys::owner(&key)))
    }

    /// AP-19: the payments of an account, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn payments_of(
        &self,
        account: AccountId,
        page: &PageRequest,
    ) -> Result<Page<Payment>, StoreError> {
        self.page(&keys::account_partition(account), keys::PAYMENTS, page)
            .await
    }
}

/// How long an event's id is remembered: the provider redelivers for 3 days,
/// each time freshly signed.
const KEPT: SignedDuration = SignedDuration::from_hours(45 * 24);

/// An event of the provider, once it was received.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProviderEvent {
    /// The provider's id of the event.
    pub id: String,
    /// SHA-256 of the body.
    pub body_hash: String,
    /// Its type.
    pub kind: String,
    /// The object it is about.
    pub object: String,
    /// What became of it.
    pub state: InboxState,
    /// When it was first received.
    pub received_at: Timestamp,
    /// When it is looked at again, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_at: Option<Timestamp>,
}

/// What became of a provider's event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "inbox", rename_all = "snake_case")]
pub enum InboxState {
    /// Its effect is in the table.
    Applied,
    /// Durable, not applied yet.
    Received,
    /// It names something that is not there yet.
    Waiting,
    /// Not what it claims to be: a person looks at it.
    Quarantined {
        /// Why.
        reason: String,
    },
}

impl Entity for ProviderEvent {
    const TYPE: &'static str = "provider_event";

    fn key(&self) -> Key {
        keys::provider_event(&self.id)
    }

    fn due(&self) -> Option<Due> {
        self.check_at.map(|at| Due {
            job: Job::Reconcile,
            at,
        })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        match self.state {
            // What a person must look at stays until one did.
            InboxState::Quarantined { .. } => None,
            InboxState::Applied | InboxState::Received | InboxState::Waiting => {
                self.received_at.checked_add(KEPT).ok()
            }
        }
    }
}

/// A second event under an id that is taken: kept beside the first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConflictingEvent {
    /// The id both have.
    pub id: String,
    /// SHA-256 of this one's body.
    pub body_hash: String,
    /// When it was received.
    pub received_at: Timestamp,
}

impl Entity for ConflictingEvent {
    const TYPE: &'static str = "conflicting_event";

    fn key(&self) -> Key {
        keys::conflicting_event(&self.id, &self.body_hash)
    }
}
