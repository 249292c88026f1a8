//! A card as the provider tells of it.

use crate::id::CardId;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The month a card expires with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Expiry {
    /// Year, four digits.
    pub year: i16,
    /// Month, 1 to 12: the last one in which the card is good.
    pub month: i8,
}

impl Expiry {
    /// This month, if there is such a one.
    pub fn new(year: i16, month: i8) -> Option<Self> {
        Date::new(year, month, 1).ok().map(|_| Self { year, month })
    }

    /// When the card is over: the first instant after its month, in UTC.
    pub fn ends_at(self) -> Timestamp {
        let (year, month) = match self.month {
            12 => (self.year.saturating_add(1), 1),
            month => (self.year, month.saturating_add(1)),
        };
        Date::new(year, month, 1)
            .ok()
            .and_then(|first| first.to_zoned(TimeZone::UTC).ok())
            .map_or(Timestamp::MAX, |first| first.timestamp())
    }

    /// True once the card is over.
    pub fn is_over(self, now: Timestamp) -> bool {
        self.ends_at() <= now
    }
}

/// What the provider tells of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// `visa`, `mastercard`, …
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// When it expires.
    pub expires: Expiry,
    /// The same for the same number, where the provider gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

impl Face {
    pub(super) fn is_same_card(&self, other: &Self) -> bool {
        self.fingerprint.is_some() && self.fingerprint == other.fingerprint
    }
}

/// A saved card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its id.
    pub id: CardId,
    /// The provider's payment method that charges it.
    pub method: String,
    /// How it looks.
    #[serde(flatten)]
    pub face: Face,
    /// When it was saved first.
    pub added_at: Timestamp,
    /// How many of the [`WARNINGS`] are over.
    #[serde(default)]
    pub warned: u8,
}

/// Days before the end of its month at which the owner of the default card is
/// told that it expires.
pub const WARNINGS: [i64; 2] = [30, 7];

impl Card {
    /// When its owner is told next that it expires.
    pub(super) fn warns_at(&self) -> Option<Timestamp> {
        let days = WARNINGS.get(usize::from(self.warned))?;
        let before = SignedDuration::from_hours(days.saturating_mul(24));
        self.face.expires.ends_at().checked_sub(before).ok()
    }
}
