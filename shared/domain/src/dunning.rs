//! Dunning: what happens next to a renewal whose charge failed.
//!
//! Pure and without memory of timers: the same facts always give the same next
//! step. Dunning days are 24 hours from the first failure, not civil days.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The window of [`DunningPolicy::max_attempts_30_days`].
const WINDOW_DAYS: u32 = 30;

/// Decline codes that no retry of the same payment method can cure.
const HARD_CODES: &[&str] = &[
    "blocklist",
    "card_not_supported",
    "expired_card",
    "fraudulent",
    "incorrect_cvc",
    "incorrect_number",
    "invalid_account",
    "invalid_cvc",
    "invalid_expiry_year",
    "invalid_pin",
    "live_mode_test_card",
    "lost_card",
    "merchant_blacklist",
    "not_permitted",
    "pickup_card",
    "previously_declined_do_not_retry",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "security_violation",
    "stolen_card",
    "stop_payment_order",
];

/// The decline code of an account that has no card left to charge.
pub const NO_CARD: &str = "no_card";

/// How a plan treats failed renewals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DunningPolicy {
    /// Days to wait before each scheduled retry, from the one before; none
    /// ends dunning at once.
    pub retry_after_days: Vec<u16>,
    /// Days of access after the first failure, within the schedule.
    pub grace_days: u16,
    /// Counted attempts allowed in any rolling 30 days, the first charge
    /// included. A retry above it is skipped, not moved.
    pub max_attempts_30_days: u16,
    /// Whether `do_not_honor`, which issuers use loosely, is a hard decline.
    pub do_not_honor_is_hard: bool,
    /// What the subscription becomes at the end of the schedule.
    pub on_exhausted: Exhausted,
}

impl Default for DunningPolicy {
    fn default() -> Self {
        Self {
            retry_after_days: vec![2, 5, 7, 7],
            grace_days: 7,
            max_attempts_30_days: 8,
            do_not_honor_is_hard: false,
            on_exhausted: Exhausted::Unpaid,
        }
    }
}

/// What a subscription becomes when dunning is over without payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exhausted {
    /// No access and no new periods; paying restores it.
    Unpaid,
    /// Over for good.
    Canceled,
}

/// Whether trying the same payment method again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineKind {
    /// It can: no funds, a network error, a code nobody knows.
    Soft,
    /// It cannot: only another payment method helps.
    Hard,
}

/// The kind of a provider's decline code. Unknown codes are soft, and so is
/// `authentication_required`.
pub fn classify(code: &str, policy: &DunningPolicy) -> DeclineKind {
    let hard = HARD_CODES.contains(&code)
        || code == NO_CARD
        || (code == "do_not_honor" && policy.do_not_honor_is_hard);
    if hard {
        DeclineKind::Hard
    } else {
        DeclineKind::Soft
    }
}

/// The next step, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try the payment again.
    RetryAt(Timestamp),
    /// Stop trying.
    EndAt(Timestamp),
}

impl Next {
    /// When.
    pub fn at(self) -> Timestamp {
        match self {
            Self::RetryAt(at) | Self::EndAt(at) => at,
        }
    }
}

/// One unpaid period, from its first failure on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dunning {
    first_failed_at: Timestamp,
    /// When something was tried last, or left out.
    last_attempt_at: Timestamp,
    last_decline: DeclineKind,
    /// Attempts that count towards the ceiling, the first charge included.
    counted: Vec<Timestamp>,
    /// A payment method that has not been tried yet, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    new_method_at: Option<Timestamp>,
}

impl Dunning {
    /// Dunning after the first declined charge of a renewal. Its clock starts
    /// at the whole second: payment providers tell time in seconds, and a retry
    /// must not seem to come before its own schedule.
    pub fn start(first_failed_at: Timestamp, code: &str, policy: &DunningPolicy) -> (Self, Next) {
        let first_failed_at =
            Timestamp::from_second(first_failed_at.as_second()).unwrap_or(first_failed_at);
        let dunning = Self {
            first_failed_at,
            last_attempt_at: first_failed_at,
            last_decline: classify(code, policy),
            counted: vec![first_failed_at],
            new_method_at: None,
        };
        let next = dunning.next(policy);
        (dunning, next)
    }

    /// Dunning after one more declined attempt. Scheduled retries are
    /// `counted`; those a customer, an administrator or a new payment method
    /// started are not.
    pub fn declined(
        mut self,
        at: Timestamp,
        code: &str,
        counted: bool,
        policy: &DunningPolicy,
    ) -> (Self, Next) {
        self.last_attempt_at = self.last_attempt_at.max(at);
        self.last_decline = classify(code, policy);
        self.new_method_at = None;
        if counted {
            self.counted.push(at);
        }
        let next = self.next(policy);
        (self, next)
    }

    /// Dunning after a change of payment method: the new one is tried at once,
    /// unless the schedule is over.
    pub fn method_changed(mut self, at: Timestamp, policy: &DunningPolicy) -> (Self, Next) {
        if at <= self.ends_at(policy) {
            self.new_method_at = Some(at);
        }
        let next = self.next(policy);
        (self, next)
    }

    /// Dunning after a payment method was chosen again that was tried before:
    /// tried at once, as a counted attempt, while the ceiling allows one.
    pub fn tried_again(mut self, at: Timestamp, policy: &DunningPolicy) -> (Self, Next) {
        if at <= self.ends_at(policy) && self.is_below_ceiling(at, policy) {
            self.counted.push(at);
            return self.method_changed(at, policy);
        }
        let next = self.next(policy);
        (self, next)
    }

    /// Dunning after a retry that was left out, since it could not help: the
    /// next one is not moved.
    pub fn skipped(mut self, at: Timestamp, policy: &DunningPolicy) -> (Self, Next) {
        self.last_attempt_at = self.last_attempt_at.max(at);
        self.new_method_at = None;
        let next = self.next(policy);
        (self, next)
    }

    /// True while a new payment method waits to be tried, or is being tried.
    pub const fn has_new_method(&self) -> bool {
        self.new_method_at.is_some()
    }

    /// The next step: a payment method not tried yet, else the first scheduled
    /// retry after the last attempt that the ceiling allows, else the end.
    /// After a hard decline nothing is scheduled, but the end stays.
    pub fn next(&self, policy: &DunningPolicy) -> Next {
        if let Some(at) = self.new_method_at {
            return Next::RetryAt(at);
        }
        let scheduled = match self.last_decline {
            DeclineKind::Hard => None,
            DeclineKind::Soft => self
                .schedule(policy)
                .find(|at| *at > self.last_attempt_at && self.is_below_ceiling(*at, policy)),
        };
        scheduled.map_or_else(|| Next::EndAt(self.ends_at(policy)), Next::RetryAt)
    }

    /// When the first charge failed.
    pub const fn first_failed_at(&self) -> Timestamp {
        self.first_failed_at
    }

    /// When dunning is over: the last scheduled instant, tried or not.
    pub fn ends_at(&self, policy: &DunningPolicy) -> Timestamp {
        self.schedule(policy).last().unwrap_or(self.first_failed_at)
    }

    /// Until when the service goes on: the grace period, or the end of dunning
    /// if that is sooner.
    pub fn access_until(&self, policy: &DunningPolicy) -> Timestamp {
        self.days_after_failure(u32::from(policy.grace_days))
            .min(self.ends_at(policy))
    }

    /// All scheduled retries, in order.
    fn schedule(&self, policy: &DunningPolicy) -> impl Iterator<Item = Timestamp> {
        policy.retry_after_days.iter().scan(0_u32, |days, wait| {
            *days = days.saturating_add(u32::from(*wait));
            Some(self.days_after_failure(*days))
        })
    }

    /// True when one more attempt at this instant stays within the ceiling. An
    /// attempt exactly 30 days old no longer counts.
    fn is_below_ceiling(&self, at: Timestamp, policy: &DunningPolicy) -> bool {
        let recent = self
            .counted
            .iter()
            .filter(|attempt| days_after(**attempt, WINDOW_DAYS) > at);
        recent.count() < usize::from(policy.max_attempts_30_days)
    }

    fn days_after_failure(&self, days: u32) -> Timestamp {
        days_after(self.first_failed_at, days)
    }
}

/// Days of 24 hours later. The end of time, the year 9999, stands for more.
fn days_after(at: Timestamp, days: u32) -> Timestamp {
    let wait = SignedDuration::from_hours(i64::from(days).saturating_mul(24));
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
