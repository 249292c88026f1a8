//! Billing periods: what is paid for, one after the other.

use crate::id::{AccountId, InvoiceId, PaymentId, SubscriptionId};
use crate::money::Money;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A billing period: the half-open span `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodBounds {
    /// 0 for the first paid period.
    pub index: u32,
    /// When it starts.
    pub start: Timestamp,
    /// When it ends and the next starts.
    pub end: Timestamp,
}

/// How a billing period stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodStatus {
    /// Opened, its payment undecided.
    Open,
    /// Paid.
    Paid,
    /// Declined, tried again.
    PastDue,
    /// Given up.
    Unpaid,
}

/// One period of one subscription. The item is the guard: it can be put only
/// once for each index, so a period is billed once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BillingPeriod {
    /// Whose.
    pub account: AccountId,
    /// Of which subscription.
    pub subscription: SubscriptionId,
    /// Its place and bounds.
    #[serde(flatten)]
    pub bounds: PeriodBounds,
    /// How it stands.
    pub status: PeriodStatus,
    /// Its payment.
    pub payment: PaymentId,
    /// Its invoice.
    pub invoice: InvoiceId,
    /// What it costs, VAT included.
    pub total: Money,
}
