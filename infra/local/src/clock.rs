//! The one clock over everything: functions, table, provider, schedules.

use crate::lock::lock;
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use jiff::{SignedDuration, Timestamp};
use platform::clock::Clock;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

/// A clock that can be moved forward. Clones show the same time.
#[derive(Debug, Clone)]
pub struct VirtualClock(Arc<Mutex<Reading>>);

#[derive(Debug, Clone, Copy)]
struct Reading {
    /// What it showed when it was last set.
    at: Timestamp,
    /// When that was, if it flows with real time since.
    since: Option<Instant>,
}

impl Reading {
    fn now(&self) -> Timestamp {
        let passed = self
            .since
            .and_then(|since| SignedDuration::try_from(since.elapsed()).ok())
            .unwrap_or(SignedDuration::ZERO);
        self.at.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

fn real_instant() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "a flowing clock flows with real time"
    )]
    Instant::now()
}

impl VirtualClock {
    /// A clock that stands still until it is moved.
    pub fn frozen(at: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Reading { at, since: None })))
    }

    /// A clock that flows with real time from this moment on.
    pub fn flowing(from: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Reading {
            at: from,
            since: Some(real_instant()),
        })))
    }

    /// Moves it forward to a moment; one that has passed changes nothing.
    pub(crate) fn move_to(&self, to: Timestamp) {
        let mut reading = lock(&self.0);
        if to > reading.now() {
            *reading = Reading {
                at: to,
                since: reading.since.map(|_| real_instant()),
            };
        }
    }

    /// Sets it, backwards as well: only for a stack that begins anew.
    pub(crate) fn set(&self, at: Timestamp) {
        let mut reading = lock(&self.0);
        *reading = Reading {
            at,
            since: reading.since.map(|_| real_instant()),
        };
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        lock(&self.0).now()
    }
}

/// Time since 1970 as the standard library counts it.
fn since_epoch(clock: &VirtualClock) -> Duration {
    Duration::try_from(Clock::now(clock).as_duration()).unwrap_or_default()
}

impl TimeSource for VirtualClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + since_epoch(self)
    }
}

impl dynoxide::storage_backend::Clock for VirtualClock {
    fn now_unix_secs(&self) -> u64 {
        since_epoch(self).as_secs()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        since_epoch(self).as_secs_f64()
    }
}

/// Waits without waiting: a pause between two tries is over at once, after
/// others had their turn. A guard against calls that never end (a second and
/// more) never strikes: in process nothing takes that long, and what happens
/// must not depend on how busy the machine is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoSleep;

/// The shortest wait that is a guard and no pause.
const GUARD: Duration = Duration::from_secs(1);

impl AsyncSleep for NoSleep {
    fn sleep(&self, duration: Duration) -> Sleep {
        if duration < GUARD {
            Sleep::new(tokio::task::yield_now())
        } else {
            Sleep::new(std::future::pending())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::VirtualClock;
    use jiff::Timestamp;
    use platform::clock::Clock as _;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_frozen_clock_stands_still_and_moves_forward_only() {
        let clock = VirtualClock::frozen(at("2026-01-31T09:00:00Z"));
        assert_eq!(clock.now(), at("2026-01-31T09:00:00Z"));
        clock.move_to(at("2026-02-01T00:00:00Z"));
        clock.move_to(at("2026-01-01T00:00:00Z"));
        assert_eq!(clock.now(), at("2026-02-01T00:00:00Z"));
    }

    #[test]
    fn a_flowing_clock_never_shows_less_than_it_was_set_to() {
        let clock = VirtualClock::flowing(at("2026-01-31T09:00:00Z"));
        let first = clock.now();
        assert!(first >= at("2026-01-31T09:00:00Z") && clock.now() >= first);
        clock.move_to(at("2027-01-31T09:00:00Z"));
        assert!(clock.now() >= at("2027-01-31T09:00:00Z"));
    }
}
