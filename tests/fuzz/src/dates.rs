//! Dates and billing periods.

use crate::texts::stored;
use arbitrary::{Arbitrary as _, Unstructured};
use domain::anchor::{Anchor, Zone, add_months_clamped};
use domain::interval::{Interval, IntervalUnit};
use jiff::Timestamp;
use jiff::civil::Date;

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Paris",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
];

/// Whatever the start, zone, day and interval, boundaries never go back, each
/// period begins where the one before ended, and a date out of range is an
/// error. An interval or anchor read from JSON is written back the same.
pub(crate) fn dates(data: &[u8]) {
    if let Ok(interval) = serde_json::from_slice::<Interval>(data) {
        assert!(interval.count() > 0);
        stored(&interval);
    }
    if let Ok(date) = std::str::from_utf8(data)
        .unwrap_or_default()
        .parse::<Date>()
    {
        assert_eq!(date.to_string().parse::<Date>().ok(), Some(date));
        months(date, 1);
    }
    if let Ok(anchor) = serde_json::from_slice::<Anchor>(data) {
        stored(&anchor);
        periods(&anchor, 1);
    }
    let mut input = Unstructured::new(data);
    let Ok((second, zone, unit, count)) = <(i64, u8, u8, u16)>::arbitrary(&mut input) else {
        return;
    };
    let Ok((day, index)) = <(i8, u32)>::arbitrary(&mut input) else {
        return;
    };
    // About the years -9999 to 9999.
    let Ok(start) = Timestamp::from_second(second % 377_000_000_000) else {
        return;
    };
    let name = ZONES
        .get(usize::from(zone) % ZONES.len())
        .copied()
        .unwrap_or("UTC");
    let zone = Zone::parse(name).expect("a zone of the list");
    let unit = match unit % 4 {
        0 => IntervalUnit::Day,
        1 => IntervalUnit::Week,
        2 => IntervalUnit::Month,
        _ => IntervalUnit::Year,
    };
    let Ok(interval) = Interval::new(unit, count) else {
        assert_eq!(count, 0);
        return;
    };
    months(
        zone.local(start).date(),
        i32::from(day).wrapping_mul(i32::from(count)),
    );
    let anchor = Anchor::new(start, zone, interval);
    let on_day = anchor.clone().with_day(day);
    assert_eq!(on_day.is_ok(), (1..=31).contains(&day));
    stored(&anchor);
    for anchor in [Some(anchor), on_day.ok()].into_iter().flatten() {
        periods(&anchor, index);
        periods(&anchor, index % 200);
    }
}

fn periods(anchor: &Anchor, index: u32) {
    let (Ok((start, end)), Some(next)) = (anchor.period(index), index.checked_add(1)) else {
        return;
    };
    assert!(start <= end, "{anchor:?} {index}");
    if let Ok((after, _)) = anchor.period(next) {
        assert_eq!(end, after, "{anchor:?} {index}");
    }
    if index > 0 {
        let before = anchor.boundary(index.saturating_sub(1));
        // The day of the month may put boundary 1 before the start of a long
        // month; from there on they only go forward.
        if index > 1 {
            assert!(
                before.is_ok_and(|before| before <= start),
                "{anchor:?} {index}"
            );
        }
    }
}

fn months(date: Date, months: i32) {
    let Ok(moved) = add_months_clamped(date, months) else {
        return;
    };
    let count = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
    assert_eq!(count(moved) - count(date), i64::from(months));
    assert!(moved.day() <= date.day());
}
