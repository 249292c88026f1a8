//! Renewing what is due: every five minutes, whatever was missed before.

use jiff::Timestamp;
use platform::app::App;
use platform::http::problem::chain;
use platform::job::{Job, Work};
use platform::payments::renew::renew;
use platform::payments::timer::postpone;
use platform::store::StoreError;
use platform::store::keys::{self, Key, Timed};
use platform::sweep::{Swept, Tick, sweep};
use std::sync::Mutex;

/// Every five minutes.
pub struct RenewSubscriptions;

/// What went wrong with subscriptions of one sweep.
#[derive(Default)]
struct Failures {
    causes: Vec<String>,
    parked: u64,
}

impl Job for RenewSubscriptions {
    const ID: &'static str = "renew_subscriptions";
    type Event = Tick;
    type Report = Swept;
    type Error = StoreError;

    async fn run(app: &App, tick: Tick, work: &mut Work) -> Result<Swept, StoreError> {
        let failures = Mutex::new(Failures::default());
        let stop_at = work.stop_at;
        let swept = sweep(app, keys::Job::Renew, &tick, work, |key| {
            let failures = &failures;
            async move {
                match serve(app, &key, stop_at).await {
                    Ok(()) => true,
                    Err((cause, parked)) => {
                        if let Ok(mut failures) = failures.lock() {
                            failures.causes.push(cause);
                            failures.parked = failures.parked.saturating_add(u64::from(parked));
                        }
                        false
                    }
                }
            }
        })
        .await;
        let failures = failures.into_inner().unwrap_or_default();
        for cause in failures.causes {
            work.invocation.failed(cause);
        }
        work.invocation.count("Parked", failures.parked);
        swept
    }
}

/// Serves one subscription. A failure moves its own next action, so that it
/// never blocks the others; true with it when it was parked.
async fn serve(app: &App, key: &Key, stop_at: Timestamp) -> Result<(), (String, bool)> {
    let Some(Timed::Subscription(account, id)) = Timed::of(key) else {
        return Err((format!("no such timer: {}/{}", key.pk, key.sk), false));
    };
    match renew(app, account, id, stop_at).await {
        Ok(()) => Ok(()),
        Err(error) => {
            let parked = postpone(app, account, id).await.unwrap_or(false);
            Err((format!("{id}: {}", chain(&error)), parked))
        }
    }
}
