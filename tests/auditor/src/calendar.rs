//! Billing dates, computed anew from the anchor: boundary n is the anchor and
//! n intervals of civil time, on the anchor's day or the last of its month.

use crate::item::Node;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Boundary `n` of a stored anchor; none where it cannot be computed.
pub(crate) fn boundary(anchor: Node<'_>, n: i128) -> Option<Timestamp> {
    let start = anchor.at("start").time()?;
    if n == 0 {
        return Some(start);
    }
    let zone = TimeZone::get(anchor.at("zone").text()).ok()?;
    let local = zone.to_datetime(start);
    let steps = n.checked_mul(anchor.at("interval.count").number()?)?;
    let steps = i64::try_from(steps).ok()?;
    let date = match anchor.at("interval.unit").text() {
        "day" => days(local.date(), steps)?,
        "week" => days(local.date(), steps.checked_mul(7)?)?,
        "month" => months(local.date(), steps, anchor.at("day").number()?)?,
        "year" => months(
            local.date(),
            steps.checked_mul(12)?,
            anchor.at("day").number()?,
        )?,
        _ => return None,
    };
    let wall = date.to_datetime(local.time());
    zone.to_ambiguous_timestamp(wall).compatible().ok()
}

fn days(date: Date, count: i64) -> Option<Date> {
    date.checked_add(Span::new().try_days(count).ok()?).ok()
}

fn months(date: Date, count: i64, day: i128) -> Option<Date> {
    let first = date.first_of_month();
    let month = first
        .checked_add(Span::new().try_months(count).ok()?)
        .ok()?;
    let day = i8::try_from(day).ok()?.min(month.days_in_month());
    month.with().day(day).build().ok()
}

/// The date in Paris, the seller's zone: issue dates and series years.
pub(crate) fn paris(at: Timestamp) -> Option<Date> {
    Some(TimeZone::get("Europe/Paris").ok()?.to_datetime(at).date())
}

/// The day of the month an anchor's start has in its zone.
pub(crate) fn own_day(anchor: Node<'_>) -> Option<i128> {
    let zone = TimeZone::get(anchor.at("zone").text()).ok()?;
    Some(i128::from(
        zone.to_datetime(anchor.at("start").time()?).day(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn dates(start: &str, zone: &str, unit: &str, day: i64, ns: &[i128]) -> Vec<String> {
        let anchor = json!({"start": start, "zone": zone, "day": day,
            "interval": {"unit": unit, "count": 1}});
        ns.iter()
            .map(|n| boundary(Node::of(&anchor), *n).unwrap().to_string())
            .collect()
    }

    #[test]
    fn months_keep_the_day_they_began_with() {
        assert_eq!(
            dates("2026-01-31T09:00:00Z", "UTC", "month", 31, &[0, 1, 2, 3]),
            [
                "2026-01-31T09:00:00Z",
                "2026-02-28T09:00:00Z",
                "2026-03-31T09:00:00Z",
                "2026-04-30T09:00:00Z",
            ]
        );
    }

    #[test]
    fn a_leap_day_comes_back_every_fourth_year() {
        assert_eq!(
            dates("2024-02-29T00:00:00Z", "UTC", "year", 29, &[1, 4]),
            ["2025-02-28T00:00:00Z", "2028-02-29T00:00:00Z"]
        );
    }

    #[test]
    fn the_wall_clock_stays_through_changes_of_clocks() {
        let start = "2026-03-28T01:30:00Z";
        assert_eq!(
            dates(start, "Europe/Paris", "day", 28, &[1, 2]),
            // Half past two does not exist on the 29th: it is half past three.
            ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]
        );
        assert_eq!(
            dates("2026-01-01T00:00:00Z", "UTC", "week", 1, &[2]),
            ["2026-01-15T00:00:00Z"]
        );
    }
}
