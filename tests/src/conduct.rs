//! What makes a shop's time pass, and what goes wrong in it.

use crate::shop::Shop;
use jiff::SignedDuration;
use local::Fault;
use platform::store::keys;
use serde_json::{Value, json};

impl Shop {
    /// Lets time pass without anything happening.
    pub fn wait(&self, seconds: i64) {
        let later = self.cloud.now() + SignedDuration::from_secs(seconds);
        self.cloud.skip_to(later);
    }

    /// One run of a job, as its schedule starts it; what it reports.
    pub async fn tick(&self, job: &str) -> Value {
        let ran = self.cloud.run_job(job, json!({"version": 1})).await;
        ran.unwrap()
    }

    /// Makes an effect after the present one fail.
    pub fn fail(&self, after: u64, fault: Fault) {
        self.cloud.plan_fault(self.cloud.effects() + after, fault);
    }

    /// Makes effects fail by chance from now on; `{}` ends it.
    pub async fn faults(&self, faults: Value) {
        assert_eq!(self.post("/_local/faults", &faults).await.status, 200);
    }

    /// The shards in which something is due to renew, so that the effects of a
    /// sweep are those of the one subscription.
    pub async fn shards_due(&self) -> Vec<u8> {
        let app = self.cloud.app("test");
        let mut due = Vec::new();
        for shard in 0..keys::SHARDS {
            let now = self.cloud.now();
            let found = app.store().due(keys::Job::Renew, shard, now, 1).await;
            if !found.unwrap().is_empty() {
                due.push(shard);
            }
        }
        assert_eq!(due.len(), 1);
        due
    }
}
