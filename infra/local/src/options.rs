//! How a local cloud is set up.

use domain::email::EmailAddress;
use jiff::Timestamp;
use platform::clock::{Clock as _, SystemClock};
use platform::identity::password::Cost;
use std::path::PathBuf;

/// How a local cloud is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the clock shows at the start.
    pub now: Timestamp,
    /// Whether the clock flows with real time; if not, it stands still until
    /// it is moved, and pauses between tries are skipped.
    pub flowing: bool,
    /// Decides random bytes; without one they are the system's.
    pub seed: Option<u64>,
    /// Keeps the data in this file, with one beside it for what is not in the
    /// table.
    pub data: Option<PathBuf>,
    /// What hashing a password costs.
    pub hashing: Cost,
    /// Whether rate limits are enforced.
    pub rate_limits: bool,
    /// Where the stack is reached, without a slash at the end. Over TLS it
    /// trusts pages of that origin alone, as where it is deployed; without,
    /// every page on loopback as well.
    pub base_url: String,
    /// Where the DynamoDB endpoint is reached, if it is opened.
    pub dynamodb_url: Option<String>,
    /// Whether log lines are printed; if not, they are kept to be read.
    pub print_log: bool,
    /// Whether every effect is kept to be read.
    pub trace: bool,
    /// Who carries the table's stream to its function.
    pub stream: StreamDelivery,
    /// Whether the catalogue and the logins are seeded.
    pub seeded: bool,
    /// Whether VAT of consumers elsewhere in the Union is declared in the
    /// one-stop shop.
    pub one_stop_shop: bool,
    /// A refund of more than this, in cents, waits for a second person.
    pub refund_approval_above: i64,
    /// Whoever confirms this address is an administrator from then on.
    pub bootstrap_admin: Option<EmailAddress>,
}

/// Who carries the table's stream to its function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamDelivery {
    /// Each request, before its answer is given: what a test wants.
    WithRequests,
    /// A task in the background, within 50 ms: what `make run` does.
    InBackground,
    /// Nobody but [`Cloud::settle`](crate::Cloud::settle) and the clock: what
    /// a simulation wants.
    OnDemand,
}

impl Options {
    /// For a test: a clock that stands at 2026-01-15T09:00:30Z, a fixed seed,
    /// everything kept to be read.
    pub fn test() -> Self {
        Self {
            now: Timestamp::from_second(1_768_467_630).unwrap_or(Timestamp::UNIX_EPOCH),
            flowing: false,
            seed: Some(1),
            data: None,
            hashing: Cost::DEPLOYED,
            rate_limits: true,
            base_url: "http://127.0.0.1:3000".to_owned(),
            dynamodb_url: None,
            print_log: false,
            trace: true,
            stream: StreamDelivery::WithRequests,
            seeded: true,
            one_stop_shop: false,
            refund_approval_above: 100_000,
            bootstrap_admin: None,
        }
    }

    /// For people: real time and randomness, the log printed.
    pub fn run(port: u16) -> Self {
        Self {
            now: SystemClock.now(),
            flowing: true,
            seed: None,
            data: None,
            hashing: Cost::DEPLOYED,
            rate_limits: true,
            base_url: format!("http://127.0.0.1:{port}"),
            dynamodb_url: None,
            print_log: true,
            trace: false,
            stream: StreamDelivery::InBackground,
            seeded: true,
            one_stop_shop: false,
            refund_approval_above: 100_000,
            bootstrap_admin: None,
        }
    }

    /// For a simulation: as for a test, but logins cost nothing and nothing is
    /// carried before its time.
    pub fn simulation(seed: u64) -> Self {
        Self {
            seed: Some(seed),
            hashing: Cost::NEGLIGIBLE,
            stream: StreamDelivery::OnDemand,
            ..Self::test()
        }
    }

    /// The same at another time.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// The same with another seed.
    #[must_use]
    pub fn seeded_by(self, seed: u64) -> Self {
        Self {
            seed: Some(seed),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn tests_begin_at_the_time_that_is_documented() {
        assert_eq!(Options::test().now, "2026-01-15T09:00:30Z".parse().unwrap());
    }
}
