//! Payments and their attempts: the one place that decides what an answer of
//! the provider means.
//!
//! Two writers racing to complete one purchase is how shops charge twice. So
//! every observation of the provider, whoever makes it (webhook, reply, sweep,
//! reconciler), becomes a [`ProviderPayment`] and goes through
//! [`Payment::settle`].

use crate::id::{AccountId, InvoiceId, OrderId, PaymentId, SubscriptionId};
use crate::money::Money;
use jiff::{SignedDuration, Timestamp};
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
    /// Captured, then refunded in full.
    Refunded {
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
            Self::Refunded { .. } => "refunded",
        }
    }
}

/// How the customer is asked for the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum Channel {
    /// A payment page hosted by the provider.
    Hosted {
        /// Where the page sends the customer afterwards.
        return_url: String,
        /// When the page closes.
        closes_at: Timestamp,
        /// The page, once the provider made it.
        page: Option<HostedPage>,
    },
    /// A saved payment method, without the customer.
    OffSession {
        /// The customer at the provider.
        customer: String,
        /// The saved payment method.
        payment_method: String,
    },
}

/// A payment page at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostedPage {
    /// The provider's id of the page.
    pub session: String,
    /// Its address.
    pub url: String,
}

/// How an attempt ended, or that it has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The call is being made, or the page is open.
    InFlight,
    /// The call was made and no one knows how it ended.
    Unknown,
    /// Captured.
    Succeeded {
        /// When it was seen.
        at: Timestamp,
    },
    /// Declined, or its page closed unused.
    Failed {
        /// When.
        at: Timestamp,
        /// The provider's decline code, or `session_expired`.
        code: String,
    },
    /// The bank wants the customer present.
    NeedsCustomer {
        /// When.
        at: Timestamp,
    },
    /// The provider refused the request itself: our mistake.
    Rejected {
        /// When.
        at: Timestamp,
        /// The provider's code.
        code: String,
    },
    /// Proven never to have reached the provider.
    NotCreated {
        /// When that was proven.
        at: Timestamp,
    },
}

/// One numbered try at a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// 1, 2, 3 …: part of the provider's idempotency key.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How the customer is asked.
    #[serde(flatten)]
    pub channel: Channel,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The provider's payment it led to, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_payment: Option<String>,
    /// The last decline inside a payment page that is still open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_decline: Option<String>,
    /// How often its outcome was looked up.
    #[serde(default)]
    pub checks: u32,
}

impl Attempt {
    /// True while money may still move because of it.
    pub fn is_open(&self) -> bool {
        match self.outcome {
            Outcome::InFlight | Outcome::Unknown => true,
            Outcome::Succeeded { .. }
            | Outcome::Failed { .. }
            | Outcome::NeedsCustomer { .. }
            | Outcome::Rejected { .. }
            | Outcome::NotCreated { .. } => false,
        }
    }

    /// The outcome's name in the API.
    pub fn outcome_name(&self) -> &'static str {
        match self.outcome {
            Outcome::InFlight => "in_flight",
            Outcome::Unknown => "unknown",
            Outcome::Succeeded { .. } => "succeeded",
            Outcome::Failed { .. } => "failed",
            Outcome::NeedsCustomer { .. } => "needs_customer",
            Outcome::Rejected { .. } => "rejected",
            Outcome::NotCreated { .. } => "not_created",
        }
    }

    /// The decline code, if it was declined.
    pub fn decline_code(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Failed { code, .. } | Outcome::Rejected { code, .. } => Some(code),
            Outcome::NeedsCustomer { .. } => Some("authentication_required"),
            Outcome::InFlight | Outcome::Unknown => self.last_decline.as_deref(),
            Outcome::Succeeded { .. } | Outcome::NotCreated { .. } => None,
        }
    }

    /// The payment page, if it is a hosted attempt whose page exists.
    pub fn page(&self) -> Option<&HostedPage> {
        match &self.channel {
            Channel::Hosted { page, .. } => page.as_ref(),
            Channel::OffSession { .. } => None,
        }
    }

    /// When its outcome is to be looked up next, if it is open.
    ///
    /// An open page is read every ten minutes, so that a lost webhook costs
    /// minutes. Anything else is looked up 1, 5, 15 minutes, 1, 4 and 12 hours
    /// after its start, then daily.
    fn next_check(&self, now: Timestamp) -> Timestamp {
        if self.page().is_some() {
            return after(now, SignedDuration::from_mins(10));
        }
        let minutes = match self.checks {
            0 => 1,
            1 => 5,
            2 => 15,
            3 => 60,
            4 => 4 * 60,
            5 => 12 * 60,
            _ => return after(now, SignedDuration::from_hours(24)),
        };
        after(self.started_at, SignedDuration::from_mins(minutes))
            .max(after(now, SignedDuration::from_mins(1)))
    }
}

/// A moment later, saturating at the end of time.
pub(crate) fn after(start: Timestamp, wait: SignedDuration) -> Timestamp {
    start.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Captured money nobody owes: to be refunded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surplus {
    /// The provider's payment.
    pub provider_payment: String,
    /// How much.
    pub amount: Money,
    /// The provider's refund, once made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<String>,
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
    /// When it was made.
    pub created_at: Timestamp,
    /// When its outcome is to be looked up next.
    pub check_at: Option<Timestamp>,
}

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

/// A new attempt the payment's state forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttemptRefusal {
    /// It is paid, given up, expired or refunded.
    #[error("the payment is {0}")]
    Closed(&'static str),
    /// Money may still move because of the last attempt.
    #[error("attempt {0} is still open")]
    Open(u32),
}

impl Payment {
    /// The last attempt.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// The attempt that is still open, if any.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.is_open())
    }

    /// True when the last attempt was made with the saved payment method.
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
        self.attempts.push(Attempt {
            number,
            started_at: now,
            channel,
            outcome: Outcome::InFlight,
            provider_payment: None,
            last_decline: None,
            checks: 0,
        });
        self.check_at = Some(after(now, SignedDuration::from_mins(1)));
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
                *page = Some(made);
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

    /// The payment whose page closed unused. An order's payment expires with
    /// it; a renewal's stays, dunning goes on.
    pub fn page_closed(self, number: u32, now: Timestamp) -> Self {
        let declined = self.attempts.iter().find(|a| a.number == number);
        let code = declined
            .and_then(|attempt| attempt.last_decline.clone())
            .unwrap_or_else(|| "session_expired".to_owned());
        let closed = self.with_outcome(number, Outcome::Failed { at: now, code });
        match closed.purpose {
            Purpose::Order { .. } if closed.is_pending() => Self {
                status: PaymentStatus::Expired { at: now },
                ..closed
            },
            Purpose::Order { .. } | Purpose::Renewal { .. } => closed,
        }
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
            | PaymentStatus::Expired { .. }
            | PaymentStatus::Refunded { .. } => self,
        }
    }

    /// Takes the timer away unless something is open or to be refunded.
    fn rest(mut self) -> Self {
        let busy = self.open_attempt().is_some() || self.surplus.iter().any(|s| s.refund.is_none());
        if !busy {
            self.check_at = None;
        }
        self
    }

    /// The surplus that still has to be refunded.
    pub fn open_surplus(&self) -> Option<&Surplus> {
        self.surplus.iter().find(|surplus| surplus.refund.is_none())
    }

    /// The payment whose surplus capture was refunded.
    pub fn surplus_refunded(mut self, provider_payment: &str, refund: String) -> Self {
        let found = self
            .surplus
            .iter_mut()
            .find(|s| s.provider_payment == provider_payment);
        if let Some(surplus) = found {
            surplus.refund = Some(refund);
        }
        self.rest()
    }

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
            ProviderOutcome::Declined { code } if hosted => self.note_decline(attempt.number, code),
            ProviderOutcome::NeedsCustomer | ProviderOutcome::Canceled if hosted => {
                Settlement::Nothing
            }
            // Nobody waits for this attempt any more: it ends, and that is all.
            ProviderOutcome::Declined { .. }
            | ProviderOutcome::NeedsCustomer
            | ProviderOutcome::Canceled
                if !self.is_pending() || !payable =>
            {
                let code = "superseded".to_owned();
                let outcome = Outcome::Failed { at: now, code };
                Settlement::Noted(
                    self.identified(&attempt, seen)
                        .with_outcome(attempt.number, outcome),
                )
            }
            ProviderOutcome::Declined { code } => {
                let outcome = Outcome::Failed {
                    at: now,
                    code: code.clone(),
                };
                Settlement::Declined(
                    self.identified(&attempt, seen)
                        .with_outcome(attempt.number, outcome),
                    code.clone(),
                )
            }
            ProviderOutcome::Canceled => {
                let code = "canceled".to_owned();
                let outcome = Outcome::Failed {
                    at: now,
                    code: code.clone(),
                };
                Settlement::Declined(
                    self.identified(&attempt, seen)
                        .with_outcome(attempt.number, outcome),
                    code,
                )
            }
            ProviderOutcome::NeedsCustomer => Settlement::NeedsCustomer(
                self.identified(&attempt, seen)
                    .with_outcome(attempt.number, Outcome::NeedsCustomer { at: now }),
            ),
        }
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

    fn note_decline(mut self, number: u32, code: &str) -> Settlement {
        match self.attempts.iter_mut().find(|a| a.number == number) {
            Some(attempt) if attempt.last_decline.as_deref() != Some(code) => {
                attempt.last_decline = Some(code.to_owned());
                Settlement::Noted(self)
            }
            _ => Settlement::Nothing,
        }
    }

    fn capture(mut self, seen: &ProviderPayment, payable: bool, now: Timestamp) -> Settlement {
        let known_surplus = self.surplus.iter().any(|s| s.provider_payment == seen.id);
        match &self.status {
            PaymentStatus::Paid {
                provider_payment, ..
            } if *provider_payment == seen.id => Settlement::Nothing,
            _ if known_surplus => Settlement::Nothing,
            PaymentStatus::Refunded { .. } => Settlement::Nothing,
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
                }
                self.surplus.push(Surplus {
                    provider_payment: seen.id.clone(),
                    amount: Money::new(seen.received, seen.amount.currency()),
                    refund: None,
                });
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
