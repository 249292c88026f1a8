//! Faults on the way to and from the provider, decided by a seed.
//!
//! Shares are parts per thousand, so no floating point decides a history.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A small deterministic generator (`SplitMix64`, Steele et al. 2014).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The bias of the remainder is far below what a fault rate can show.
        self.roll().checked_rem(bound).unwrap_or(0)
    }

    /// True for that many of a thousand calls. An impossible fault rolls
    /// nothing, so that it leaves the history of the others alone.
    pub(crate) fn hits(&mut self, permille: u16) -> bool {
        permille > 0 && self.below(1000) < u64::from(permille)
    }

    /// Puts the rows in an order of chance (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, rows: &mut [T]) {
        for last in (1..rows.len()).rev() {
            let bound = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
            let other = usize::try_from(self.below(bound)).unwrap_or(last);
            rows.swap(last, other);
        }
    }
}

/// What goes wrong between the provider and the shop's webhook endpoint.
/// Shares are parts per thousand; the default is no fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookFaults {
    /// Events sent twice.
    pub duplicate: u16,
    /// What falls due together is sent in an order of chance.
    pub reorder: bool,
    /// Attempts lost on the way; the provider sees no answer and tries again
    /// on its schedule. 1000 is a blackout.
    pub drop: u16,
    /// Events that never come, whatever the schedule.
    pub lose: u16,
    /// A first attempt waits up to this many seconds.
    pub delay_max_seconds: u32,
}

/// What goes wrong with API requests. Shares are parts per thousand and
/// exclude each other (their sum should stay within 1000; the default is none).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiFaults {
    /// No connection: certainly not applied.
    pub refused: u16,
    /// The request is lost: not applied, but the caller cannot know.
    pub request_lost: u16,
    /// Applied, the reply lost: the caller cannot know either.
    pub reply_lost: u16,
    /// 429 before the key is looked at; not applied.
    pub rate_limited: u16,
    /// 409, the key is in use by another request; not applied. Only requests
    /// with a key meet it.
    pub key_in_use: u16,
    /// 500, not applied; kept under the key and replayed.
    pub server_error: u16,
    /// 500 although applied; kept under the key and replayed.
    pub server_error_applied: u16,
    /// Applied; the body arrives cut in half. The key keeps the whole one.
    pub malformed: u16,
    /// Applied; the reply says 200 and holds an error. The key keeps the truth.
    pub error_in_ok: u16,
    /// Lists do not show payments that are younger than this many seconds.
    pub list_lag_seconds: u32,
    /// So many seconds the provider's clock is behind: what it makes says so.
    pub behind_seconds: u32,
}

/// The fault one request meets: see [`ApiFaults`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiFault {
    /// No connection.
    Refused,
    /// No answer; not applied.
    RequestLost,
    /// No answer; applied.
    ReplyLost,
    /// 429; not applied.
    RateLimited,
    /// 409; not applied.
    KeyInUse,
    /// 500; not applied, and kept under the key.
    ServerError,
    /// 500; applied, and the 500 kept under the key.
    ServerErrorApplied,
    /// Half a body; applied.
    Malformed,
    /// 200 that holds an error; applied.
    ErrorInOk,
}

/// The API faults in force and the dice that choose among them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ApiWeather {
    faults: ApiFaults,
    dice: Dice,
}

impl ApiWeather {
    pub(crate) fn new(faults: ApiFaults, seed: u64) -> Self {
        Self {
            faults,
            dice: Dice::seeded(seed),
        }
    }

    /// From when on lists show nothing.
    pub(crate) fn shown_until(&self, now: Timestamp) -> Timestamp {
        before(now, self.faults.list_lag_seconds)
    }

    /// What the provider's clock shows.
    pub(crate) fn clock(&self, now: Timestamp) -> Timestamp {
        before(now, self.faults.behind_seconds)
    }

    /// The fault the next request meets, if any: one roll for all of them.
    pub(crate) fn draw(&mut self) -> Option<ApiFault> {
        if self.faults == ApiFaults::default() {
            return None;
        }
        let shares = [
            (self.faults.refused, ApiFault::Refused),
            (self.faults.request_lost, ApiFault::RequestLost),
            (self.faults.reply_lost, ApiFault::ReplyLost),
            (self.faults.rate_limited, ApiFault::RateLimited),
            (self.faults.key_in_use, ApiFault::KeyInUse),
            (self.faults.server_error, ApiFault::ServerError),
            (
                self.faults.server_error_applied,
                ApiFault::ServerErrorApplied,
            ),
            (self.faults.malformed, ApiFault::Malformed),
            (self.faults.error_in_ok, ApiFault::ErrorInOk),
        ];
        let mut roll = self.dice.below(1000);
        for (share, fault) in shares {
            match roll.checked_sub(u64::from(share)) {
                None => return Some(fault),
                Some(rest) => roll = rest,
            }
        }
        None
    }
}

fn before(now: Timestamp, seconds: u32) -> Timestamp {
    now.saturating_sub(SignedDuration::from_secs(i64::from(seconds)))
        .unwrap_or(Timestamp::MIN)
}
