//! Jobs: what schedules and streams start.

use crate::app::App;
use crate::telemetry::Invocation;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;

/// One job: one Lambda function.
pub trait Job: Send + Sync + 'static {
    /// Operation id; also the name of the module, the binary and, in Pascal
    /// case, the function in the template.
    const ID: &'static str;
    /// What starts it.
    type Event: DeserializeOwned + Send;
    /// What it reports.
    type Report: Serialize + Send;
    /// Why it failed as a whole.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Does what is due.
    fn run(
        app: &App,
        event: Self::Event,
        work: &mut Work,
    ) -> impl Future<Output = Result<Self::Report, Self::Error>> + Send;
}

/// How much time a job has, and what it counts.
#[derive(Debug)]
pub struct Work {
    /// After this moment nothing new is begun.
    pub stop_at: Timestamp,
    /// Its log line.
    pub invocation: Invocation,
}

/// One thing may call the provider three times (list, charge, open a page), each
/// twice at 25 s: so much before the deadline nothing new is begun.
const RESERVE: SignedDuration = SignedDuration::from_secs(160);

/// Runs a job and writes its log line.
///
/// # Errors
/// What the job failed with.
pub async fn run<J: Job>(
    app: &App,
    event: J::Event,
    deadline_ms: u64,
) -> Result<J::Report, lambda_runtime::Error> {
    app.serves(J::ID);
    let began = app.now();
    let deadline = i64::try_from(deadline_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let stop_at = deadline
        .and_then(|at| at.checked_sub(RESERVE).ok())
        .unwrap_or(Timestamp::MAX);
    let mut work = Work {
        stop_at,
        invocation: Invocation::job(J::ID, began),
    };
    let result = J::run(app, event, &mut work).await;
    if let Err(error) = &result {
        work.invocation.failed(crate::http::problem::chain(error));
    }
    work.invocation.note(app.take_notes());
    work.invocation.finish(app.log(), app.now());
    result.map_err(Into::into)
}
