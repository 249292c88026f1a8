//! How long a billing period is.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

/// The unit a billing period is counted in. All are civil: a day has 23 to 25
/// hours, a month 28 to 31 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntervalUnit {
    /// Civil days.
    Day,
    /// Seven civil days.
    Week,
    /// Calendar months.
    Month,
    /// Twelve calendar months.
    Year,
}

/// The length of a billing period: a unit, `count` times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    unit: IntervalUnit,
    count: NonZeroU16,
}

/// An interval of zero units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an interval counts at least one unit")]
pub struct EmptyInterval;

/// The civil distance of some intervals: months keep the day, days do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distance {
    /// Civil days.
    Days(i64),
    /// Calendar months.
    Months(i64),
}

impl Interval {
    /// One month.
    pub const MONTH: Self = Self {
        unit: IntervalUnit::Month,
        count: NonZeroU16::MIN,
    };
    /// One year.
    pub const YEAR: Self = Self {
        unit: IntervalUnit::Year,
        count: NonZeroU16::MIN,
    };

    /// `count` times the unit.
    ///
    /// # Errors
    /// [`EmptyInterval`] for a count of zero.
    pub fn new(unit: IntervalUnit, count: u16) -> Result<Self, EmptyInterval> {
        let count = NonZeroU16::new(count).ok_or(EmptyInterval)?;
        Ok(Self { unit, count })
    }

    /// The unit.
    pub const fn unit(&self) -> IntervalUnit {
        self.unit
    }

    /// How many units, 1 or more.
    pub const fn count(&self) -> u16 {
        self.count.get()
    }

    /// The distance of `times` intervals. The largest, 12 x 2^48, fits.
    pub(crate) fn times(&self, times: u32) -> Distance {
        let units = i64::from(times).saturating_mul(i64::from(self.count()));
        match self.unit {
            IntervalUnit::Day => Distance::Days(units),
            IntervalUnit::Week => Distance::Days(units.saturating_mul(7)),
            IntervalUnit::Month => Distance::Months(units),
            IntervalUnit::Year => Distance::Months(units.saturating_mul(12)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_counts_at_least_one_unit() {
        assert_eq!(Interval::new(IntervalUnit::Day, 0), Err(EmptyInterval));
        assert_eq!(Interval::new(IntervalUnit::Month, 1), Ok(Interval::MONTH));
        assert!(serde_json::from_str::<Interval>(r#"{"unit":"month","count":0}"#).is_err());
    }

    #[test]
    fn json_is_a_unit_and_a_count() {
        let json = r#"{"unit":"week","count":2}"#;
        let interval: Interval = serde_json::from_str(json).unwrap();
        assert_eq!((interval.unit(), interval.count()), (IntervalUnit::Week, 2));
        assert_eq!(serde_json::to_string(&interval).unwrap(), json);
    }

    #[test]
    fn the_longest_distance_does_not_wrap() {
        let longest = Interval::new(IntervalUnit::Year, u16::MAX).unwrap();
        assert_eq!(
            longest.times(u32::MAX),
            Distance::Months(12 * 65_535 * 4_294_967_295)
        );
    }
}
