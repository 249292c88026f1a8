//! Serving timers: everything of a job that is due now, each thing on its own.

use crate::app::App;
use crate::job::Work;
use crate::store::StoreError;
use crate::store::keys::{Job, Key, SHARDS};
use futures::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;

/// Things worked on at once.
const IN_FLIGHT: usize = 16;
/// Things read from a shard at once.
const PAGE: u32 = 100;

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

/// Serves everything due in the shards of a tick, until nothing is or the
/// time is up. `serve` handles one thing and its own failures; it returns
/// false when it failed. Even one that panics stops only itself.
///
/// # Errors
/// [`StoreError`] when the index cannot be read.
pub async fn sweep<F>(
    app: &App,
    job: Job,
    tick: &Tick,
    work: &mut Work,
    serve: impl Fn(Key) -> F,
) -> Result<Swept, StoreError>
where
    F: Future<Output = bool>,
{
    let mut swept = Swept::default();
    let all: Vec<u8> = (0..SHARDS).collect();
    for shard in tick.shards.as_ref().unwrap_or(&all) {
        // What was served once in this sweep waits for the next: a thing that
        // stays due must not be spun on.
        let mut seen: HashSet<Key> = HashSet::new();
        loop {
            // What failed may stay due at the head: the page grows past it.
            let page = PAGE.saturating_add(u32::try_from(seen.len()).unwrap_or(u32::MAX));
            let due = app.store().due(job, *shard, app.now(), page).await?;
            let fresh: Vec<Key> = due
                .into_iter()
                .filter(|key| seen.insert(key.clone()))
                .collect();
            if fresh.is_empty() {
                break;
            }
            let mut waiting = fresh.into_iter();
            let mut running = FuturesUnordered::new();
            loop {
                while running.len() < IN_FLIGHT && app.now() < work.stop_at {
                    let Some(key) = waiting.next() else { break };
                    running.push(AssertUnwindSafe(serve(key)).catch_unwind());
                }
                match running.next().await {
                    None => break,
                    Some(Ok(true)) => swept.served = swept.served.saturating_add(1),
                    Some(Ok(false) | Err(_)) => swept.failed = swept.failed.saturating_add(1),
                }
            }
            if app.now() >= work.stop_at {
                break;
            }
        }
    }
    work.invocation.count("Served", swept.served);
    work.invocation.count("Failed", swept.failed);
    Ok(swept)
}
