//! Whose cart it is, how it is changed, and why that may be refused.

use platform::app::App;
use platform::http::operation::Shopper;
use platform::http::problem::{Code, Failure, Reason};
use platform::http::request::Request;
use platform::store::CommitError;
use platform::store::carts::{CartEdit, CartOwner, CartRefusal, GuestToken};

/// The owner of the shopper's cart; none for a guest who has none yet.
///
/// # Errors
/// [`Code::MalformedHeader`] for a token this API never gave.
pub(crate) fn owner(shopper: &Shopper) -> Result<Option<CartOwner>, Code> {
    match shopper {
        Shopper::User(claims) => Ok(Some(CartOwner::Account(claims.account))),
        Shopper::Guest(token) => GuestToken::parse(token)
            .map(|token| Some(token.owner()))
            .ok_or(Code::MalformedHeader),
        Shopper::Newcomer => Ok(None),
    }
}

/// The change this request makes.
///
/// # Errors
/// [`Code::VersionMismatch`] for an `If-Match` no cart ever had.
pub(super) fn edit(app: &App, request: &Request<Shopper>) -> Result<CartEdit, Failure> {
    Ok(CartEdit {
        act: app.new_id()?,
        now: request.now,
        expected: request.expected_version()?,
    })
}

/// Why the cart was not changed.
pub(super) fn refused(error: CommitError<CartRefusal>) -> Failure {
    match error {
        CommitError::Refused(CartRefusal::Expired) => Code::CartExpired.into(),
        CommitError::Refused(CartRefusal::Stale) => Code::VersionMismatch.into(),
        CommitError::Refused(CartRefusal::TooManyLines) => {
            Failure::field("/planId", Reason::TooManyLines)
        }
        CommitError::Store(error) => error.into(),
    }
}
