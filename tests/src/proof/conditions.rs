//! What happens without a condition: who misses it, and how soon.

use super::crash::{Rehearsal, Theatre};
use super::enumeration::{Part, singles};
use super::modes::Mode;
use super::on_every_core;
use super::races::races;
use super::report::Report;
use super::scenario::Scenario;
use super::scenarios;
use super::simulation::hunt::{Hunt, Hunter, words};
use futures::FutureExt as _;
use local::{Condition, Fault};
use std::collections::BTreeSet;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Who missed it.
#[derive(Debug, Clone)]
pub struct Caught {
    /// Histories it took; none where a crash point told.
    pub seed: Option<u64>,
    /// What was wrong then.
    pub wrong: String,
}

impl fmt::Display for Caught {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.wrong.lines().map(str::trim).take(3);
        let wrong: Vec<&str> = first.collect();
        match self.seed {
            Some(seed) => write!(f, "seed {seed}: {}", wrong.join(" ")),
            None => write!(f, "crash points: {}", wrong.join(" ")),
        }
    }
}

/// What is put under an id drawn at random a moment before: nothing can be
/// there (ADR 27).
const FRESH: [&str; 12] = [
    "ACCOUNT/DATAKEY",
    "ACCOUNT/EVENT",
    "ACCOUNT/INVOICE",
    "ACCOUNT/MEMBER",
    "ACCOUNT/ORDER",
    "ACCOUNT/PAYMENT",
    "ACCOUNT/PROFILE",
    "ACCOUNT/SUBSCRIPTION",
    "TOKEN/TOKEN",
    "USER/EVENT",
    "USER/PROFILE",
    "USER/SESSION",
];

/// Conditions that nobody misses alone, each with those of which one stands
/// beside it in every transaction and guards the same (ADR 28).
const GUARDED: [(&str, &[&str]); 10] = [
    (INVOICE, &[PAYMENT, COUNTER]),
    (HEAD, &[ENTRY]),
    (ENTRY, &[HEAD]),
    (PERIOD, &[PAYMENT]),
    (NEW_PERIOD, &[SUBSCRIPTION, PAYMENT]),
    (SUBSCRIPTION, &[NEW_PERIOD, PAYMENT]),
    (COUNTER, &[NUMBER]),
    (NUMBER, &[COUNTER]),
    (LOGIN, &[TOKEN]),
    (USER, &[TOKEN]),
];

const COUNTER: &str = "Put SERIES/COUNTER: version = :read";
const ENTRY: &str = "Put LEDGER/n: attribute_not_exists(pk)";
const HEAD: &str = "Put ACCOUNT/LEDGERHEAD: version = :read";
const INVOICE: &str = "Put ACCOUNT/INVOICE: version = :read";
const LOGIN: &str = "Put LOGIN/LOGIN: version = :read";
const NEW_PERIOD: &str = "Put ACCOUNT/PERIOD: attribute_not_exists(pk)";
const NUMBER: &str = "Put SERIES/NUMBER: attribute_not_exists(pk)";
const PAYMENT: &str = "Put ACCOUNT/PAYMENT: version = :read";
const PERIOD: &str = "Put ACCOUNT/PERIOD: version = :read";
const SUBSCRIPTION: &str = "Put ACCOUNT/SUBSCRIPTION: version = :read";
const TOKEN: &str = "Put TOKEN/TOKEN: version = :read";
const USER: &str = "Put USER/PROFILE: version = :read";

fn guards(condition: &Condition) -> &'static [&'static str] {
    let text = condition.to_string();
    let row = GUARDED.iter().find(|(guarded, _)| *guarded == text);
    row.map_or(&[], |(_, guards)| guards)
}

/// A condition, with those that guard what it guards.
pub fn with_its_guards(condition: &Condition, all: &BTreeSet<Condition>) -> Vec<Condition> {
    let guards = guards(condition);
    let is_meant = |it: &&Condition| *it == condition || guards.contains(&&*it.to_string());
    all.iter().filter(is_meant).cloned().collect()
}

/// What is wrong with the list above: a condition that stands in a transaction
/// without any of its guards, and names that mean nothing.
pub fn unguarded(writes: &BTreeSet<Vec<Condition>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for write in writes {
        let names: Vec<String> = write.iter().map(ToString::to_string).collect();
        for condition in write {
            let guards = guards(condition);
            if !guards.is_empty() && !names.iter().any(|name| guards.contains(&&**name)) {
                wrong.push(format!("{condition}\n    unguarded in {names:?}"));
            }
        }
    }
    let known: BTreeSet<String> = writes.iter().flatten().map(ToString::to_string).collect();
    let named = GUARDED
        .iter()
        .flat_map(|(guarded, guards)| [&[*guarded], *guards].concat());
    wrong.extend(
        named
            .filter(|name| !known.contains(*name))
            .map(|name| format!("{name}\n    no such condition")),
    );
    wrong
}

/// True where nothing but the same write sent again could be refused.
pub fn is_of_something_fresh(condition: &Condition) -> bool {
    let is_insertion = condition.expression == "attribute_not_exists(pk)";
    let item = condition.item.as_str();
    is_insertion && (FRESH.contains(&item) || item.starts_with("DECOY/"))
}

/// The conditions of every write of every story, one of each kind.
pub fn writes() -> BTreeSet<Vec<Condition>> {
    let next = AtomicUsize::new(0);
    let stories = scenarios::all();
    let found = on_every_core(async || {
        let theatre = Theatre::open().await;
        let mut found = BTreeSet::new();
        while let Some(story) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
            let story = theatre.rehearse(story.clone()).await;
            found.extend(story.conditions().iter().cloned());
        }
        found
    });
    found.into_iter().flatten().collect()
}

/// Plays histories, then crash points, without these conditions, or with all of
/// them: the first thing that is wrong.
pub fn without(conditions: &[Condition], seeds: u64) -> Option<Caught> {
    let over = AtomicBool::new(false);
    let next = AtomicU64::new(1);
    let hunts = on_every_core(async || {
        let mut hunter = Hunter::without(conditions);
        let mut hunt = Hunt::default();
        while !over.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > seeds {
                break;
            }
            hunter.try_seed(seed, false, &mut hunt).await;
            if !hunt.failures.is_empty() {
                over.store(true, Ordering::Relaxed);
            }
        }
        hunt
    });
    let failures = hunts.into_iter().flat_map(|hunt| hunt.failures);
    if let Some(failure) = failures.min_by_key(|failure| failure.seed) {
        return Some(Caught {
            seed: Some(failure.seed),
            wrong: failure.wrong.join("\n"),
        });
    }
    in_crash_points(conditions)
}

/// Two modes at each effect; where a story takes long, at every tenth. At the
/// provider, where the money is, all of them.
fn some(story: &Rehearsal, place: usize, modes: Vec<Mode>) -> Vec<Mode> {
    if story.length() > 300 && !place.is_multiple_of(10) {
        return Vec::new();
    }
    if modes.iter().any(|(fault, _)| *fault == Fault::Refused) {
        return modes;
    }
    let at = |n: usize| modes[n % modes.len()];
    vec![at(place), at(place + modes.len() / 2)]
}

fn in_crash_points(conditions: &[Condition]) -> Option<Caught> {
    let stories = scenarios::all();
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let reports = on_every_core(async || {
        let theatre = Theatre::open().await;
        let mut report = Report::until_broken();
        while let Some(story) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
            if over.load(Ordering::Relaxed) {
                break;
            }
            let told = tell(&theatre, story, conditions, &mut report);
            let panic = AssertUnwindSafe(told).catch_unwind().await.err();
            report
                .broken
                .extend(panic.map(|panic| format!("{}: {}", story.name, words(&*panic))));
            if !report.broken.is_empty() {
                over.store(true, Ordering::Relaxed);
            }
        }
        report
    });
    let broken = reports.into_iter().flat_map(|report| report.broken).next();
    broken.map(|wrong| Caught { seed: None, wrong })
}

/// Tells a story without the conditions. Where a bug is in the shop one may be
/// wrong before any fault: it panics.
async fn tell(theatre: &Theatre, story: &Scenario, conditions: &[Condition], report: &mut Report) {
    let story = theatre.rehearse(story.clone()).await;
    if story.writes() {
        theatre.switch_off(conditions);
        races(&story, Part::ALL, 1, report).await;
        singles(&story, Part::ALL, report, some).await;
        theatre.switch_off(&[]);
    }
}
