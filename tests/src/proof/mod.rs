//! Proof under faults: every crash point of every operation, and histories of
//! a whole shop, judged by an auditor that shares no code with it.

pub mod conditions;
pub mod crash;
pub mod modes;
pub mod scenario;
pub mod scenarios;
pub mod simulation;
pub mod summary;
pub mod witness;

use crash::{Rehearsal, Report, Theatre};
use modes::Mode;
use simulation::hunt::{Hunt, Hunter};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// How many cores there are to work on.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs a task of its own on each core, each with its own runtime.
pub fn on_every_core<T: Send>(work: impl AsyncFn() -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores())
            .map(|_| {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_time()
                        .build();
                    runtime.unwrap().block_on(Box::pin(work()))
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    })
}

/// Tells every story with a fault at every effect of its act, in the chosen of
/// its modes; with pairs of crashes if asked. Only stories whose name contains
/// one of the wanted, or all. `tell` hears of each story when it is over.
pub fn crash_points(
    with_pairs: bool,
    wanted: &[String],
    chosen: impl Fn(&Rehearsal, usize, Vec<Mode>) -> Vec<Mode> + Sync,
    tell: impl Fn(&str) + Sync,
) -> Report {
    let stories: Vec<_> = scenarios::all()
        .into_iter()
        .filter(|story| {
            wanted.is_empty() || wanted.iter().any(|part| story.name.contains(part.as_str()))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let reports = on_every_core(async || {
        let theatre = Theatre::open().await;
        let mut report = Report::default();
        while let Some(story) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
            let story = theatre.rehearse(story.clone()).await;
            if !story.writes() {
                tell(&format!("{:<50} writes nothing", story.name()));
                continue;
            }
            let before = report.broken.len();
            crash::singles(&story, &mut report, &chosen).await;
            if with_pairs {
                crash::pairs(&story, &mut report).await;
            }
            for broken in report.broken.iter().skip(before) {
                tell(broken);
            }
            tell(&format!(
                "{:<50} {:>3} effects, {:>4} with the recovery, told {:>6} times, {} broken",
                story.name(),
                story.effects().len(),
                story.length(),
                report.told.get(story.name()).copied().unwrap_or(0),
                report.broken.len() - before,
            ));
        }
        report
    });
    let mut report = Report::default();
    for part in reports {
        report.add(part);
    }
    report
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
