//! A payment page that is asked for instead of the open one.
//!
//! Of one payment there is one open page: the next opens once the one before
//! it is closed at the provider, where it may be paid until then.

use crate::attempt::{Attempt, Channel, Outcome};
use crate::payment::{AttemptRefusal, Payment, PaymentStatus, Purpose};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Most pages of one order: prices and coupons are held while it waits.
pub const MOST_PAGES: u32 = 10;

/// How long the request that asks has before the reconciler goes on with it.
const OWN_TIME: SignedDuration = SignedDuration::from_mins(1);

/// The page the customer asked for instead of the open one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnotherPage {
    /// Where it sends the customer afterwards.
    pub return_url: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

impl Payment {
    /// The payment whose customer asked for another page.
    ///
    /// # Errors
    /// [`AttemptRefusal`] when nothing is owed on a page, or after
    /// [`MOST_PAGES`].
    pub fn ask_page(self, return_url: String, now: Timestamp) -> Result<Self, AttemptRefusal> {
        let Some(open) = self.open_attempt().filter(|_| self.is_pending()) else {
            return Err(AttemptRefusal::Closed(self.status.name()));
        };
        if open.number >= MOST_PAGES {
            return Err(AttemptRefusal::Many(open.number));
        }
        let soon = crate::attempt::after(now, OWN_TIME);
        Ok(Self {
            check_at: self.check_at.map(|at| at.min(soon)).or(Some(soon)),
            another_page: Some(AnotherPage {
                return_url,
                asked_at: now,
            }),
            ..self
        })
    }

    /// The payment whose page closed unused and is followed by the one asked
    /// for, which closes at `closes_at`; none where no other was asked for.
    pub fn turn_page(&self, number: u32, closes_at: Timestamp, now: Timestamp) -> Option<Self> {
        let mut turned = self.clone();
        let asked = turned.another_page.take()?;
        let code = turned.closing_code(number, "superseded");
        let page = Channel::Hosted {
            return_url: asked.return_url,
            closes_at,
            page: None,
        };
        turned
            .with_outcome(number, Outcome::Failed { at: now, code })
            .begin(page, now)
            .ok()
    }

    /// The payment whose page closed unused. An order's payment expires with
    /// it; a renewal's stays, dunning goes on.
    pub fn page_closed(self, number: u32, now: Timestamp) -> Self {
        let code = self.closing_code(number, "session_expired");
        let closed = self.with_outcome(number, Outcome::Failed { at: now, code });
        match closed.purpose {
            Purpose::Order { .. } if closed.is_pending() => Self {
                status: PaymentStatus::Expired { at: now },
                another_page: None,
                ..closed
            },
            Purpose::Order { .. } | Purpose::Renewal { .. } => closed,
        }
    }

    /// Why a page ended without money: its last decline, if there was one.
    fn closing_code(&self, number: u32, otherwise: &str) -> String {
        let closed = self.attempts.iter().find(|a| a.number == number);
        closed
            .and_then(Attempt::last_decline)
            .unwrap_or(otherwise)
            .to_owned()
    }
}
