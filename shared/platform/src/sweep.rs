//! Serving timers: everything of a job that is due now, each thing on its own.

use crate::app::App;
use crate::http::problem::chain;
use crate::job::Work;
use crate::store::StoreError;
use crate::store::keys::{Job, Key, SHARDS};
use futures::FutureExt as _;
use futures::future::join_all;
use futures::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;

/// Things worked on at once.
const IN_FLIGHT: usize = 16;
/// Things read from a shard at once.
const PAGE: usize = 100;

/// What a schedule says. Its time is of no interest: what is due is read from
/// the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// Version of this input.
    pub version: Version,
    /// The shards to serve; all when absent.
    #[serde(default)]
    pub shards: Option<Vec<u8>>,
}

/// The one version there is. Any other is an error of the function.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Version;

impl TryFrom<u32> for Version {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        if version == 1 {
            Ok(Self)
        } else {
            Err(format!("unknown version {version}"))
        }
    }
}

impl From<Version> for u32 {
    fn from(_: Version) -> Self {
        1
    }
}

/// What a sweep did.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Swept {
    /// Things that were due and served.
    pub served: u64,
    /// Things that failed; each has its own next time.
    pub failed: u64,
}

/// What came of some of the things: how many were served, and why the others
/// failed.
#[derive(Debug, Default)]
struct Tally {
    served: u64,
    failed: u64,
    causes: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.served = self.served.saturating_add(other.served);
        self.failed = self.failed.saturating_add(other.failed);
        self.causes.extend(other.causes);
    }
}

/// Serves everything due in the shards of a tick, until nothing is or the
/// time is up. `serve` handles one thing and moves its timer, also when it
/// fails. One that could not even do that, for it panicked or cannot be read,
/// is put off here: it stops only itself. A shard that cannot be read stops no
/// other. Each cause is told in the log line of the job.
///
/// # Errors
/// [`StoreError`] when a shard could not be read, after all others were served.
pub async fn sweep<F>(
    app: &App,
    job: Job,
    tick: &Tick,
    work: &mut Work,
    serve: impl Fn(Key) -> F,
) -> Result<Swept, StoreError>
where
    F: Future<Output = Result<(), String>>,
{
    let mut tally = Tally::default();
    let all: Vec<u8> = (0..SHARDS).collect();
    let asked = tick.shards.clone().unwrap_or(all);
    let mut shards: Vec<Shard> = asked.into_iter().map(Shard::new).collect();
    let mut unread = None;
    while !shards.is_empty() && app.now() < work.stop_at {
        let (page, error) = next_page(app, job, &mut shards).await;
        unread = unread.or(error);
        let mut waiting = page.into_iter();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < IN_FLIGHT && app.now() < work.stop_at {
                let Some(partition) = waiting.next() else {
                    break;
                };
                running.push(one_by_one(app, job, partition, work.stop_at, &serve));
            }
            let Some(done) = running.next().await else {
                break;
            };
            tally.add(done);
        }
    }
    let Tally {
        served,
        failed,
        causes,
    } = tally;
    work.invocation.count("Served", served);
    work.invocation.count("Failed", failed);
    for cause in causes {
        work.invocation.failed(cause);
    }
    match unread {
        None => Ok(Swept { served, failed }),
        Some(error) => Err(error),
    }
}

/// Serves what is due in one partition, one after the other: things of one
/// account write to the same ledger.
async fn one_by_one<F>(
    app: &App,
    job: Job,
    keys: Vec<Key>,
    stop_at: Timestamp,
    serve: &impl Fn(Key) -> F,
) -> Tally
where
    F: Future<Output = Result<(), String>>,
{
    let mut tally = Tally::default();
    for key in keys {
        if app.now() >= stop_at {
            break;
        }
        let served = AssertUnwindSafe(serve(key.clone())).catch_unwind().await;
        let Err(cause) = served.unwrap_or_else(|_| Err("it panicked".to_owned())) else {
            tally.served = tally.served.saturating_add(1);
            continue;
        };
        tally.failed = tally.failed.saturating_add(1);
        tally.causes.push(format!("{}: {cause}", key.sk));
        if let Err(error) = app.store().put_off(job, &key, app.now()).await {
            tally.causes.push(format!("{}: {}", key.sk, chain(&error)));
        }
    }
    tally
}

/// A shard that may have more that is due.
struct Shard {
    number: u8,
    /// What was served once in this sweep waits for the next: a thing that
    /// stays due must not be spun on.
    seen: HashSet<Key>,
}

impl Shard {
    fn new(number: u8) -> Self {
        Self {
            number,
            seen: HashSet::new(),
        }
    }

    /// What failed may stay due at the head: the page grows past it.
    fn page(&self) -> usize {
        PAGE.saturating_add(self.seen.len())
    }
}

/// What is due next in each shard, by partition, the longest due first; and why
/// a shard could not be read. Shards that have no more are dropped.
async fn next_page(
    app: &App,
    job: Job,
    shards: &mut Vec<Shard>,
) -> (Vec<Vec<Key>>, Option<StoreError>) {
    let now = app.now();
    let asked = shards
        .iter()
        .map(|shard| app.store().due(job, shard.number, now, shard.page()));
    let mut answers = join_all(asked).await.into_iter();
    let mut unread = None;
    let mut fresh: Vec<(usize, Key)> = Vec::new();
    shards.retain_mut(|shard| {
        let due = match answers.next() {
            Some(Ok(due)) => due,
            Some(Err(error)) => {
                unread.get_or_insert(error);
                return false;
            }
            None => return false,
        };
        let is_full = due.len() >= shard.page();
        let places = due.into_iter().enumerate();
        fresh.extend(places.filter(|(_, key)| shard.seen.insert(key.clone())));
        is_full
    });
    // A shard gives what is longest due first: the first of each, then the
    // second of each.
    fresh.sort_by_key(|(place, _)| *place);
    let mut order: HashMap<String, usize> = HashMap::new();
    let mut partitions: Vec<Vec<Key>> = Vec::new();
    for (_, key) in fresh {
        let new = partitions.len();
        let at = *order.entry(key.pk.clone()).or_insert(new);
        match partitions.get_mut(at) {
            Some(partition) => partition.push(key),
            None => partitions.push(vec![key]),
        }
    }
    (partitions, unread)
}
