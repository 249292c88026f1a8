//! Billing periods: civil arithmetic from one anchor.
//!
//! Boundary `i` is computed from the anchor, never from boundary `i - 1`:
//! chaining would turn 31 January into 29 February and then 29 March.

use crate::interval::{Distance, Interval};
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Why a date cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Before year -9999 or after year 9999.
    #[error("the date is out of range")]
    OutOfRange,
    /// An anchor day outside 1 to 31.
    #[error("an anchor day is between 1 and 31")]
    AnchorDay,
    /// A day of the month chosen for an interval of days or weeks.
    #[error("only intervals of months and years have a day of the month")]
    NoDayOfMonth,
}

impl From<jiff::Error> for DateError {
    /// Every calculation here has valid inputs, so only the range can fail.
    fn from(_: jiff::Error) -> Self {
        Self::OutOfRange
    }
}

/// A time zone of the IANA database bundled with the program, so that dates do
/// not depend on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// The text is not the name of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an IANA time zone")]
pub struct UnknownZone;

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Reads an IANA name, in any case.
    ///
    /// # Errors
    /// [`UnknownZone`] for anything else.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        let zone = TimeZoneDatabase::bundled()
            .get(name)
            .map_err(|_| UnknownZone)?;
        if zone.iana_name().is_some() {
            Ok(Self(zone))
        } else {
            Err(UnknownZone)
        }
    }

    /// The zone of this name, or UTC if there is none.
    pub fn or_utc(name: &str) -> Self {
        Self::parse(name).unwrap_or(Self::UTC)
    }

    /// The IANA name, as `Europe/Paris`.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The wall clock at an instant.
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    /// The instant of a wall clock. A time that a change of clocks skips moves
    /// forward by what is skipped; a time that exists twice means the first.
    /// (RFC 5545, 3.3.5.)
    ///
    /// # Errors
    /// [`DateError::OutOfRange`].
    pub fn instant(&self, local: DateTime) -> Result<Timestamp, DateError> {
        Ok(self.0.to_ambiguous_timestamp(local).compatible()?)
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(name: String) -> Result<Self, UnknownZone> {
        Self::parse(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

/// What every billing period of a subscription is computed from. The wall
/// clock of the start, in the zone, is the wall clock of every boundary.
///
/// Periods follow each other without hole or overlap. Where a whole civil day
/// never was (Samoa left out 30 December 2011), a daily period is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    start: Timestamp,
    zone: Zone,
    day: i8,
    interval: Interval,
}

impl Anchor {
    /// Periods from `start`, cut to its whole second, on the day of the month
    /// that `start` has in the zone.
    pub fn new(start: Timestamp, zone: Zone, interval: Interval) -> Self {
        let start = Timestamp::from_second(start.as_second()).unwrap_or(start);
        let day = zone.local(start).day();
        Self {
            start,
            zone,
            day,
            interval,
        }
    }

    /// The same periods on another day of the month, for subscriptions that
    /// bring theirs: from 28 February with day 31 to 31 March.
    ///
    /// # Errors
    /// [`DateError::AnchorDay`] outside 1 to 31.
    pub fn with_day(self, day: i8) -> Result<Self, DateError> {
        if (1..=31).contains(&day) {
            Ok(Self { day, ..self })
        } else {
            Err(DateError::AnchorDay)
        }
    }

    /// Start of period 0.
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// The zone whose wall clock is kept.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The day of the month boundaries fall on, where the month has it.
    pub const fn day(&self) -> i8 {
        self.day
    }

    /// Length of a period.
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    /// Start of period `index`; boundary 0 is the start itself. Months without
    /// the anchor day use their last one.
    ///
    /// # Errors
    /// [`DateError::OutOfRange`] after year 9999.
    pub fn boundary(&self, index: u32) -> Result<Timestamp, DateError> {
        if index == 0 {
            return Ok(self.start);
        }
        let local = self.zone.local(self.start);
        let date = match self.interval.times(index) {
            Distance::Days(days) => local.date().checked_add(Span::new().try_days(days)?)?,
            Distance::Months(months) => month_on_day(local.date(), months, self.day)?,
        };
        self.zone.instant(date.to_datetime(local.time()))
    }

    /// Period `index`: its start, and its end, which is not part of it.
    ///
    /// # Errors
    /// [`DateError::OutOfRange`] after year 9999.
    pub fn period(&self, index: u32) -> Result<(Timestamp, Timestamp), DateError> {
        let next = index.checked_add(1).ok_or(DateError::OutOfRange)?;
        Ok((self.boundary(index)?, self.boundary(next)?))
    }
}

/// The date some months later (or earlier), on the same day or the last one of
/// a shorter month.
///
/// # Errors
/// [`DateError::OutOfRange`].
pub fn add_months_clamped(date: Date, months: i32) -> Result<Date, DateError> {
    month_on_day(date, i64::from(months), date.day())
}

/// The given day, or the last one, of the month that lies `months` after the
/// month of `date`.
pub(crate) fn month_on_day(date: Date, months: i64, day: i8) -> Result<Date, DateError> {
    let first = date
        .first_of_month()
        .checked_add(Span::new().try_months(months)?)?;
    Ok(first.with().day(day.min(first.days_in_month())).build()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::IntervalUnit;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_zone_has_one_name_and_only_iana_names() {
        assert_eq!(Zone::parse("europe/PARIS").unwrap().name(), "Europe/Paris");
        assert_eq!(Zone::parse("UTC"), Ok(Zone::UTC));
        for text in [
            "",
            "Paris",
            "CET-1CEST",
            "+02:00",
            "Etc/Unknown",
            "Europe/Paris\0",
            "../etc/passwd",
        ] {
            assert_eq!(Zone::parse(text), Err(UnknownZone), "{text:?}");
            assert_eq!(Zone::or_utc(text), Zone::UTC);
        }
    }

    #[test]
    fn an_anchor_is_stored_whole() {
        let zone = Zone::parse("Europe/Paris").unwrap();
        let anchor = Anchor::new(instant("2025-01-30T23:00:00.75Z"), zone, Interval::MONTH);
        let json = serde_json::to_value(&anchor).unwrap();
        let expected = serde_json::json!({
            "start": "2025-01-30T23:00:00Z",
            "zone": "Europe/Paris",
            "day": 31,
            "interval": {"unit": "month", "count": 1},
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<Anchor>(json).unwrap(), anchor);
    }

    #[test]
    fn days_of_the_month_end_at_31() {
        let anchor = Anchor::new(instant("2025-01-31T00:00:00Z"), Zone::UTC, Interval::MONTH);
        for day in [-1, 0, 32, i8::MIN, i8::MAX] {
            assert_eq!(
                anchor.clone().with_day(day),
                Err(DateError::AnchorDay),
                "{day}"
            );
        }
    }

    #[test]
    fn dates_beyond_the_calendar_are_errors() {
        for unit in [
            IntervalUnit::Day,
            IntervalUnit::Week,
            IntervalUnit::Month,
            IntervalUnit::Year,
        ] {
            let interval = Interval::new(unit, u16::MAX).unwrap();
            let anchor = Anchor::new(instant("2025-01-31T00:00:00Z"), Zone::UTC, interval);
            assert_eq!(anchor.boundary(u32::MAX), Err(DateError::OutOfRange));
            assert_eq!(anchor.period(u32::MAX), Err(DateError::OutOfRange));
        }
    }

    fn zones() -> impl Strategy<Value = Zone> {
        let names: Vec<String> = TimeZoneDatabase::bundled()
            .available()
            .map(|name| name.as_str().to_owned())
            .collect();
        select(names).prop_filter_map("an IANA zone", |name| Zone::parse(&name).ok())
    }

    prop_compose! {
        /// Anchors from 2015 on: no zone has left out a whole day since.
        fn anchors()(
            second in 1_420_070_400_i64..3_000_000_000,
            zone in zones(),
            unit in select(&[IntervalUnit::Day, IntervalUnit::Week, IntervalUnit::Month, IntervalUnit::Year]),
            count in 1_u16..14,
            day in proptest::option::of(1_i8..=31),
        ) -> Anchor {
            let interval = Interval::new(unit, count).unwrap();
            let anchor = Anchor::new(Timestamp::from_second(second).unwrap(), zone, interval);
            match day {
                Some(day) => anchor.with_day(day).unwrap(),
                None => anchor,
            }
        }
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_hole_or_overlap(anchor in anchors(), index in 0_u32..400) {
            let (start, end) = anchor.period(index).unwrap();
            let (next_start, next_end) = anchor.period(index + 1).unwrap();
            prop_assert_eq!(end, next_start);
            prop_assert!(start < end && end < next_end);
            prop_assert_eq!(anchor.boundary(0).unwrap(), anchor.start());
        }

        #[test]
        fn the_anchor_day_comes_back_after_every_shorter_month(anchor in anchors(), index in 1_u32..400) {
            let Distance::Months(_) = anchor.interval().times(1) else { return Ok(()) };
            let local = anchor.zone().local(anchor.boundary(index).unwrap());
            let wall_clock = anchor.zone().local(anchor.start()).time();
            // A skipped wall clock moves forward, at the latest into the next day.
            prop_assume!(local.time() == wall_clock);
            prop_assert_eq!(local.day(), anchor.day().min(local.date().days_in_month()));
        }

        #[test]
        fn a_month_added_never_skips_a_month(days in 0_i32..60_000, months in -600_i32..600) {
            let date = jiff::civil::date(1970, 1, 1).checked_add(Span::new().days(days)).unwrap();
            let moved = add_months_clamped(date, months).unwrap();
            let count = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
            prop_assert_eq!(count(moved) - count(date), months);
            prop_assert!(moved.day() == date.day() || moved.day() == moved.days_in_month());
        }
    }
}
