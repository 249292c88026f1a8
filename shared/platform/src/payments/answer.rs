//! What an answer of the payment provider means.

use super::objects::Intent;
use aws_smithy_runtime_api::client::result::ConnectorError;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why a call gave no object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The provider did not begin to work on it.
    #[error("the provider did not take the call: {0}")]
    NotStarted(String),
    /// Nobody knows whether it was done. Never counted as either.
    #[error("the outcome of the call is unknown: {0}")]
    Unknown(String),
    /// As [`CallError::Unknown`], and the provider says so itself: what it
    /// answered it will answer for a day to everybody with the same key
    /// (Stripe, "Idempotent requests").
    #[error("the provider failed, the outcome of the call is unknown: {0}")]
    Failed(String),
    /// The request itself was refused: our mistake.
    #[error("the provider rejected the call: {status} {code}")]
    Rejected {
        /// HTTP status.
        status: u16,
        /// The provider's code.
        code: String,
    },
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Deserialize)]
struct ErrorDetail {
    #[serde(rename = "type", default)]
    kind: String,
    code: Option<String>,
    payment_intent: Option<Intent>,
}

/// An answer of the provider, sorted.
pub(super) enum Answer<T> {
    Object(T),
    /// A declined card: the payment comes with the error.
    Declined(Box<Intent>),
}

/// True when no byte of the call reached the provider.
pub(super) fn was_not_sent(error: &ConnectorError) -> bool {
    error.is_user() || error.as_other().is_none() && error.is_io() && is_refused(error)
}

fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
        {
            return true;
        }
        next = cause.source();
    }
    false
}

/// What an answer means. Anything that does not say clearly what happened is
/// unknown.
pub(super) fn sort<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<Answer<T>, CallError> {
    if (200..300).contains(&status) {
        return serde_json::from_slice(body)
            .map(Answer::Object)
            .map_err(|error| CallError::Unknown(format!("{status}: {error}")));
    }
    let error = match serde_json::from_slice::<ErrorBody>(body) {
        Ok(ErrorBody { error }) => error,
        Err(error) => return Err(CallError::Unknown(format!("{status}: {error}"))),
    };
    let code = error.code.unwrap_or(error.kind);
    match (status, error.payment_intent) {
        (402, Some(intent)) => Ok(Answer::Declined(Box::new(intent))),
        // A key that is refused is ours to mend: nothing was begun.
        (401 | 403 | 409 | 429, _) => Err(CallError::NotStarted(format!("{status} {code}"))),
        (400..=499, _) => Err(CallError::Rejected { status, code }),
        (500.., _) => Err(CallError::Failed(format!("{status} {code}"))),
        _ => Err(CallError::Unknown(format!("{status} {code}"))),
    }
}

pub(super) fn object<T>(answer: Answer<T>) -> Result<T, CallError> {
    match answer {
        Answer::Object(object) => Ok(object),
        Answer::Declined(intent) => Err(CallError::Unknown(format!(
            "a declined payment {} where none was asked for",
            intent.id
        ))),
    }
}
