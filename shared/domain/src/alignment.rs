//! Anchors that are not simply the moment of purchase: after a trial, on the
//! calendar, or on a chosen day of the month.

use crate::anchor::{Anchor, DateError, Zone, month_on_day};
use crate::interval::{Distance, Interval, IntervalUnit};
use jiff::civil::{Date, Time, Weekday};
use jiff::{Span, Timestamp};

impl Anchor {
    /// The anchor after a trial of civil days: its end, on that day of the
    /// month.
    ///
    /// # Errors
    /// [`DateError::OutOfRange`].
    pub fn after_trial(
        start: Timestamp,
        zone: Zone,
        interval: Interval,
        days: u16,
    ) -> Result<Self, DateError> {
        let local = zone.local(start).checked_add(Span::new().try_days(days)?)?;
        Ok(Self::new(zone.instant(local)?, zone, interval))
    }

    /// The anchor of a calendar plan, at local midnight at or after `start`: a
    /// Monday for weeks; a 1st for months, in blocks counted from January where
    /// the count divides the year; 1 January for years.
    ///
    /// # Errors
    /// [`DateError::OutOfRange`].
    pub fn on_calendar(
        start: Timestamp,
        zone: Zone,
        interval: Interval,
    ) -> Result<Self, DateError> {
        let local = zone.local(start);
        let earliest = match local.time() == Time::midnight() {
            true => local.date(),
            false => local.date().tomorrow()?,
        };
        let block = match (interval.unit(), interval.count()) {
            (IntervalUnit::Day, _) => return Self::at_midnight(earliest, zone, interval),
            (IntervalUnit::Week, _) => {
                return Self::at_midnight(monday_from(earliest)?, zone, interval);
            }
            (IntervalUnit::Month, months @ (1 | 2 | 3 | 4 | 6 | 12)) => i64::from(months),
            (IntervalUnit::Month, _) => 1,
            (IntervalUnit::Year, _) => 12,
        };
        Self::at_midnight(block_from(earliest, block)?, zone, interval)
    }

    /// The anchor of a plan billed on a chosen day of the month: that day of
    /// the start month, or one whole interval later if that is before `start`.
    /// The wall clock of the start is kept.
    ///
    /// # Errors
    /// [`DateError::AnchorDay`] outside 1 to 31, [`DateError::NoDayOfMonth`]
    /// for days and weeks, [`DateError::OutOfRange`].
    pub fn on_billing_day(
        start: Timestamp,
        zone: Zone,
        interval: Interval,
        day: i8,
    ) -> Result<Self, DateError> {
        let Distance::Months(_) = interval.times(1) else {
            return Err(DateError::NoDayOfMonth);
        };
        let from_start = Self::new(start, zone, interval).with_day(day)?;
        let local = from_start.zone().local(start);
        let this_month = month_on_day(local.date(), 0, day)?;
        let first = match this_month < local.date() {
            true => from_start.boundary(1)?,
            false => from_start
                .zone()
                .instant(this_month.to_datetime(local.time()))?,
        };
        Self::new(first, from_start.zone().clone(), interval).with_day(day)
    }

    fn at_midnight(date: Date, zone: Zone, interval: Interval) -> Result<Self, DateError> {
        let start = zone.instant(date.to_datetime(Time::midnight()))?;
        Ok(Self::new(start, zone, interval))
    }
}

fn monday_from(earliest: Date) -> Result<Date, DateError> {
    match earliest.weekday() == Weekday::Monday {
        true => Ok(earliest),
        false => Ok(earliest.nth_weekday(1, Weekday::Monday)?),
    }
}

/// The first 1st at or after a date that begins a block of months.
fn block_from(earliest: Date, block: i64) -> Result<Date, DateError> {
    let into_block = i64::from(earliest.month())
        .saturating_sub(1)
        .checked_rem(block)
        .unwrap_or(0);
    if into_block == 0 && earliest.day() == 1 {
        return Ok(earliest);
    }
    month_on_day(earliest, block.saturating_sub(into_block), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(anchor: Result<Anchor, DateError>) -> String {
        anchor.unwrap().start().to_string()
    }

    #[test]
    fn a_calendar_plan_starts_at_local_midnight() {
        let paris = || Zone::parse("Europe/Paris").unwrap();
        let day = Interval::new(IntervalUnit::Day, 1).unwrap();
        for (start, interval, anchor) in [
            // Midnight of 1 January in Paris is still in the old year in UTC.
            (
                "2025-12-31T23:00:00Z",
                Interval::YEAR,
                "2025-12-31T23:00:00Z",
            ),
            (
                "2025-12-31T23:00:01Z",
                Interval::YEAR,
                "2026-12-31T23:00:00Z",
            ),
            (
                "2025-12-31T23:00:01Z",
                Interval::MONTH,
                "2026-01-31T23:00:00Z",
            ),
            ("2026-03-28T23:00:01Z", day, "2026-03-29T22:00:00Z"),
        ] {
            let start = start.parse().unwrap();
            assert_eq!(first(Anchor::on_calendar(start, paris(), interval)), anchor);
        }
    }

    #[test]
    fn a_count_that_does_not_divide_the_year_starts_on_any_1st() {
        let start = "2026-02-02T00:00:00Z".parse().unwrap();
        for (count, anchor) in [(5, "2026-03-01T00:00:00Z"), (4, "2026-05-01T00:00:00Z")] {
            let interval = Interval::new(IntervalUnit::Month, count).unwrap();
            assert_eq!(
                first(Anchor::on_calendar(start, Zone::UTC, interval)),
                anchor
            );
        }
    }

    #[test]
    fn a_start_on_the_billing_day_is_the_anchor() {
        for (start, anchor) in [
            ("2012-03-03T10:00:00Z", "2012-03-03T10:00:00Z"),
            ("2012-03-04T10:00:00Z", "2012-04-03T10:00:00Z"),
            ("2012-03-02T10:00:00Z", "2012-03-03T10:00:00Z"),
        ] {
            let start = start.parse().unwrap();
            let billed = Anchor::on_billing_day(start, Zone::UTC, Interval::MONTH, 3);
            assert_eq!(first(billed), anchor);
        }
    }

    #[test]
    fn weeks_have_no_day_of_the_month() {
        let week = Interval::new(IntervalUnit::Week, 1).unwrap();
        let billed =
            |interval, day| Anchor::on_billing_day(Timestamp::UNIX_EPOCH, Zone::UTC, interval, day);
        assert_eq!(billed(week, 1), Err(DateError::NoDayOfMonth));
        assert_eq!(billed(Interval::MONTH, 0), Err(DateError::AnchorDay));
        assert_eq!(billed(Interval::MONTH, 32), Err(DateError::AnchorDay));
    }
}
