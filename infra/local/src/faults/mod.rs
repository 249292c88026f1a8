//! Faults, in the form `POST /_local/faults` takes and as a plan for single
//! effects.
//!
//! Shares are written as numbers from 0 to 1 and become parts per million at
//! once, so that no floating point decides a history.

mod weather;

pub use weather::Fault;
pub(crate) use weather::Weather;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use stripe_simulator::{ApiFaults, WebhookFaults};

/// All of a million.
const WHOLE: u32 = 1_000_000;

/// How often something happens, in parts per million.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share(u32);

impl Share {
    /// Always.
    pub const ALL: Self = Self(WHOLE);

    /// That many of a million; no more than all.
    pub fn per_million(parts: u32) -> Self {
        Self(parts.min(WHOLE))
    }

    fn permille(self) -> u16 {
        u16::try_from(self.0.div_ceil(1_000)).unwrap_or(1_000)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = format!("{}.{:06}", self.0 / WHOLE, self.0 % WHOLE);
        text.parse::<f64>()
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShareVisitor)
    }
}

struct ShareVisitor;

impl Visitor<'_> for ShareVisitor {
    type Value = Share;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a share from 0 to 1")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Share, E> {
        let digits = format!("{value:.6}").replace('.', "");
        match digits.parse() {
            Ok(parts) if parts <= WHOLE => Ok(Share(parts)),
            Ok(_) | Err(_) => Err(E::invalid_value(Unexpected::Float(value), &self)),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Share, E> {
        match value {
            0 => Ok(Share(0)),
            1 => Ok(Share(WHOLE)),
            other => Err(E::invalid_value(Unexpected::Unsigned(other), &self)),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Share, E> {
        Err(E::invalid_value(Unexpected::Signed(value), &self))
    }
}

/// What goes wrong, and by which chance. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Faults {
    /// Between the provider and the webhook endpoint.
    pub webhooks: Webhooks,
    /// At the table.
    pub dynamodb: TableFaults,
    /// At the provider's API.
    pub provider: ProviderFaults,
    /// At Secrets Manager.
    pub secrets: ServiceFaults,
    /// At the mail service.
    pub mail: ServiceFaults,
    /// At the register of VAT numbers.
    pub register: ServiceFaults,
    /// Between the table and the function its stream is for.
    pub stream: StreamFaults,
    /// The clock goes on by up to this many milliseconds with every effect.
    pub latency: u32,
    /// What goes on at the same time is taken in turns of chance.
    pub shuffle: bool,
    /// Decides all of it.
    pub seed: u64,
}

/// Faults between the provider and the webhook endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Webhooks {
    /// Events sent twice.
    pub duplicate: Share,
    /// What falls due together is sent in an order of chance.
    pub reorder: bool,
    /// Attempts lost on the way; they are made again.
    pub drop: Share,
    /// Events that never come.
    pub lose: Share,
    /// A first attempt waits up to this many seconds.
    pub delay: u32,
}

/// Faults at the table. The shares up to `late` exclude each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct TableFaults {
    /// Refused for load; not applied.
    pub throttle: Share,
    /// A write meets another transaction; not applied.
    pub conflict: Share,
    /// 500; not applied.
    pub server_error: Share,
    /// 500; applied.
    pub server_error_applied: Share,
    /// No answer; not applied.
    pub lost_request: Share,
    /// No answer; applied.
    pub lost_reply: Share,
    /// A refused condition comes among other reasons.
    pub mixed_reasons: Share,
    /// No answer; a write is applied later, after others.
    pub late: Share,
    /// A transaction's request token is not remembered.
    pub forgotten_token: Share,
    /// A query stops before its end: after few items, or before the first.
    pub short_page: Share,
    /// A batch leaves keys unprocessed.
    pub partial_batch: Share,
    /// What an index, or a read that is not consistent, shows is this many
    /// seconds old.
    pub lag: u32,
}

/// Faults at another service. The shares exclude each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceFaults {
    /// Refused for load; not applied.
    pub throttle: Share,
    /// 500; not applied.
    pub server_error: Share,
    /// No answer; not applied.
    pub lost_request: Share,
    /// No answer; applied.
    pub lost_reply: Share,
}

/// Faults between the table and the function its stream is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct StreamFaults {
    /// Batches delivered twice.
    pub duplicate: Share,
    /// Records that never arrive.
    pub drop: Share,
    /// Batches with a record in them that nobody can read.
    pub poison: Share,
}

/// Faults at the provider's API. The shares exclude each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderFaults {
    /// No connection.
    pub refused: Share,
    /// No answer; not applied.
    pub request_lost: Share,
    /// No answer; applied.
    pub reply_lost: Share,
    /// 429; not applied.
    pub rate_limited: Share,
    /// 409, the key is in use; not applied.
    pub key_in_use: Share,
    /// 500; not applied.
    pub server_error: Share,
    /// 500; applied.
    pub server_error_applied: Share,
    /// The body arrives cut in half; applied.
    pub malformed: Share,
    /// The reply says 200 and holds an error; applied.
    pub error_in_ok: Share,
    /// Slow: applied only after the caller has given up, up to `late_by`
    /// seconds later.
    pub late: Share,
    /// How late at most, in seconds.
    pub late_by: u32,
    /// Lists do not show payments that are younger than this many seconds.
    pub list_lag: u32,
    /// So many seconds the provider's clock is behind.
    pub behind: u32,
}

impl From<Webhooks> for WebhookFaults {
    fn from(faults: Webhooks) -> Self {
        Self {
            duplicate: faults.duplicate.permille(),
            reorder: faults.reorder,
            drop: faults.drop.permille(),
            lose: faults.lose.permille(),
            delay_max_seconds: faults.delay,
        }
    }
}

impl From<ProviderFaults> for ApiFaults {
    fn from(faults: ProviderFaults) -> Self {
        Self {
            refused: faults.refused.permille(),
            request_lost: faults.request_lost.permille(),
            reply_lost: faults.reply_lost.permille(),
            rate_limited: faults.rate_limited.permille(),
            key_in_use: faults.key_in_use.permille(),
            server_error: faults.server_error.permille(),
            server_error_applied: faults.server_error_applied.permille(),
            malformed: faults.malformed.permille(),
            error_in_ok: faults.error_in_ok.permille(),
            list_lag_seconds: faults.list_lag,
            behind_seconds: faults.behind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Faults, Share};
    use serde_json::json;

    #[test]
    fn shares_are_read_from_numbers_between_0_and_1() {
        for (number, parts) in [
            (json!(0), 0),
            (json!(1), 1_000_000),
            (json!(0.05), 50_000),
            (json!(0.000_001), 1),
            (json!(1.0), 1_000_000),
        ] {
            assert_eq!(
                serde_json::from_value::<Share>(number.clone()).unwrap(),
                Share(parts),
                "{number}"
            );
        }
        for number in [
            json!(2),
            json!(-1),
            json!(-0.5),
            json!(1.5),
            json!("0.5"),
            json!(null),
        ] {
            assert!(
                serde_json::from_value::<Share>(number.clone()).is_err(),
                "{number}"
            );
        }
    }

    #[test]
    fn faults_are_read_as_documented_and_unknown_names_refused() {
        let text = json!({"webhooks": {"duplicate": 0.5, "reorder": true, "drop": 0.1}, "dynamodb": {"throttle": 0.1, "lostReply": 0.05}, "seed": 1});
        let faults: Faults = serde_json::from_value(text).unwrap();
        assert_eq!(
            (
                faults.webhooks.duplicate,
                faults.dynamodb.lost_reply,
                faults.seed
            ),
            (Share(500_000), Share(50_000), 1)
        );
        assert_eq!(
            serde_json::from_value::<Faults>(json!({})).unwrap(),
            Faults::default()
        );
        assert!(serde_json::from_value::<Faults>(json!({"dynamodb": {"gremlins": 1}})).is_err());
    }
}
