//! Proof under faults: every crash point of every operation, and histories of
//! a whole shop, judged by an auditor that shares no code with it.

mod aftermath;
pub mod conditions;
pub mod crash;
pub mod days;
pub mod enumeration;
pub mod kills;
pub mod modes;
pub mod races;
pub mod report;
pub mod scenario;
pub mod scenarios;
mod scenarios_cards;
mod scenarios_pages;
pub mod simulation;
pub mod summary;
pub mod witness;

use crate::binaries::Binaries;
use crash::{Rehearsal, Theatre};
use enumeration::Part;
use modes::Mode;
use report::Report;
use scenario::Scenario;
use simulation::hunt::{Hunt, Hunter};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// How many cores there are to work on.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Stack of a worker: every customer, function and client of a history runs on
/// it, and without optimisation their frames are large.
const STACK: usize = 16 << 20;

/// Runs a task of its own on each core, each with its own runtime.
pub fn on_every_core<T: Send>(work: impl AsyncFn() -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores())
            .map(|_| {
                let worker = std::thread::Builder::new().stack_size(STACK);
                let run = || {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build();
                    runtime.unwrap().block_on(Box::pin(work()))
                };
                worker.spawn_scoped(scope, run).unwrap()
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    })
}

/// The stories whose name contains one of the wanted, or all.
fn stories(wanted: &[String]) -> Vec<Scenario> {
    let mut stories = scenarios::all();
    stories.retain(|story| {
        wanted.is_empty() || wanted.iter().any(|part| story.name.contains(part.as_str()))
    });
    stories
}

/// Tells every story with a fault at every effect of its act, in the chosen of
/// its modes, with another act before every n-th effect, and with so many pairs
/// of crashes. Only stories whose name contains one of the wanted, or all.
/// `tell` hears of each part of a story when it is over.
pub fn crash_points(
    races_every: usize,
    pairs: usize,
    wanted: &[String],
    chosen: impl Fn(&Rehearsal, usize, Vec<Mode>) -> Vec<Mode> + Sync,
    tell: impl Fn(&str) + Sync,
) -> Report {
    let of = cores();
    let parts: Vec<(Scenario, Part)> = stories(wanted)
        .into_iter()
        .flat_map(|story| (0..of).map(move |number| (story.clone(), Part { number, of })))
        .collect();
    let next = AtomicUsize::new(0);
    let reports = on_every_core(async || {
        let theatre = Theatre::open().await;
        let mut report = Report::default();
        while let Some((story, part)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let story = theatre.rehearse(story.clone()).await;
            if !story.writes() {
                tell(&format!("{:<50} writes nothing", story.name()));
                continue;
            }
            let broken = report.broken.len();
            let told = report.told_of(&story);
            enumeration::singles(&story, *part, &mut report, &chosen).await;
            races::races(&story, *part, races_every, &mut report).await;
            if pairs > 0 {
                enumeration::pairs(&story, *part, pairs, &mut report).await;
            }
            for broken in report.broken.iter().skip(broken) {
                tell(broken);
            }
            tell(&format!(
                "{:<50} {:>3} effects, {:>4} with the recovery, told {:>6} times, {} broken",
                story.name(),
                story.effects().len(),
                story.length(),
                report.told_of(&story) - told,
                report.broken.len() - broken,
            ));
        }
        report
    });
    reports.into_iter().fold(Report::default(), Report::with)
}

/// Tells every story with functions in processes of their own, and kills one at
/// every n-th effect of its act.
pub fn kills(
    binaries: &Binaries,
    every: usize,
    wanted: &[String],
    tell: impl Fn(&str) + Sync,
) -> Report {
    let stories = stories(wanted);
    let next = AtomicUsize::new(0);
    let reports = on_every_core(async || {
        let mut report = Report::default();
        while let Some(story) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
            let broken = report.broken.len();
            kills::kills(story, binaries, every, &mut report).await;
            for broken in report.broken.iter().skip(broken) {
                tell(broken);
            }
            let Some(killed) = report.told.get(&story.name) else {
                continue;
            };
            tell(&format!("{:<50} killed {killed:>4} times", story.name));
        }
        report
    });
    reports.into_iter().fold(Report::default(), Report::with)
}

/// Plays the histories of these seeds; each twice if asked, and no more after
/// the first that fails if asked.
pub fn simulate(seeds: Range<u64>, twice: bool, first: bool) -> Hunt {
    let next = AtomicU64::new(seeds.start);
    let over = AtomicBool::new(false);
    let hunts = on_every_core(async || {
        let (mut hunter, mut hunt) = (Hunter::default(), Hunt::default());
        while !over.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            hunter.try_seed(seed, twice, &mut hunt).await;
            if first && !hunt.failures.is_empty() {
                over.store(true, Ordering::Relaxed);
            }
        }
        hunt
    });
    let mut hunt = Hunt::default();
    for part in hunts {
        hunt.add(part);
    }
    hunt.failures.sort_by_key(|failure| failure.seed);
    hunt
}
