//! Anchors that are not simply the moment of purchase: after a trial, on the
//! calendar, or on a chosen day of the month.

use crate::anchor::{Anchor, DateError, Zone, month_on_day};
use crate::interval::{Distance, Interval, IntervalUnit};
use jiff::civil::{Date, DateTime, Time, Weekday};
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
        let Distance::Months(months) = interval.times(1) else {
            return Err(DateError::NoDayOfMonth);
        };
        let local: DateTime = zone.local(start);
        let this_month = month_on_day(local.date(), 0, day.max(1))?;
        let date = match this_month < local.date() {
            true => month_on_day(local.date(), months, day)?,
            false => this_month,
        };
        let first = zone.instant(date.to_datetime(local.time()))?;
        Self::new(first, zone, interval).with_day(day)
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
