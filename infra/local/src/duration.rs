//! ISO 8601 durations on the calendar.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// A text that is no forward ISO 8601 duration, or leads past the end of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 8601 duration such as PT1H, P31D or P1M, or one that goes backwards")]
pub struct NotADuration;

/// The moment a duration after another, counted on the UTC calendar: `P1M`
/// keeps the day where the month has it.
///
/// # Errors
/// [`NotADuration`].
pub fn after(start: Timestamp, duration: &str) -> Result<Timestamp, NotADuration> {
    // jiff also reads its own friendly format; the API speaks ISO 8601 alone.
    if !duration.starts_with('P') {
        return Err(NotADuration);
    }
    let span: Span = duration.parse().map_err(|_| NotADuration)?;
    let end = start
        .to_zoned(TimeZone::UTC)
        .checked_add(span)
        .map_err(|_| NotADuration)?
        .timestamp();
    if end < start {
        Err(NotADuration)
    } else {
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotADuration, after};

    #[test]
    fn calendar_units_keep_the_day_where_the_month_has_it() {
        for (start, duration, end) in [
            ("2026-01-15T09:00:00Z", "P1M", "2026-02-15T09:00:00Z"),
            ("2026-01-31T09:00:00Z", "P1M", "2026-02-28T09:00:00Z"),
            ("2028-01-31T09:00:00Z", "P1M", "2028-02-29T09:00:00Z"),
            ("2026-01-31T09:00:00Z", "P13M", "2027-02-28T09:00:00Z"),
            ("2028-02-29T00:00:00Z", "P1Y", "2029-02-28T00:00:00Z"),
            ("2026-01-31T09:00:00Z", "P31D", "2026-03-03T09:00:00Z"),
            ("2026-01-31T09:00:00Z", "P1W", "2026-02-07T09:00:00Z"),
            ("2026-01-31T09:00:00Z", "P1DT2H3M4S", "2026-02-01T11:03:04Z"),
            ("2026-01-31T09:00:00Z", "PT0S", "2026-01-31T09:00:00Z"),
        ] {
            assert_eq!(
                after(start.parse().unwrap(), duration),
                Ok(end.parse().unwrap()),
                "{start} + {duration}"
            );
        }
    }

    #[test]
    fn what_is_no_forward_duration_is_refused() {
        let start = "2026-01-31T09:00:00Z".parse().unwrap();
        for text in [
            "",
            "P",
            "1M",
            "-P1D",
            "P-1D",
            "1 month",
            "P1X",
            "P99999999Y",
        ] {
            assert_eq!(after(start, text), Err(NotADuration), "{text}");
        }
    }
}
