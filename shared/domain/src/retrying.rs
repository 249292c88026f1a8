//! Which card a renewal that failed is tried with, and how often.
//!
//! The card networks forbid asking again for what a bank refused for good, and
//! asking too often; choosing a card is no way around that.

use crate::dunning::{DeclineKind, Dunning, DunningPolicy, Next, classify};
use crate::payment::{Attempt, Channel, Outcome, Payment};
use crate::subscription::{Subscription, SubscriptionStatus};
use jiff::{SignedDuration, Timestamp};

/// Most charges for one renewal in [`WINDOW`], whatever they count towards: the
/// strictest of the networks' rules for a card.
const MOST_CHARGES: usize = 15;

/// Thirty days.
const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Payment {
    /// Charges of saved cards, in order.
    fn charges(&self) -> impl DoubleEndedIterator<Item = (&Attempt, Option<&str>)> {
        self.attempts.iter().filter_map(|it| match &it.channel {
            Channel::OffSession { payment_method, .. } => Some((it, payment_method.as_deref())),
            Channel::Hosted { .. } => None,
        })
    }

    /// True when its last charge without the customer was, or is, by another
    /// payment method than this, or by none.
    pub fn was_charged_otherwise(&self, method: &str) -> bool {
        let last = self.charges().next_back();
        last.is_some_and(|(_, last)| last != Some(method))
    }

    /// True when this payment method was charged for it before.
    pub fn was_charged_to(&self, method: &str) -> bool {
        self.charges().any(|(_, charged)| charged == Some(method))
    }

    /// True when this payment method may be charged for it now: no bank refused
    /// it for good, and there were not too many charges.
    pub fn may_charge(&self, method: &str, policy: &DunningPolicy, now: Timestamp) -> bool {
        let is_final = |attempt: &Attempt| match &attempt.outcome {
            Outcome::Failed { code, .. } => classify(code, policy) == DeclineKind::Hard,
            Outcome::InFlight
            | Outcome::Unknown
            | Outcome::Succeeded { .. }
            | Outcome::NeedsCustomer { .. }
            | Outcome::NotCreated { .. } => false,
        };
        let is_recent = |attempt: &Attempt| now.duration_since(attempt.started_at) < WINDOW;
        let mut charges = self.charges();
        let refused =
            charges.any(|(attempt, charged)| charged == Some(method) && is_final(attempt));
        let recent = self.charges().filter(|(attempt, _)| is_recent(attempt));
        !refused && recent.count() < MOST_CHARGES
    }
}

impl Subscription {
    /// The subscription whose failed renewal is tried with a new card at once.
    /// Any other stays as it is.
    pub fn try_new_card(self, now: Timestamp, policy: &DunningPolicy) -> Self {
        self.dunned(|dunning| dunning.method_changed(now, policy))
    }

    /// The same with a card that was tried for it before: a counted attempt.
    pub fn try_card_again(self, now: Timestamp, policy: &DunningPolicy) -> Self {
        self.dunned(|dunning| dunning.tried_again(now, policy))
    }

    /// The subscription whose renewal is not tried this time, since the card
    /// may not be charged for it any more.
    pub fn skip_retry(self, now: Timestamp, policy: &DunningPolicy) -> Self {
        self.dunned(|dunning| dunning.skipped(now, policy))
    }

    fn dunned(self, change: impl FnOnce(Dunning) -> (Dunning, Next)) -> Self {
        let SubscriptionStatus::PastDue { dunning } = self.status else {
            return self;
        };
        let (dunning, next) = change(dunning);
        Self {
            status: SubscriptionStatus::PastDue { dunning },
            next_action_at: Some(next.at()),
            ..self
        }
    }
}
