//! A bound on how fast a subscription may open periods.

use crate::attempt::after;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Most periods opened in [`WINDOW`], however many are due: a clock or a date
/// that runs wild must not charge a card without end.
pub const MOST_OPENINGS: u32 = 15;

/// The time in which [`MOST_OPENINGS`] counts, from the first of them.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// How many periods of a subscription were opened lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Openings {
    since: Timestamp,
    count: u32,
}

impl Openings {
    /// With one more, opened now.
    ///
    /// # Errors
    /// When the window is over, if there were [`MOST_OPENINGS`] in it.
    pub fn one_more(self, now: Timestamp) -> Result<Self, Timestamp> {
        let over = after(self.since, WINDOW);
        if now >= over {
            return Ok(Self {
                since: now,
                count: 1,
            });
        }
        if self.count >= MOST_OPENINGS {
            return Err(over);
        }
        Ok(Self {
            count: self.count.saturating_add(1),
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_in_a_day_and_then_no_more() {
        let day = |hours: i64| {
            after(
                Timestamp::UNIX_EPOCH,
                SignedDuration::from_hours(24 * 365 + hours),
            )
        };
        let mut openings = Openings::default();
        for _ in 0..MOST_OPENINGS {
            openings = openings.one_more(day(0)).unwrap();
        }
        assert_eq!(openings.one_more(day(23)), Err(day(24)));
        let next = openings.one_more(day(24)).unwrap();
        assert_eq!((next.since, next.count), (day(24), 1));
    }
}
