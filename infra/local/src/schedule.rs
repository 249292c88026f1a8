//! EventBridge schedules.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A schedule that starts a job again and again.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// Operation id.
    pub(crate) job: String,
    /// Seconds between two ticks.
    every: i64,
    input: Option<Value>,
}

/// A schedule that cannot be kept here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScheduleError {
    /// Not `rate(n minutes|hours|days)`.
    #[error("only rate expressions are understood, not {0:?}")]
    Expression(String),
    /// The input is no JSON.
    #[error("the input is no JSON: {0}")]
    Input(String),
}

impl Schedule {
    /// A schedule as a template states it.
    pub(crate) fn new(
        job: &str,
        expression: &str,
        input: Option<&str>,
    ) -> Result<Self, ScheduleError> {
        let every =
            rate(expression).ok_or_else(|| ScheduleError::Expression(expression.to_owned()))?;
        let input = input
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| ScheduleError::Input(error.to_string()))?;
        Ok(Self {
            job: job.to_owned(),
            every,
            input,
        })
    }

    /// The first tick at or after a moment. Ticks are counted from 1970, so
    /// that a history does not depend on when the stack was started.
    pub(crate) fn tick_at_or_after(&self, moment: Timestamp) -> Timestamp {
        let second = moment
            .as_second()
            .saturating_add(i64::from(moment.subsec_nanosecond() > 0));
        let past = second.rem_euclid(self.every);
        let wait = if past == 0 {
            0
        } else {
            self.every.saturating_sub(past)
        };
        Timestamp::from_second(second.saturating_add(wait)).unwrap_or(Timestamp::MAX)
    }

    /// The tick after another.
    pub(crate) fn tick_after(&self, tick: Timestamp) -> Timestamp {
        let next = tick
            .checked_add(SignedDuration::from_nanos(1))
            .unwrap_or(Timestamp::MAX);
        self.tick_at_or_after(next)
    }

    /// What the job is told: the schedule's input, else what EventBridge
    /// Scheduler sends by itself.
    pub(crate) fn event(&self, tick: Timestamp) -> Value {
        self.input.clone().unwrap_or_else(|| {
            json!({
                "version": "0",
                "id": "00000000-0000-0000-0000-000000000000",
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": "000000000000",
                "time": tick.to_string(),
                "region": "local",
                "resources": [],
                "detail": "{}",
            })
        })
    }
}

/// Seconds between two ticks of `rate(5 minutes)`.
fn rate(expression: &str) -> Option<i64> {
    let inside = expression.strip_prefix("rate(")?.strip_suffix(')')?;
    let (number, unit) = inside.split_once(' ')?;
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    let unit = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::{Schedule, ScheduleError};
    use serde_json::json;

    #[test]
    fn ticks_come_at_the_rate_and_never_before_their_time() {
        let schedule = Schedule::new("job", "rate(5 minutes)", None).unwrap();
        for (moment, tick) in [
            ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z"),
            ("2026-01-31T09:00:00.000000001Z", "2026-01-31T09:05:00Z"),
            ("2026-01-31T09:04:59Z", "2026-01-31T09:05:00Z"),
            ("2026-01-31T23:58:00Z", "2026-02-01T00:00:00Z"),
        ] {
            assert_eq!(
                schedule.tick_at_or_after(moment.parse().unwrap()),
                tick.parse().unwrap(),
                "{moment}"
            );
        }
        let tick = "2026-01-31T09:00:00Z".parse().unwrap();
        assert_eq!(
            schedule.tick_after(tick),
            "2026-01-31T09:05:00Z".parse().unwrap()
        );
    }

    #[test]
    fn the_input_of_the_template_is_what_the_job_is_told() {
        let schedule = Schedule::new("job", "rate(1 hour)", Some(r#"{"shards": [1]}"#)).unwrap();
        assert_eq!(
            schedule.event("2026-01-31T09:00:00Z".parse().unwrap()),
            json!({"shards": [1]})
        );
    }

    #[test]
    fn an_expression_that_is_not_understood_is_refused() {
        for expression in [
            "",
            "cron(0 3 * * ? *)",
            "rate(0 minutes)",
            "rate(5)",
            "rate(5 weeks)",
        ] {
            let refused = Schedule::new("job", expression, None).unwrap_err();
            assert_eq!(refused, ScheduleError::Expression(expression.to_owned()));
        }
    }
}
