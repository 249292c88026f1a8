//! The one place that decides what an answer of the provider means.
//!
//! Two writers racing to complete one purchase is how shops charge twice. So
//! every observation of the provider, whoever makes it (webhook, reply, sweep,
//! reconciler), becomes a [`ProviderPayment`] and goes through
//! [`Payment::settle`].

use crate::id::{AccountId, PaymentId};
use crate::money::Money;
use crate::payment::{Attempt, Channel, Outcome, Payment, PaymentStatus, Purpose, Surplus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a provider's payment says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderPayment {
    /// The provider's id.
    pub id: String,
    /// The customer it charged.
    pub customer: Option<String>,
    /// The payment method used, saved for renewals.
    pub payment_method: Option<String>,
    /// What was asked for.
    pub amount: Money,
    /// What was received, in minor units.
    pub received: i64,
    /// Our reference, from its metadata.
    pub reference: Reference,
    /// How it stands.
    pub outcome: ProviderOutcome,
}

/// Our reference inside a provider's object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The account.
    pub account: AccountId,
    /// The payment.
    pub payment: PaymentId,
    /// The attempt.
    pub attempt: u32,
}

/// How a provider's payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderOutcome {
    /// The money is taken.
    Captured,
    /// The last try was declined; the object may be tried again.
    Declined {
        /// The provider's decline code.
        code: String,
    },
    /// The bank wants the customer present.
    NeedsCustomer,
    /// Under way.
    Processing,
    /// Closed for good without money.
    Canceled,
}

/// Why an observation cannot be ours as it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// It names another payment.
    #[error("it belongs to another payment")]
    Payment,
    /// It names an attempt that was never made.
    #[error("no such attempt")]
    Attempt,
    /// Another amount.
    #[error("the amount differs")]
    Amount,
    /// Another currency.
    #[error("the currency differs")]
    Currency,
    /// Another customer.
    #[error("the customer differs")]
    Customer,
}

/// Proof that money was captured. Only [`Payment::settle`] makes one, and
/// whatever a payment opens (an order, a billing period) asks for it.
#[derive(Debug, Clone)]
pub struct Captured {
    at: Timestamp,
    payment: PaymentId,
    payment_method: Option<String>,
}

impl Captured {
    /// When it was seen.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The payment that was captured.
    pub fn payment(&self) -> PaymentId {
        self.payment
    }

    /// The payment method, saved for renewals.
    pub fn payment_method(&self) -> Option<&str> {
        self.payment_method.as_deref()
    }
}

/// What an observation changes.
#[derive(Debug, Clone)]
pub enum Settlement {
    /// The money is taken: the purchase goes through.
    Captured(Payment, Captured),
    /// An attempt without the customer was declined.
    Declined(Payment, String),
    /// An attempt without the customer needs the customer.
    NeedsCustomer(Payment),
    /// Worth writing down, nothing more: a decline on an open page.
    Noted(Payment),
    /// Nothing new.
    Nothing,
    /// Captured, but not owed: to be refunded.
    Surplus(Payment),
    /// Not what it claims to be.
    Quarantine(Mismatch),
}

impl Payment {
    /// Decides what an observation of the provider means.
    ///
    /// `customer` is the account's customer at the provider, where one is
    /// known; `payable` says whether what is paid for can still take the
    /// money (an order that is pending, a subscription that waits).
    /// A capture is never forgotten: it settles the payment or is a surplus.
    /// What is settled never goes back.
    pub fn settle(
        self,
        seen: &ProviderPayment,
        customer: Option<&str>,
        payable: bool,
        now: Timestamp,
    ) -> Settlement {
        if (seen.reference.account, seen.reference.payment) != (self.account, self.id) {
            return Settlement::Quarantine(Mismatch::Payment);
        }
        let Some(attempt) = self
            .attempts
            .iter()
            .find(|a| a.number == seen.reference.attempt)
            .cloned()
        else {
            return Settlement::Quarantine(Mismatch::Attempt);
        };
        if let Err(mismatch) = self.matches(seen, customer) {
            return Settlement::Quarantine(mismatch);
        }
        let hosted = match attempt.channel {
            Channel::Hosted { .. } => true,
            Channel::OffSession { .. } => false,
        };
        match &seen.outcome {
            ProviderOutcome::Captured => self.capture(seen, payable, now),
            ProviderOutcome::Processing => Settlement::Nothing,
            _ if !attempt.is_open() => Settlement::Nothing,
            ProviderOutcome::Declined { code } if hosted => {
                self.note_decline(attempt.number, code, now)
            }
            ProviderOutcome::NeedsCustomer | ProviderOutcome::Canceled if hosted => {
                Settlement::Nothing
            }
            // Nobody waits for this attempt any more: it ends, and that is all.
            ProviderOutcome::Declined { .. }
            | ProviderOutcome::NeedsCustomer
            | ProviderOutcome::Canceled
                if !self.is_pending() || !payable =>
            {
                Settlement::Noted(self.failed(&attempt, seen, "superseded", now))
            }
            ProviderOutcome::Declined { code } => {
                Settlement::Declined(self.failed(&attempt, seen, code, now), code.clone())
            }
            ProviderOutcome::Canceled => {
                let code = "canceled";
                Settlement::Declined(self.failed(&attempt, seen, code, now), code.to_owned())
            }
            ProviderOutcome::NeedsCustomer => Settlement::NeedsCustomer(
                self.identified(&attempt, seen)
                    .with_outcome(attempt.number, Outcome::NeedsCustomer { at: now }),
            ),
        }
    }

    fn failed(self, attempt: &Attempt, seen: &ProviderPayment, code: &str, at: Timestamp) -> Self {
        let code = code.to_owned();
        self.identified(attempt, seen)
            .with_outcome(attempt.number, Outcome::Failed { at, code })
    }

    fn matches(&self, seen: &ProviderPayment, customer: Option<&str>) -> Result<(), Mismatch> {
        if seen.amount.currency() != self.amount.currency() {
            return Err(Mismatch::Currency);
        }
        let received = match seen.outcome {
            ProviderOutcome::Captured => seen.received == self.amount.amount(),
            ProviderOutcome::Declined { .. }
            | ProviderOutcome::NeedsCustomer
            | ProviderOutcome::Processing
            | ProviderOutcome::Canceled => true,
        };
        if seen.amount != self.amount || !received {
            return Err(Mismatch::Amount);
        }
        match (customer, &seen.customer) {
            (Some(ours), Some(theirs)) if ours == theirs => Ok(()),
            // The first capture may be seen before the customer was stored.
            (None, _) => Ok(()),
            (Some(_), _) => Err(Mismatch::Customer),
        }
    }

    fn identified(mut self, attempt: &Attempt, seen: &ProviderPayment) -> Self {
        if let Some(found) = self
            .attempts
            .iter_mut()
            .find(|a| a.number == attempt.number)
        {
            found.provider_payment = Some(seen.id.clone());
        }
        self
    }

    fn note_decline(mut self, number: u32, code: &str, now: Timestamp) -> Settlement {
        let attempt = self.attempts.iter_mut().find(|a| a.number == number);
        if attempt.is_some_and(|attempt| attempt.note_decline(code, now)) {
            Settlement::Noted(self)
        } else {
            Settlement::Nothing
        }
    }

    fn capture(mut self, seen: &ProviderPayment, payable: bool, now: Timestamp) -> Settlement {
        let known_surplus = self.surplus.iter().any(|s| s.provider_payment == seen.id);
        match &self.status {
            PaymentStatus::Paid {
                provider_payment, ..
            } if *provider_payment == seen.id => Settlement::Nothing,
            _ if known_surplus => Settlement::Nothing,
            PaymentStatus::Pending if payable => {
                self.succeeded(seen, now);
                self.status = PaymentStatus::Paid {
                    at: now,
                    provider_payment: seen.id.clone(),
                };
                let proof = Captured {
                    at: now,
                    payment: self.id,
                    payment_method: seen.payment_method.clone(),
                };
                Settlement::Captured(self.rest(), proof)
            }
            PaymentStatus::Pending
            | PaymentStatus::Paid { .. }
            | PaymentStatus::Failed { .. }
            | PaymentStatus::Expired { .. } => {
                // Its attempt is over all the same: left open, it would be looked up for ever.
                if self
                    .attempts
                    .iter()
                    .any(|a| a.number == seen.reference.attempt && a.is_open())
                {
                    self.succeeded(seen, now);
                }
                if let (Purpose::Order { .. }, PaymentStatus::Pending) =
                    (self.purpose, &self.status)
                {
                    self.status = PaymentStatus::Expired { at: now };
                    self.another_page = None;
                }
                let received = Money::new(seen.received, seen.amount.currency());
                let surplus = Surplus::captured(seen.id.clone(), received, now);
                self.surplus.push(surplus);
                self.check_at = Some(now);
                Settlement::Surplus(self)
            }
        }
    }

    /// Closes the attempt that captured.
    fn succeeded(&mut self, seen: &ProviderPayment, now: Timestamp) {
        let number = seen.reference.attempt;
        for attempt in self.attempts.iter_mut().filter(|a| a.number == number) {
            attempt.provider_payment = Some(seen.id.clone());
            attempt.outcome = Outcome::Succeeded { at: now };
        }
    }
}
