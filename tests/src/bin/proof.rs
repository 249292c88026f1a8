//! Runs what takes longer than a test may: every crash point, histories of a
//! whole shop, and both without each of the shop's conditions.

#![recursion_limit = "512"]
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a report is what this program is for; what cannot be ends it"
)]

use clap::{Parser, Subcommand};
use local::Condition;
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Instant;
use tests::binaries::{Binaries, Profile};
use tests::proof::conditions::{
    Caught, is_of_something_fresh, unguarded, with_its_guards, without, writes,
};
use tests::proof::simulation::History;
use tests::proof::simulation::hunt::{Hunt, Hunter};
use tests::proof::{cores, crash_points, days, kills, simulate};

/// So many histories have to meet everything there is to meet.
const MANY: u64 = 400;

#[derive(Parser)]
#[command(about = "Proof under faults", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Kills and fails every act at every effect, in every mode, and halts it
    /// there while another runs.
    CrashPoints {
        /// Pairs of crashes as well: so many of each story at most.
        #[arg(long, default_value_t = 0)]
        pairs: usize,
        /// Only stories whose name contains one of these.
        stories: Vec<String>,
    },
    /// Runs the functions as released, and kills the process at its effects.
    Kills {
        /// At every n-th effect of a story's act.
        #[arg(long, default_value_t = 1)]
        every: usize,
        /// Only stories whose name contains one of these.
        stories: Vec<String>,
    },
    /// Plays histories of a whole shop under faults.
    Simulate {
        /// How many.
        #[arg(long, default_value_t = 200)]
        seeds: u64,
        /// The first.
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// Each a second time: the same must happen.
        #[arg(long)]
        twice: bool,
        /// Stops at the first that fails.
        #[arg(long)]
        first: bool,
        /// Tells everything that was met.
        #[arg(long)]
        met: bool,
    },
    /// Plays one history again, shortened as far as it still fails.
    Replay {
        /// Its seed.
        seed: u64,
        /// Only these of its steps; without, the shortest that fails is looked for.
        #[arg(long, value_delimiter = ',')]
        steps: Vec<usize>,
    },
    /// Looks for whoever misses each condition that the shop writes under.
    Conditions {
        /// Histories to play without each, when no crash point misses it.
        #[arg(long, default_value_t = 500)]
        seeds: u64,
        /// Only lists them.
        #[arg(long)]
        list: bool,
        /// Only conditions that contain one of these.
        named: Vec<String>,
    },
    /// Plays days of mixed orders, and compares each with the provider's book.
    Days {
        /// How many orders.
        #[arg(long, default_value_t = 1_000)]
        orders: usize,
    },
    /// Crash points and histories until something is wrong: says what it took.
    Hunt {
        /// Histories at most.
        #[arg(long, default_value_t = 2_000)]
        seeds: u64,
    },
}

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "how long it took")]
    let begun = Instant::now();
    let well = match Arguments::parse().command {
        Command::CrashPoints { pairs, stories } => tell_crash_points(pairs, &stories),
        Command::Kills { every, stories } => tell_kills(every, &stories),
        Command::Simulate {
            seeds,
            from,
            twice,
            first,
            met,
        } => {
            let hunt = simulate(from..from.saturating_add(seeds), twice, first);
            tell_hunt(&hunt, met)
        }
        Command::Replay { seed, steps } => replay(seed, &steps),
        Command::Conditions { list: true, .. } => list_conditions(),
        Command::Conditions { seeds, named, .. } => tell_conditions(seeds, &named),
        Command::Days { orders } => tell_days(orders),
        Command::Hunt { seeds } => tell_catch(seeds),
    };
    println!("{} s", begun.elapsed().as_secs());
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn tell_crash_points(pairs: usize, stories: &[String]) -> bool {
    let report = crash_points(
        1,
        pairs,
        stories,
        |_, _, modes| modes,
        |line| println!("{line}"),
    );
    println!(
        "{} stories, {} crash points, told {} times: {} broken",
        report.told.len(),
        report.points.len(),
        report.told.values().sum::<u64>(),
        report.broken.len()
    );
    report.broken.is_empty()
}

fn tell_days(orders: usize) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let found = runtime.unwrap().block_on(Box::pin(days::play(orders)));
    for difference in &found.differences {
        println!("{difference}");
    }
    println!(
        "{} orders, {} days, {:?} in both books: {} differences",
        found.orders,
        found.days,
        found.whole,
        found.differences.len()
    );
    found.differences.is_empty() && found.ledger == found.whole && found.provider == found.whole
}

fn tell_kills(every: usize, stories: &[String]) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let binaries = Binaries::build(Profile::Release, &[]);
    let binaries = runtime.unwrap().block_on(binaries).unwrap();
    let report = kills(&binaries, every.max(1), stories, |line| println!("{line}"));
    println!(
        "{} stories, {} processes killed: {} broken",
        report.told.len(),
        report.told.values().sum::<u64>(),
        report.broken.len()
    );
    report.broken.is_empty()
}

fn tell_hunt(hunt: &Hunt, met: bool) -> bool {
    for failure in &hunt.failures {
        println!(
            "seed {}:\n    {}",
            failure.seed,
            failure.wrong.join("\n    ")
        );
    }
    if met {
        for (what, times) in &hunt.met {
            println!("{times:>9}  {what}");
        }
    }
    let (missed, surprises) = (hunt.missed(), hunt.surprises());
    if hunt.played >= MANY {
        println!("never met: {}", missed.join(", "));
    }
    if !surprises.is_empty() {
        println!("met, and said to be out of reach: {}", surprises.join(", "));
    }
    println!(
        "{} histories, {} rests, {} kinds of things met: {} failed",
        hunt.played,
        hunt.met.get("rests").copied().unwrap_or(0),
        hunt.met.len(),
        hunt.failures.len()
    );
    let is_wide = missed.is_empty() || hunt.played < MANY;
    hunt.failures.is_empty() && surprises.is_empty() && is_wide
}

fn replay(seed: u64, steps: &[usize]) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let (history, outcome) = runtime.unwrap().block_on(async {
        let mut hunter = Hunter::default();
        if steps.is_empty() {
            return hunter.shrink(seed).await;
        }
        let history = History::of(seed).only(steps);
        let outcome = hunter.play(&history).await;
        (history, outcome)
    });
    println!("{history}");
    for wrong in &outcome.wrong {
        println!("{wrong}");
    }
    let places: Vec<String> = history.places().iter().map(ToString::to_string).collect();
    println!("proof replay {seed} --steps {}", places.join(","));
    outcome.wrong.is_empty()
}

fn list_conditions() -> bool {
    let all: BTreeSet<Condition> = writes().into_iter().flatten().collect();
    for condition in all {
        println!("{condition}");
    }
    true
}

fn tell_conditions(seeds: u64, named: &[String]) -> bool {
    let writes = writes();
    let unguarded = unguarded(&writes);
    for wrong in &unguarded {
        println!("{wrong}");
    }
    let all: BTreeSet<Condition> = writes.into_iter().flatten().collect();
    let mut missed = 0_u32;
    for condition in &all {
        let text = condition.to_string();
        if !named.is_empty() && !named.iter().any(|part| text.contains(part.as_str())) {
            continue;
        }
        if is_of_something_fresh(condition) {
            println!("{text}\n    of something fresh");
            continue;
        }
        let away = with_its_guards(condition, &all);
        for other in away.iter().filter(|other| *other != condition) {
            println!("with {other}");
        }
        match without(&away, seeds) {
            Some(caught) => println!("{text}\n    {caught}"),
            None => {
                missed = missed.saturating_add(1);
                println!("{text}\n    NOBODY MISSES IT");
            }
        }
    }
    println!("{} conditions, {missed} not missed", all.len());
    missed == 0 && unguarded.is_empty()
}

fn tell_catch(seeds: u64) -> bool {
    let caught: Option<Caught> = without(&[], seeds);
    match &caught {
        Some(caught) => println!("caught: {caught}"),
        None => println!("nothing is wrong, {} cores", cores()),
    }
    caught.is_none()
}
