//! A share of the crash points: every act of every story fails at every second
//! of its effects, in one way each. `make crash-points` tells the rest.

use crate::journey;
use crate::runtime_api::binaries;
use functions::registry::{jobs, operations};
use local::Effect;
use std::collections::BTreeSet;
use std::sync::OnceLock;
use tests::proof::crash::{Rehearsal, only_counts};
use tests::proof::modes::Mode;
use tests::proof::report::Report;
use tests::proof::{crash_points, kills};

/// What the share came to, told once for all tests.
pub(crate) fn report() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| crash_points(8, 0, &[], one_of, |_| {}))
}

/// One of the ways to fail at every second effect, another one from effect to
/// effect; fewer where a story takes long.
fn one_of(story: &Rehearsal, place: usize, modes: Vec<Mode>) -> Vec<Mode> {
    let every = if story.length() > 300 { 10 } else { 2 };
    if !(place + story.name().len()).is_multiple_of(every) {
        return Vec::new();
    }
    let chosen = modes[place * 5 % modes.len()];
    vec![chosen]
}

#[test]
fn every_story_ends_as_if_nothing_had_happened_whatever_fails_in_it() {
    let report = report();
    assert!(report.broken.is_empty(), "{}", report.broken.join("\n"));
    let told: u64 = report.told.values().sum();
    assert!(told > 120, "{told} stories told");
}

#[test]
fn every_operation_and_job_that_writes_is_killed_at_its_effects() {
    let writes = |effect: &&Effect| effect.writes() && !only_counts(effect);
    let ids = operations().into_iter().map(|entry| entry.spec.id);
    let known: BTreeSet<&str> = ids.chain(jobs().into_iter().map(|job| job.id)).collect();
    let writers: BTreeSet<&str> = journey::record()
        .trace
        .iter()
        .filter(writes)
        .map(|effect| &*effect.function)
        .filter(|function| known.contains(function))
        .collect();
    let killed = report().writers();
    let spared: Vec<_> = writers.difference(&killed).collect();
    assert!(
        spared.is_empty(),
        "these write and no story of tests/src/proof/scenarios.rs lets them: {spared:?}"
    );
}

/// Stories that are told with released functions: what these write is money.
const KILLED: [&str; 3] = [
    "create_order: a customer's first",
    "payment_webhook: an order is paid",
    "renew_subscriptions: a card pays",
];

#[test]
fn what_a_killed_process_began_ends_as_if_it_had_not_been() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let binaries = runtime.unwrap().block_on(binaries());
    let wanted = KILLED.map(str::to_owned);
    let report = kills(binaries, 4, &wanted, |_| {});
    assert!(report.broken.is_empty(), "{}", report.broken.join("\n"));
    assert_eq!(report.told.len(), KILLED.len(), "{:?}", report.told);
}
