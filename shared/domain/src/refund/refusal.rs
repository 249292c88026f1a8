//! Why a refund cannot be.

use crate::rounding::ArithmeticError;

/// A refund that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// Nothing was captured.
    #[error("the payment is {0}")]
    NotPaid(&'static str),
    /// A credit note must name an invoice with a number.
    #[error("the invoice has no number yet")]
    NotNumbered,
    /// The bank decides whose the money is.
    #[error("the payment is disputed")]
    Disputed,
    /// The provider is asked for another refund, and nobody knows the answer.
    #[error("another refund is under way")]
    UnderWay,
    /// A payment has so many at most.
    #[error("the payment has too many refunds")]
    TooMany,
    /// Another currency than was captured.
    #[error("the payment is in another currency")]
    Currency,
    /// All of it was given back, or is about to be.
    #[error("nothing is left to be given back")]
    NothingLeft,
    /// Nothing, or more than is left.
    #[error("between 1 and {0} can be given back")]
    Amount(i64),
    /// It is past that.
    #[error("the refund is {0}")]
    Decided(&'static str),
    /// Who asked cannot agree with himself.
    #[error("a second person must approve it")]
    SamePerson,
    /// There is none.
    #[error("there is no such refund")]
    Unknown,
    /// An amount is out of range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}
