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

/// Every five minutes.
pub struct RenewSubscriptions;

impl Job for RenewSubscriptions {
    const ID: &'static str = "renew_subscriptions";
    type Event = Tick;
    type Report = Swept;
    type Error = StoreError;

    async fn run(app: &App, tick: Tick, work: &mut Work) -> Result<Swept, StoreError> {
        let stop_at = work.stop_at;
        sweep(app, keys::Job::Renew, &tick, work, |key| async move {
            serve(app, &key, stop_at).await
        })
        .await
    }
}

/// Serves one subscription. A failure moves its own next action, so that it
/// never blocks the others.
async fn serve(app: &App, key: &Key, stop_at: Timestamp) -> Result<(), String> {
    let Some(Timed::Subscription(account, id)) = Timed::of(key) else {
        return Err(format!("no such timer of {}", key.pk));
    };
    let Err(error) = renew(app, account, id, stop_at).await else {
        return Ok(());
    };
    match postpone(app, account, id).await {
        Ok(()) => Err(chain(&error)),
        Err(further) => Err(format!("{}; then {}", chain(&error), chain(&further))),
    }
}
