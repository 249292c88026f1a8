//! How money moves.
//!
//! A payment goes in three phases. T1, a transaction, writes down what will
//! be tried. The call to the provider has no transaction in it. T2, a
//! transaction, writes down what came of it. [`settle`] is the only T2: the
//! webhook, the sweep and the reconciler all hand it what they saw at the
//! provider.

mod aftermath;
mod answer;
pub mod balance;
pub mod cards;
mod disputes;
pub mod dunning;
mod envelope;
pub mod finalise;
mod form;
pub mod hosted;
pub mod inbox;
mod inbox_records;
pub mod objects;
pub mod pages;
pub mod provider;
#[cfg(test)]
mod provider_tests;
pub mod reconcile;
mod refund_calls;
pub mod refunds;
pub mod renew;
mod returns;
pub mod scene;
pub mod settle;
pub mod signature;
mod surplus;
pub mod timer;
mod writing;

use crate::app::{App, StartError};
use crate::clock::NoEntropy;
use crate::http::problem::{Failure, chain};
use crate::secrets::{Secret, SecretError};
use crate::store::StoreError;
use domain::anchor::DateError;
use domain::rounding::ArithmeticError;
use provider::{CallError, Gateway, Pace};

/// Why a payment could not be brought further. Nothing is half done: what was
/// written says where to go on.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The payment provider.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The HTTP client.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Randomness.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// Other writers changed the same things again and again.
    #[error("too much contention")]
    Contention,
    /// Something that belongs to a payment is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An amount or a date that cannot be computed.
    #[error("cannot be computed: {0}")]
    Computation(String),
}

impl From<ArithmeticError> for PaymentError {
    fn from(error: ArithmeticError) -> Self {
        Self::Computation(error.to_string())
    }
}

impl From<DateError> for PaymentError {
    fn from(error: DateError) -> Self {
        Self::Computation(error.to_string())
    }
}

impl From<domain::ledger::PostingError> for PaymentError {
    fn from(error: domain::ledger::PostingError) -> Self {
        Self::Computation(error.to_string())
    }
}

impl From<domain::tiers::PriceError> for PaymentError {
    fn from(error: domain::tiers::PriceError) -> Self {
        Self::Computation(error.to_string())
    }
}

impl From<PaymentError> for Failure {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Store(error) => error.into(),
            PaymentError::Contention => Self::Unavailable {
                retry_after: 1,
                cause: error.to_string(),
            },
            PaymentError::Call(
                CallError::NotStarted(_) | CallError::Unknown(_) | CallError::Failed(_),
            )
            | PaymentError::Secret(_) => Self::Unavailable {
                retry_after: 2,
                cause: chain(&error),
            },
            PaymentError::Call(CallError::Rejected { .. })
            | PaymentError::Start(_)
            | PaymentError::Entropy(_)
            | PaymentError::Missing(_)
            | PaymentError::Computation(_) => Self::fault(&error),
        }
    }
}

/// The provider with the key to it.
///
/// # Errors
/// [`PaymentError`] when the key cannot be read.
pub async fn gateway(app: &App, pace: Pace) -> Result<Gateway<'_>, PaymentError> {
    let key = app.secret(Secret::ProviderApiKey).await?;
    Ok(app.provider()?.with_key(key, pace, app.new_id()?))
}
