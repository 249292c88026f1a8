//! Subscriptions and their billing periods.

pub use crate::billing::Bill;
pub use crate::openings::Openings;
pub use crate::period::{BillingPeriod, PeriodBounds, PeriodStatus};

use crate::anchor::{Anchor, DateError, Zone};
use crate::attempt::after;
use crate::coupon::RunningCoupon;
use crate::dunning::{Dunning, DunningPolicy, Next};
use crate::id::{AccountId, OrderId, PaymentId, PlanId, ProductId, SubscriptionId};
use crate::locale::Locale;
use crate::localized::Localized;
use crate::money::Currency;
use crate::order::{Order, OrderLine};
use crate::payment::Captured;
use crate::sealed::Sealed;
use crate::tiers::PriceScheme;
use crate::vat::CountryCode;
use crate::vat_number::VatDigest;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How a subscription stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// Served and paid.
    Active,
    /// The renewal was declined; the payment is tried again.
    PastDue {
        /// Where dunning stands.
        dunning: Dunning,
    },
    /// Dunning ended without money; access is off.
    Unpaid {
        /// Since when.
        since: Timestamp,
    },
    /// Over.
    Canceled {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: CancelReason,
    },
}

/// Why a subscription ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The customer ended it.
    Customer,
    /// The plan ends a subscription that cannot be charged.
    Dunning,
}

/// A subscription: one plan, renewed period by period from its anchor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Who is served.
    pub account: AccountId,
    /// The order that began it.
    pub order: OrderId,
    /// The product.
    pub product: ProductId,
    /// The product's slug.
    pub product_slug: String,
    /// The plan.
    pub plan: PlanId,
    /// Product and plan by name.
    pub name: Localized,
    /// How many.
    pub quantity: u64,
    /// The price it was sold at, and renews at until it is changed.
    pub scheme: PriceScheme,
    /// Currency of the price.
    pub currency: Currency,
    /// What a coupon takes off its periods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<RunningCoupon>,
    /// Where billing dates come from.
    pub anchor: Anchor,
    /// How it stands.
    pub status: SubscriptionStatus,
    /// The last period that was paid.
    pub period: PeriodBounds,
    /// The payment of the next period, while one is open.
    pub renewal: Option<PaymentId>,
    /// True when it ends with the period.
    pub cancel_at_period_end: bool,
    /// The saved payment method at the provider.
    pub payment_method: Option<String>,
    /// Buyer country.
    pub country: CountryCode,
    /// Buyer postal code.
    pub postal_code: String,
    /// The VAT number renewals are taxed by, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<VatDigest>,
    /// The billing address.
    pub buyer: Sealed,
    /// Language of invoices.
    pub locale: Locale,
    /// When something must happen next; none while a payment decides.
    pub next_action_at: Option<Timestamp>,
    /// Failures of our own in a row; it is parked after too many.
    pub faults: u32,
    /// Periods opened lately.
    #[serde(default)]
    pub openings: Openings,
}

/// What must happen to a subscription now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueAction {
    /// Open the next period and charge it.
    Renew(PeriodBounds),
    /// Try the open payment again.
    Retry,
    /// Stop trying: the schedule is over.
    EndDunning,
    /// End the subscription with its period.
    Cancel,
}

/// Failures of our own after which a subscription is parked for a person.
pub const MAX_FAULTS: u32 = 8;

impl Subscription {
    /// The subscription an order line becomes once the order is paid. The
    /// anchor is the whole second of the capture.
    ///
    /// # Errors
    /// [`DateError`] when a date is out of range.
    pub fn start(
        order: &Order,
        line: &OrderLine,
        proof: &Captured,
        zone: Zone,
    ) -> Result<Self, DateError> {
        let anchor = Anchor::new(proof.at(), zone, line.interval);
        let (start, end) = anchor.period(0)?;
        let coupon = match &order.coupon {
            // An order redeems it for what it buys from its first period on.
            Some(terms) => RunningCoupon::begin(terms, line, &anchor, start)?,
            None => None,
        };
        Ok(Self {
            id: line.subscription,
            account: order.account,
            order: order.id,
            product: line.product,
            product_slug: line.product_slug.clone(),
            plan: line.plan,
            name: line.name.clone(),
            quantity: line.quantity,
            scheme: line.scheme.clone(),
            currency: line.total.currency(),
            coupon,
            anchor,
            status: SubscriptionStatus::Active,
            period: PeriodBounds {
                index: 0,
                start,
                end,
            },
            renewal: None,
            cancel_at_period_end: false,
            payment_method: proof.payment_method().map(str::to_owned),
            country: order.country,
            postal_code: order.postal_code.clone(),
            vat_number: order.vat_number.clone(),
            buyer: order.buyer.clone(),
            locale: order.locale,
            next_action_at: Some(end),
            faults: 0,
            openings: Openings::default(),
        })
    }

    /// What is due at `now`, if anything. Computed from stored times, never
    /// from when or how often a timer fired.
    ///
    /// # Errors
    /// [`DateError`] when a date is out of range.
    pub fn due(
        &self,
        now: Timestamp,
        policy: &DunningPolicy,
    ) -> Result<Option<DueAction>, DateError> {
        match &self.status {
            SubscriptionStatus::Active => {
                if self.renewal.is_some() || self.period.end > now {
                    return Ok(None);
                }
                if self.cancel_at_period_end {
                    return Ok(Some(DueAction::Cancel));
                }
                self.next_period().map(|next| Some(DueAction::Renew(next)))
            }
            SubscriptionStatus::PastDue { dunning } => Ok(match dunning.next(policy) {
                Next::RetryAt(at) if at <= now => Some(DueAction::Retry),
                Next::EndAt(at) if at <= now => Some(DueAction::EndDunning),
                Next::RetryAt(_) | Next::EndAt(_) => None,
            }),
            SubscriptionStatus::Unpaid { .. } | SubscriptionStatus::Canceled { .. } => Ok(None),
        }
    }

    /// The period after the last paid one.
    ///
    /// # Errors
    /// [`DateError`] when a date is out of range.
    pub fn next_period(&self) -> Result<PeriodBounds, DateError> {
        self.later_period(1)
    }

    /// The period `ahead` places after the last paid one.
    ///
    /// # Errors
    /// [`DateError`] when a date is out of range.
    pub fn later_period(&self, ahead: u32) -> Result<PeriodBounds, DateError> {
        let index = self.period.index.saturating_add(ahead);
        let (start, end) = self.anchor.period(index)?;
        Ok(PeriodBounds { index, start, end })
    }

    /// The subscription with one more period opened now, waiting for its
    /// payment.
    ///
    /// # Errors
    /// The subscription left until its window is over, when
    /// [`MOST_OPENINGS`](crate::openings::MOST_OPENINGS) were opened in it.
    pub fn opening(self, payment: PaymentId, now: Timestamp) -> Result<Self, Box<Self>> {
        let openings = match self.openings.one_more(now) {
            Ok(openings) => openings,
            Err(over) => {
                return Err(Box::new(Self {
                    next_action_at: Some(over),
                    ..self
                }));
            }
        };
        Ok(Self { openings, ..self }.awaiting(payment))
    }

    /// The subscription waiting for the outcome of a payment; its timer is
    /// the payment's.
    pub fn awaiting(self, payment: PaymentId) -> Self {
        Self {
            renewal: Some(payment),
            next_action_at: None,
            ..self
        }
    }

    /// True when this payment can still open the next period.
    pub fn awaits(&self, payment: PaymentId) -> bool {
        self.renewal == Some(payment)
            && match self.status {
                SubscriptionStatus::Active | SubscriptionStatus::PastDue { .. } => true,
                SubscriptionStatus::Unpaid { .. } | SubscriptionStatus::Canceled { .. } => false,
            }
    }

    /// The subscription moved to its next period, whose payment was captured.
    ///
    /// # Errors
    /// [`DateError`] when a date is out of range.
    pub fn renew(self, proof: &Captured) -> Result<Self, DateError> {
        let period = self.next_period()?;
        Ok(Self {
            period,
            status: SubscriptionStatus::Active,
            renewal: None,
            payment_method: proof
                .payment_method()
                .map(str::to_owned)
                .or(self.payment_method),
            next_action_at: Some(period.end),
            faults: 0,
            ..self
        })
    }

    /// The subscription whose renewal was declined: dunning begins or goes on.
    pub fn decline(self, at: Timestamp, code: &str, policy: &DunningPolicy) -> Self {
        let (dunning, next) = match self.status {
            SubscriptionStatus::PastDue { dunning } => {
                // What a new card was tried for is not counted.
                let counted = !dunning.has_new_method();
                dunning.declined(at, code, counted, policy)
            }
            SubscriptionStatus::Active
            | SubscriptionStatus::Unpaid { .. }
            | SubscriptionStatus::Canceled { .. } => Dunning::start(at, code, policy),
        };
        Self {
            status: SubscriptionStatus::PastDue { dunning },
            next_action_at: Some(next.at()),
            faults: 0,
            ..self
        }
    }

    /// True when it will be charged again.
    pub fn renews(&self) -> bool {
        match self.status {
            SubscriptionStatus::Active => !self.cancel_at_period_end,
            SubscriptionStatus::PastDue { .. } => true,
            SubscriptionStatus::Unpaid { .. } | SubscriptionStatus::Canceled { .. } => false,
        }
    }

    /// The subscription at the end of dunning.
    pub fn end_dunning(self, at: Timestamp, policy: &DunningPolicy) -> Self {
        let status = match policy.on_exhausted {
            crate::dunning::Exhausted::Unpaid => SubscriptionStatus::Unpaid { since: at },
            crate::dunning::Exhausted::Canceled => SubscriptionStatus::Canceled {
                at,
                reason: CancelReason::Dunning,
            },
        };
        Self {
            status,
            next_action_at: None,
            ..self
        }
    }

    /// The subscription ended with its period.
    pub fn cancel(self, at: Timestamp) -> Self {
        Self {
            status: SubscriptionStatus::Canceled {
                at,
                reason: CancelReason::Customer,
            },
            next_action_at: None,
            ..self
        }
    }

    /// The subscription left for later after a failure of our own: 5 minutes,
    /// doubling to 6 hours; after [`MAX_FAULTS`] it is parked without a timer.
    pub fn postpone(self, now: Timestamp) -> Self {
        let faults = self.faults.saturating_add(1);
        let minutes = 5_i64
            .checked_shl(faults.saturating_sub(1))
            .unwrap_or(360)
            .min(360);
        let next = (faults < MAX_FAULTS).then(|| after(now, SignedDuration::from_mins(minutes)));
        Self {
            faults,
            next_action_at: next,
            ..self
        }
    }

    /// The subscription looked at again a little later, without blame: its
    /// payment page is still open.
    pub fn look_again(self, now: Timestamp) -> Self {
        Self {
            next_action_at: Some(after(now, SignedDuration::from_mins(10))),
            ..self
        }
    }

    /// The state's name in the API.
    pub fn status_name(&self) -> &'static str {
        match self.status {
            SubscriptionStatus::Active => "active",
            SubscriptionStatus::PastDue { .. } => "past_due",
            SubscriptionStatus::Unpaid { .. } => "unpaid",
            SubscriptionStatus::Canceled { .. } => "canceled",
        }
    }
}
