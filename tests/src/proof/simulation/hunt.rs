//! Playing many histories; and of one that fails, the shortest that still
//! does.

use super::plan::History;
use super::play::{Outcome, Stand};
use auditor::Auditor;
use futures::FutureExt as _;
use local::Condition;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

/// What the auditor knows and no operation comes to yet: nobody cancels a
/// subscription or shuts a login, and what an event tells of is in the table
/// before the provider hears of it.
const OUT_OF_REACH: [&str; 9] = [
    "subscription: active -> canceled",
    "subscription: past_due -> canceled",
    "event: subscription_ended",
    // Only what is broken in the table itself fails eight times in a row.
    "event: subscription_parked",
    "login: active -> suspended",
    "login: suspended -> active",
    "provider_event: received -> waiting",
    "provider_event: waiting -> received",
    "provider_event: waiting -> applied",
];

/// A history that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What is wrong.
    pub wrong: Vec<String>,
}

/// What many histories came to.
#[derive(Debug, Default)]
pub struct Hunt {
    /// Histories played.
    pub played: u64,
    /// Those that failed.
    pub failures: Vec<Failure>,
    /// What was met, over all of them.
    pub met: BTreeMap<String, u64>,
}

impl Hunt {
    /// What was met although nothing is said to come to it.
    pub fn surprises(&self) -> Vec<&str> {
        let mut words = OUT_OF_REACH.to_vec();
        words.retain(|word| self.met.contains_key(*word));
        words
    }

    /// States, steps and events the auditor knows and no history came to. Many
    /// histories that miss one prove less than they seem to.
    pub fn missed(&self) -> Vec<String> {
        let mut words = Auditor::vocabulary();
        words.retain(|word| !self.met.contains_key(word) && !OUT_OF_REACH.contains(&word.as_str()));
        words
    }

    /// Adds what another came to.
    pub fn add(&mut self, other: Self) {
        self.played += other.played;
        self.failures.extend(other.failures);
        for (what, times) in other.met {
            *self.met.entry(what).or_default() += times;
        }
    }
}

/// Plays histories in shops of its own. One that panics is a failure, and its
/// shop is not used again.
#[derive(Default)]
pub struct Hunter {
    stand: Option<Stand>,
    without: Vec<Condition>,
}

impl Hunter {
    /// One whose shops write without these conditions.
    pub fn without(conditions: &[Condition]) -> Self {
        Self {
            stand: None,
            without: conditions.to_vec(),
        }
    }

    /// Plays a history once.
    pub async fn play(&mut self, history: &History) -> Outcome {
        let stand = match self.stand.take() {
            Some(stand) => stand,
            None => Stand::open().await,
        };
        stand.switch_off(&self.without);
        match AssertUnwindSafe(stand.play(history)).catch_unwind().await {
            Ok(outcome) => {
                self.stand = Some(stand);
                outcome
            }
            Err(panic) => Outcome {
                wrong: vec![format!("panic: {}", words(&*panic))],
                ..Outcome::default()
            },
        }
    }

    /// Plays a seed, twice if asked: both times the same must happen.
    pub async fn try_seed(&mut self, seed: u64, twice: bool, hunt: &mut Hunt) {
        let history = History::of(seed);
        let mut outcome = self.play(&history).await;
        if twice && outcome.wrong.is_empty() {
            let again = self.play(&history).await;
            if again.trace != outcome.trace {
                outcome.wrong.push(format!(
                    "played again it is another history: {} and {}",
                    outcome.trace, again.trace
                ));
            }
        }
        hunt.played += 1;
        for (what, times) in outcome.met {
            *hunt.met.entry(what).or_default() += times;
        }
        if !outcome.wrong.is_empty() {
            hunt.failures.push(Failure {
                seed,
                wrong: outcome.wrong,
            });
        }
    }

    /// The shortest history that still fails, by leaving steps out: halves,
    /// quarters, and so on down to single steps (Zeller's delta debugging).
    pub async fn shrink(&mut self, seed: u64) -> (History, Outcome) {
        let whole = History::of(seed);
        let mut places = whole.places();
        let mut outcome = self.play(&whole).await;
        if outcome.wrong.is_empty() {
            return (whole, outcome);
        }
        let mut size = places.len().div_ceil(2);
        while size >= 1 {
            let mut at = 0;
            let mut shrunk = false;
            while at < places.len() {
                let mut fewer = places.clone();
                fewer.drain(at..(at + size).min(places.len()));
                let tried = self.play(&whole.only(&fewer)).await;
                if tried.wrong.is_empty() {
                    at += size;
                } else {
                    places = fewer;
                    outcome = tried;
                    shrunk = true;
                }
            }
            if !shrunk {
                size /= 2;
            }
        }
        (whole.only(&places), outcome)
    }
}

/// What a panic said.
pub fn words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
        .unwrap_or_default()
}
