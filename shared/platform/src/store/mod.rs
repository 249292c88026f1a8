//! The table. Only this module speaks DynamoDB, and only [`keys`] spells keys.
//!
//! Every write has a condition, an act that touches several items is one
//! transaction, and nothing scans.

pub mod cards;
pub mod carts;
pub mod catalogue;
pub mod claims;
pub mod coupons;
mod due;
pub mod events;
pub mod identity;
pub mod invoices;
mod item;
pub mod keys;
pub mod ledger;
pub mod orders;
pub mod payments;
pub mod rate;
mod read;
mod sessions;
pub mod subscriptions;
pub mod taxes;
mod transaction;
mod updates;
mod write;

pub use item::{Entity, Item, Stored};
pub use read::{Batch, Page, PageRequest};
pub use transaction::{CommitError, Transaction};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::rt::sleep::{AsyncSleep as _, SharedAsyncSleep};
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Entropy;

/// The table, on the real SDK.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
    sleep: SharedAsyncSleep,
    entropy: Arc<dyn Entropy>,
}

/// Why the table did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too much contention or load: the caller may try again.
    #[error("the table is busy")]
    Busy,
    /// No answer, or one that says nothing: the caller may try again.
    #[error("the table did not answer {operation}")]
    Unavailable {
        /// What was asked.
        operation: &'static str,
        /// What happened.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The table refused the request itself.
    #[error("the table refused {operation}")]
    Rejected {
        /// What was asked.
        operation: &'static str,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// An item that cannot be read.
    #[error("{entity} {key} cannot be read: {what}")]
    Corrupt {
        /// What it should be.
        entity: &'static str,
        /// Where it is.
        key: String,
        /// What is wrong.
        what: String,
    },
    /// A value that cannot be written.
    #[error("{entity} cannot be written")]
    Encode {
        /// What it is.
        entity: &'static str,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Something that cannot be.
    #[error("unexpected: {0}")]
    Unexpected(String),
}

impl StoreError {
    fn unexpected(what: &str) -> Self {
        Self::Unexpected(what.to_owned())
    }

    fn build(error: aws_sdk_dynamodb::error::BuildError) -> Self {
        Self::Unexpected(error.to_string())
    }

    /// Sorts an error of the SDK into what may be tried again and what not.
    fn from_sdk<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        const BUSY: [&str; 6] = [
            "ProvisionedThroughputExceededException",
            "ThrottlingException",
            "RequestLimitExceeded",
            "TransactionConflictException",
            "TransactionInProgressException",
            "LimitExceededException",
        ];
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        match error.as_service_error().map(|service| service.code()) {
            Some(Some(code)) if BUSY.contains(&code) => Self::Busy,
            Some(_) if status.is_none_or(|status| status < 500) => Self::Rejected {
                operation,
                source: Box::new(error),
            },
            _ => Self::Unavailable {
                operation,
                source: Box::new(error),
            },
        }
    }

    /// True when trying again may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Busy | Self::Unavailable { .. } => true,
            Self::Rejected { .. }
            | Self::Corrupt { .. }
            | Self::Encode { .. }
            | Self::Unexpected(_) => false,
        }
    }
}

impl Store {
    /// The table of this name behind this client.
    pub fn new(
        client: Client,
        table: String,
        sleep: SharedAsyncSleep,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            client,
            table,
            sleep,
            entropy,
        }
    }

    /// Waits before another try: full jitter between 25 and 400 ms.
    async fn back_off(&self, retry: u32) {
        let mut random = [0_u8; 2];
        let drawn = self
            .entropy
            .fill(&mut random)
            .map_or(u16::MAX, |()| u16::from_be_bytes(random));
        let ceiling = 25_u64.checked_shl(retry).unwrap_or(400).min(400);
        let wait = 25 + ceiling.saturating_sub(25) * u64::from(drawn) / u64::from(u16::MAX);
        self.sleep.sleep(Duration::from_millis(wait)).await;
    }
}
