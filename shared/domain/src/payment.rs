//! Payments and their attempts.
//!
//! What an observation of the provider does to them is decided in one place,
//! [`Payment::settle`].

pub use crate::another_page::{AnotherPage, MOST_PAGES};
pub use crate::attempt::{Attempt, Channel, Decline, HostedPage, Outcome};
pub use crate::settling::{
    Captured, Mismatch, ProviderOutcome, ProviderPayment, Reference, Settlement,
};
pub use crate::surplus::{Surplus, SurplusPart};

use crate::dispute::Dispute;
use crate::id::{AccountId, InvoiceId, OrderId, PaymentId, SubscriptionId};
use crate::money::Money;
use crate::refund::Refund;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Purpose {
    /// An order: the first period of its subscriptions.
    Order {
        /// The order.
        order: OrderId,
    },
    /// A renewal: one later period of one subscription.
    Renewal {
        /// The subscription.
        subscription: SubscriptionId,
        /// The period.
        index: u32,
    },
}

/// How a payment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Not paid yet; may still be.
    Pending,
    /// Captured.
    Paid {
        /// When it was seen captured.
        at: Timestamp,
        /// The provider's payment that captured it.
        provider_payment: String,
    },
    /// Given up: every attempt of the schedule failed.
    Failed {
        /// When.
        at: Timestamp,
    },
    /// Its payment page closed unused, or its order was canceled.
    Expired {
        /// When.
        at: Timestamp,
    },
}

impl PaymentStatus {
    /// The state's name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid { .. } => "paid",
            Self::Failed { .. } => "failed",
            Self::Expired { .. } => "expired",
        }
    }
}

/// Smallest amount the provider charges, in minor units.
pub const SMALLEST_CHARGE: i64 = 50;

/// Largest amount the provider charges, in minor units.
pub const LARGEST_CHARGE: i64 = 99_999_999;

/// One thing to pay and every try at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Who pays.
    pub account: AccountId,
    /// What for.
    pub purpose: Purpose,
    /// How much, VAT included.
    pub amount: Money,
    /// The invoice it pays.
    pub invoice: InvoiceId,
    /// How it stands.
    pub status: PaymentStatus,
    /// Every try, in order.
    pub attempts: Vec<Attempt>,
    /// Captures nobody owes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surplus: Vec<Surplus>,
    /// The page the customer asked for instead of the open one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub another_page: Option<AnotherPage>,
    /// What was or will be given back of the capture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
    /// What card holders asked their banks to take back of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<Dispute>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its outcome is to be looked up next.
    pub check_at: Option<Timestamp>,
}

/// A new attempt the payment's state forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttemptRefusal {
    /// It is paid, given up or expired.
    #[error("the payment is {0}")]
    Closed(&'static str),
    /// Money may still move because of the last attempt.
    #[error("attempt {0} is still open")]
    Open(u32),
    /// It was tried as often as it may be.
    #[error("it was tried {0} times")]
    Many(u32),
}

impl Payment {
    /// The provider's payment that captured it.
    pub fn captured_by(&self) -> Option<&str> {
        match &self.status {
            PaymentStatus::Paid {
                provider_payment, ..
            } => Some(provider_payment),
            PaymentStatus::Pending
            | PaymentStatus::Failed { .. }
            | PaymentStatus::Expired { .. } => None,
        }
    }

    /// The last attempt.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// The attempt that is still open, if any.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.is_open())
    }

    /// True when the customer paid it on a page.
    pub fn was_paid_on_page(&self) -> bool {
        let succeeded = |it: &&Attempt| matches!(it.outcome, Outcome::Succeeded { .. });
        let paid = self.attempts.iter().rev().find(succeeded);
        paid.is_some_and(|it| matches!(it.channel, Channel::Hosted { .. }))
    }

    /// The state's name in the API: what was given back in full is refunded.
    pub fn state_name(&self) -> &'static str {
        if self.is_refunded() {
            "refunded"
        } else {
            self.status.name()
        }
    }

    /// True while it may still be paid.
    pub fn is_pending(&self) -> bool {
        self.status == PaymentStatus::Pending
    }

    /// The payment with attempt n + 1 in flight.
    ///
    /// # Errors
    /// [`AttemptRefusal`] while another attempt is open or when nothing is owed.
    pub fn begin(mut self, channel: Channel, now: Timestamp) -> Result<Self, AttemptRefusal> {
        if !self.is_pending() {
            return Err(AttemptRefusal::Closed(self.status.name()));
        }
        if let Some(open) = self.open_attempt() {
            return Err(AttemptRefusal::Open(open.number));
        }
        let number = self
            .attempts
            .last()
            .map_or(1, |last| last.number.saturating_add(1));
        let attempt = Attempt {
            number,
            started_at: now,
            channel,
            outcome: Outcome::InFlight,
            provider_payment: None,
            declines: Vec::new(),
            checks: 0,
            absent_since: None,
        };
        self.check_at = Some(attempt.next_check(now));
        self.attempts.push(attempt);
        Ok(self)
    }

    /// The payment whose open attempt has its payment page.
    pub fn with_page(mut self, number: u32, made: HostedPage, now: Timestamp) -> Self {
        let found = self
            .attempts
            .iter_mut()
            .find(|a| a.number == number && a.is_open());
        if let Some(attempt) = found {
            if let Channel::Hosted { page, .. } = &mut attempt.channel {
                *page = Some(HostedPage {
                    opened_at: Some(now),
                    ..made
                });
            }
            self.check_at = Some(attempt.next_check(now));
        }
        self
    }

    /// The payment whose open attempt ended without money.
    pub fn with_outcome(mut self, number: u32, outcome: Outcome) -> Self {
        if let Some(attempt) = self
            .attempts
            .iter_mut()
            .find(|a| a.number == number && a.is_open())
        {
            attempt.outcome = outcome;
        }
        self.rest()
    }

    /// The payment whose open attempt was looked up in vain: it is unknown,
    /// and looked up again later.
    pub fn checked(mut self, now: Timestamp) -> Self {
        if let Some(attempt) = self.attempts.iter_mut().find(|a| a.is_open()) {
            attempt.checks = attempt.checks.saturating_add(1);
            if attempt.page().is_none() {
                attempt.outcome = Outcome::Unknown;
            }
            self.check_at = Some(attempt.next_check(now));
        }
        self
    }

    /// The payment of whose open attempt the provider, asked now, knows nothing.
    pub fn absent(mut self, now: Timestamp) -> Self {
        if let Some(attempt) = self.attempts.iter_mut().find(|a| a.is_open()) {
            *attempt = attempt.clone().absent(now);
        }
        self
    }

    /// The payment nobody will try again.
    pub fn give_up(self, now: Timestamp) -> Self {
        match self.status {
            PaymentStatus::Pending => Self {
                status: PaymentStatus::Failed { at: now },
                ..self
            }
            .rest(),
            PaymentStatus::Paid { .. }
            | PaymentStatus::Failed { .. }
            | PaymentStatus::Expired { .. } => self,
        }
    }

    /// Takes the timer away unless something is open or to be refunded.
    pub(crate) fn rest(mut self) -> Self {
        if !self.is_pending() {
            self.another_page = None;
        }
        let busy = self.open_attempt().is_some()
            || self.open_surplus().is_some()
            || self.open_refund().is_some();
        if !busy {
            self.check_at = None;
        }
        self
    }
}
