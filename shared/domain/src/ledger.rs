//! The ledger: double-entry, per account, append-only, chained by hash.
//!
//! Amounts are signed minor units: debit above zero, credit below. Five
//! accounts tell the whole story of a sale, three more what banks do to it:
//!
//! | act | debit | credit |
//! | --- | --- | --- |
//! | money captured | provider | clearing |
//! | invoice finalised | receivable | revenue, VAT |
//! | capture applied to a finalised invoice | clearing | receivable |
//! | capture given back | clearing | provider |
//! | credit note finalised | revenue, VAT | clearing |
//! | refund returned by the bank | provider | payable |
//! | money of a dispute kept back | disputed | provider |
//! | … let go again | provider | disputed |
//! | … lost | chargebacks, payable where it was owed anyhow | disputed |
//!
//! So clearing is zero at rest: a balance there is money that belongs to no
//! document yet.

mod banks;
mod chain;

pub use chain::{ChainError, verify};

use crate::id::{AccountId, EventId, InvoiceId, PaymentId};
use crate::money::{Currency, Money};
use crate::rounding::ArithmeticError;
use crate::vat::RateTotal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A side of the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerAccount {
    /// What the customer owes.
    Receivable,
    /// What was earned, without VAT.
    Revenue,
    /// VAT collected for the state.
    Vat,
    /// What the payment provider holds for us.
    Provider,
    /// Captured money on its way to an invoice or back.
    Clearing,
    /// What is owed to customers: money given back that did not arrive.
    Payable,
    /// What the provider keeps back until a bank has decided.
    Disputed,
    /// What banks gave back to card holders: a loss.
    Chargebacks,
}

impl LedgerAccount {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receivable => "receivable",
            Self::Revenue => "revenue",
            Self::Vat => "vat",
            Self::Provider => "provider",
            Self::Clearing => "clearing",
            Self::Payable => "payable",
            Self::Disputed => "disputed",
            Self::Chargebacks => "chargebacks",
        }
    }
}

/// One side of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// The account.
    pub account: LedgerAccount,
    /// Signed minor units; debit above zero.
    pub amount: i64,
}

/// What a posting is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// Money was captured.
    Capture {
        /// The payment.
        payment: PaymentId,
    },
    /// An invoice was finalised.
    Invoice {
        /// The invoice.
        invoice: InvoiceId,
    },
    /// Captured money was given back.
    Refund {
        /// The payment.
        payment: PaymentId,
    },
    /// A credit note was finalised.
    CreditNote {
        /// The credit note.
        invoice: InvoiceId,
    },
    /// A capture nobody owed was refunded.
    SurplusRefund {
        /// The payment.
        payment: PaymentId,
    },
    /// The bank returned money that had been given back.
    RefundFailed {
        /// The payment.
        payment: PaymentId,
    },
    /// The money of a dispute moved.
    Dispute {
        /// The payment.
        payment: PaymentId,
    },
}

/// A balanced set of lines in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    cause: Cause,
    currency: Currency,
    lines: Vec<LedgerLine>,
    /// True when nothing is left of a capture nobody owed.
    ends_capture: bool,
}

/// A posting whose lines do not sum to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostingError {
    /// Debit and credit differ.
    #[error("the posting does not balance")]
    Unbalanced,
    /// An amount is out of range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

impl Posting {
    fn new(
        cause: Cause,
        currency: Currency,
        lines: &[(LedgerAccount, i64)],
    ) -> Result<Self, PostingError> {
        let sum: i128 = lines.iter().map(|(_, amount)| i128::from(*amount)).sum();
        if sum != 0 {
            return Err(PostingError::Unbalanced);
        }
        let lines = lines
            .iter()
            .filter(|(_, amount)| *amount != 0)
            .map(|(account, amount)| LedgerLine {
                account: *account,
                amount: *amount,
            })
            .collect();
        Ok(Self {
            cause,
            currency,
            lines,
            ends_capture: false,
        })
    }

    /// Money captured; `applied` when the invoice it pays is finalised
    /// already, so that it goes straight against the receivable.
    ///
    /// # Errors
    /// [`PostingError`] when an amount is out of range.
    pub fn capture(payment: PaymentId, amount: Money, applied: bool) -> Result<Self, PostingError> {
        let value = amount.amount();
        let against = if applied {
            LedgerAccount::Receivable
        } else {
            LedgerAccount::Clearing
        };
        let lines = [(LedgerAccount::Provider, value), (against, negate(value)?)];
        Self::new(Cause::Capture { payment }, amount.currency(), &lines)
    }

    /// An invoice finalised; `paid` when its money waits in clearing.
    ///
    /// # Errors
    /// [`PostingError`] when the totals do not add up.
    pub fn invoice(
        invoice: InvoiceId,
        net: Money,
        taxes: &[RateTotal],
        total: Money,
        paid: bool,
    ) -> Result<Self, PostingError> {
        let mut lines = vec![
            (LedgerAccount::Receivable, total.amount()),
            (LedgerAccount::Revenue, negate(net.amount())?),
            (LedgerAccount::Vat, negate(vat_of(taxes)?)?),
        ];
        if paid {
            lines.push((LedgerAccount::Clearing, total.amount()));
            lines.push((LedgerAccount::Receivable, negate(total.amount())?));
        }
        Self::new(Cause::Invoice { invoice }, total.currency(), &lines)
    }

    /// A credit note finalised; its money was given back before.
    ///
    /// # Errors
    /// [`PostingError`] when the totals do not add up.
    pub fn credit_note(
        invoice: InvoiceId,
        net: Money,
        taxes: &[RateTotal],
        total: Money,
    ) -> Result<Self, PostingError> {
        let lines = [
            (LedgerAccount::Revenue, net.amount()),
            (LedgerAccount::Vat, vat_of(taxes)?),
            (LedgerAccount::Clearing, negate(total.amount())?),
        ];
        Self::new(Cause::CreditNote { invoice }, total.currency(), &lines)
    }

    /// Captured money given back; its credit note follows.
    ///
    /// # Errors
    /// [`PostingError`] when an amount is out of range.
    pub fn refund(payment: PaymentId, amount: Money) -> Result<Self, PostingError> {
        Self::given_back(Cause::Refund { payment }, amount)
    }

    /// A surplus capture given back, or a part of it; with the last one the
    /// capture counts no more.
    ///
    /// # Errors
    /// [`PostingError`] when an amount is out of range.
    pub fn surplus_refund(
        payment: PaymentId,
        amount: Money,
        is_last: bool,
    ) -> Result<Self, PostingError> {
        let cause = Cause::SurplusRefund { payment };
        let part = Self::given_back(cause, amount)?;
        Ok(Self {
            ends_capture: is_last,
            ..part
        })
    }

    fn given_back(cause: Cause, amount: Money) -> Result<Self, PostingError> {
        let value = amount.amount();
        let lines = [
            (LedgerAccount::Clearing, value),
            (LedgerAccount::Provider, negate(value)?),
        ];
        Self::new(cause, amount.currency(), &lines)
    }

    /// Its lines.
    pub fn lines(&self) -> &[LedgerLine] {
        &self.lines
    }
}

fn vat_of(taxes: &[RateTotal]) -> Result<i64, ArithmeticError> {
    taxes
        .iter()
        .try_fold(0_i64, |sum, rate| sum.checked_add(rate.tax))
        .ok_or(ArithmeticError::Overflow)
}

fn negate(value: i64) -> Result<i64, ArithmeticError> {
    value.checked_neg().ok_or(ArithmeticError::Overflow)
}

/// A posting in its place in an account's chain. Never changed, never removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Whose ledger.
    pub account: AccountId,
    /// 1, 2, 3 …
    pub sequence: u64,
    /// When it was booked.
    pub at: Timestamp,
    /// What it is about.
    #[serde(flatten)]
    pub cause: Cause,
    /// The event written with it.
    pub event: EventId,
    /// Its currency.
    pub currency: Currency,
    /// Its lines, summing to zero.
    pub lines: Vec<LedgerLine>,
    /// Hash of the entry before, or 64 zeros.
    pub previous: String,
    /// SHA-256 of all the above as JSON, in hexadecimal.
    pub hash: String,
}

/// The end of an account's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerHead {
    /// Whose ledger.
    pub account: AccountId,
    /// Sequence of the last entry.
    pub sequence: u64,
    /// Hash of the last entry.
    pub hash: String,
    /// Captures that were not given back as a surplus; none where they were not
    /// counted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captures: Option<u64>,
}

impl LedgerHead {
    /// True when anything was paid that was owed.
    pub fn has_paid(&self) -> bool {
        self.captures != Some(0)
    }

    /// The head of a ledger without entries.
    pub fn empty(account: AccountId) -> Self {
        Self {
            account,
            sequence: 0,
            hash: "0".repeat(64),
            captures: Some(0),
        }
    }

    /// Appends a posting: the new head and the entry.
    pub fn append(self, posting: Posting, event: EventId, at: Timestamp) -> (Self, LedgerEntry) {
        let mut entry = LedgerEntry {
            account: self.account,
            sequence: self.sequence.saturating_add(1),
            at,
            cause: posting.cause,
            event,
            currency: posting.currency,
            lines: posting.lines,
            previous: self.hash,
            hash: String::new(),
        };
        entry.hash = entry.digest();
        let captures = self.captures.map(|count| match posting.cause {
            Cause::Capture { .. } => count.saturating_add(1),
            Cause::SurplusRefund { .. } if posting.ends_capture => count.saturating_sub(1),
            Cause::SurplusRefund { .. }
            | Cause::Invoice { .. }
            | Cause::Refund { .. }
            | Cause::CreditNote { .. }
            | Cause::RefundFailed { .. }
            | Cause::Dispute { .. } => count,
        });
        let head = Self {
            account: self.account,
            sequence: entry.sequence,
            hash: entry.hash.clone(),
            captures,
        };
        (head, entry)
    }
}

impl LedgerEntry {
    /// SHA-256 over everything but the hash itself.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        let mut field = |text: &str| {
            hasher.update(text.len().to_be_bytes());
            hasher.update(text.as_bytes());
        };
        field(&self.account.to_string());
        field(&self.sequence.to_string());
        field(&self.at.to_string());
        field(&serde_json::to_string(&self.cause).unwrap_or_default());
        field(&self.event.to_string());
        field(self.currency.as_str());
        for line in &self.lines {
            field(&serde_json::to_string(&line.account).unwrap_or_default());
            field(&line.amount.to_string());
        }
        field(&self.previous);
        hex::encode(hasher.finalize())
    }
}
