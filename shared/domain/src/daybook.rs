//! A day of the ledger: what was booked, and what of it the payment provider
//! must have booked too.

use crate::ledger::{Cause, LedgerAccount, LedgerEntry};
use crate::money::Currency;
use crate::rounding::ArithmeticError;
use std::collections::BTreeMap;

impl Cause {
    /// The kind of movement, by its name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Capture { .. } => "capture",
            Self::Invoice { .. } => "invoice",
            Self::Refund { .. } => "refund",
            Self::CreditNote { .. } => "credit_note",
            Self::SurplusRefund { .. } => "surplus_refund",
            Self::RefundFailed { .. } => "refund_failed",
            Self::Dispute { .. } => "dispute",
        }
    }
}

/// Both sides of a ledger account, each zero or more, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sides {
    /// Sum of the debits.
    pub debit: i64,
    /// Sum of the credits.
    pub credit: i64,
}

/// What a day's entries in one currency sum to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayTotals {
    /// By ledger account.
    pub accounts: BTreeMap<LedgerAccount, Sides>,
    /// How many entries there are of each kind of movement.
    pub kinds: BTreeMap<&'static str, u64>,
}

impl DayTotals {
    /// Sums up entries, by currency.
    ///
    /// # Errors
    /// [`ArithmeticError`] on overflow.
    pub fn of(entries: &[LedgerEntry]) -> Result<BTreeMap<Currency, Self>, ArithmeticError> {
        let mut totals: BTreeMap<Currency, Self> = BTreeMap::new();
        for entry in entries {
            let day = totals.entry(entry.currency).or_default();
            let count = day.kinds.entry(entry.cause.name()).or_default();
            *count = count.saturating_add(1);
            for line in &entry.lines {
                let (debit, credit) = sides(line.amount)?;
                let sum = day.accounts.entry(line.account).or_default();
                sum.debit = add(sum.debit, debit)?;
                sum.credit = add(sum.credit, credit)?;
            }
        }
        Ok(totals)
    }
}

/// A signed amount as debit and credit: one of them is zero.
///
/// # Errors
/// [`ArithmeticError`] on overflow.
pub fn sides(amount: i64) -> Result<(i64, i64), ArithmeticError> {
    if amount < 0 {
        let credit = amount.checked_neg().ok_or(ArithmeticError::Overflow)?;
        Ok((0, credit))
    } else {
        Ok((amount, 0))
    }
}

fn add(sum: i64, amount: i64) -> Result<i64, ArithmeticError> {
    sum.checked_add(amount).ok_or(ArithmeticError::Overflow)
}
