//! What is booked because of banks: money that came back, and money they take.

use super::{Cause, LedgerAccount, Posting, PostingError, negate};
use crate::dispute::Stake;
use crate::id::PaymentId;
use crate::money::{Currency, Money};
use crate::rounding::ArithmeticError;

impl Posting {
    /// Money given back that the bank returned: the customer is owed it, but for
    /// what a lost dispute had paid before, in minor units.
    ///
    /// # Errors
    /// [`PostingError`] when an amount is out of range.
    pub fn refund_failed(
        payment: PaymentId,
        amount: Money,
        settled: i64,
    ) -> Result<Self, PostingError> {
        let value = amount.amount();
        let owed = value.checked_sub(settled);
        let lines = [
            (LedgerAccount::Provider, value),
            (
                LedgerAccount::Payable,
                negate(owed.ok_or(ArithmeticError::Overflow)?)?,
            ),
            (LedgerAccount::Chargebacks, negate(settled)?),
        ];
        Self::new(Cause::RefundFailed { payment }, amount.currency(), &lines)
    }

    /// The money of a dispute, from where it was to where it is; none when it
    /// did not move.
    ///
    /// # Errors
    /// [`PostingError`] when an amount is out of range.
    pub fn dispute(
        payment: PaymentId,
        currency: Currency,
        (from, to): (Stake, Stake),
    ) -> Result<Option<Self>, PostingError> {
        let moved = |from: i64, to: i64| to.checked_sub(from).ok_or(ArithmeticError::Overflow);
        let disputed = moved(from.disputed, to.disputed)?;
        let lost = moved(from.lost, to.lost)?;
        let settled = moved(from.settled, to.settled)?;
        let all = disputed.checked_add(lost);
        let all = all.and_then(|sum| sum.checked_add(settled));
        let lines = [
            (LedgerAccount::Disputed, disputed),
            (LedgerAccount::Chargebacks, lost),
            (LedgerAccount::Payable, settled),
            (
                LedgerAccount::Provider,
                negate(all.ok_or(ArithmeticError::Overflow)?)?,
            ),
        ];
        let posting = Self::new(Cause::Dispute { payment }, currency, &lines)?;
        Ok(Some(posting).filter(|it| !it.lines.is_empty()))
    }
}
