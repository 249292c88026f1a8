//! Attempts: numbered tries at a payment.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

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
        /// The saved payment method; none where no card was left: nobody is
        /// asked for the money then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_method: Option<String>,
    },
}

/// A payment page at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostedPage {
    /// The provider's id of the page.
    pub session: String,
    /// Its address.
    pub url: String,
    /// When it was opened; none where that was not written down yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
}

/// A decline inside a payment page: the customer may try another card there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    /// When it was seen.
    pub at: Timestamp,
    /// The provider's decline code.
    pub code: String,
}

/// Most declines of one page that are kept, the last ones: who tries stolen
/// cards must not make the payment grow.
const MOST_DECLINES: usize = 20;

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
    /// The declines inside its payment page, in order. The provider shows the
    /// last one alone, so that one like the one before is not told from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declines: Vec<Decline>,
    /// How often its outcome was looked up.
    #[serde(default)]
    pub checks: u32,
    /// Since when the provider, asked for it long after it began, has known
    /// nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_since: Option<Timestamp>,
}

/// After this long the provider would show a payment, if there were one.
const SHOWN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How far apart two looks are that prove that there is none.
const PROOF: SignedDuration = SignedDuration::from_hours(1);

impl Attempt {
    /// True while money may still move because of it.
    pub fn is_open(&self) -> bool {
        match self.outcome {
            Outcome::InFlight | Outcome::Unknown => true,
            Outcome::Succeeded { .. }
            | Outcome::Failed { .. }
            | Outcome::NeedsCustomer { .. }
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
            Outcome::NotCreated { .. } => "not_created",
        }
    }

    /// True when the provider, asked now and knowing nothing of it, proves that
    /// it never reached it: the second time after [`SHOWN_AFTER`], [`PROOF`]
    /// after the first. One empty answer may be the provider's own lag.
    pub fn is_disproved(&self, now: Timestamp) -> bool {
        self.absent_since
            .is_some_and(|since| now.duration_since(since) >= PROOF)
    }

    /// The attempt of which the provider, asked now, knows nothing.
    pub(crate) fn absent(self, now: Timestamp) -> Self {
        let is_late = now.duration_since(self.started_at) >= SHOWN_AFTER;
        Self {
            absent_since: self.absent_since.or(is_late.then_some(now)),
            ..self
        }
    }

    /// The decline code, if it was declined.
    pub fn decline_code(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Failed { code, .. } => Some(code),
            Outcome::NeedsCustomer { .. } => Some("authentication_required"),
            Outcome::InFlight | Outcome::Unknown => self.last_decline(),
            Outcome::Succeeded { .. } | Outcome::NotCreated { .. } => None,
        }
    }

    /// The code of the last decline inside its payment page.
    pub fn last_decline(&self) -> Option<&str> {
        self.declines.last().map(|decline| decline.code.as_str())
    }

    /// Writes a decline inside its payment page down. False when it is the one
    /// that was written down last.
    pub(crate) fn note_decline(&mut self, code: &str, at: Timestamp) -> bool {
        if self.last_decline() == Some(code) {
            return false;
        }
        if self.declines.len() >= MOST_DECLINES {
            self.declines.remove(0);
        }
        self.declines.push(Decline {
            at,
            code: code.to_owned(),
        });
        true
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
    /// after its start, then daily, and once more after the provider knew
    /// nothing of it.
    pub(crate) fn next_check(&self, now: Timestamp) -> Timestamp {
        if self.page().is_some() {
            return after(now, SignedDuration::from_mins(10));
        }
        if let Some(proved_at) = self.absent_since.map(|since| after(since, PROOF))
            && proved_at > now
        {
            return proved_at;
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
