//! What makes a shop's time pass, and what goes wrong in it.

use crate::support::Shop;
use jiff::SignedDuration;
use local::Fault;
use serde_json::{Value, json};

impl Shop {
    /// Lets time pass without anything happening.
    pub(crate) fn wait(&self, seconds: i64) {
        let later = self.cloud.now() + SignedDuration::from_secs(seconds);
        self.cloud.skip_to(later);
    }

    /// One run of a job, as its schedule starts it; what it reports.
    pub(crate) async fn tick(&self, job: &str) -> Value {
        let ran = self.cloud.run_job(job, json!({"version": 1})).await;
        ran.unwrap()
    }

    /// Makes an effect after the present one fail.
    pub(crate) fn fail(&self, after: u64, fault: Fault) {
        self.cloud.plan_fault(self.cloud.effects() + after, fault);
    }

    /// Makes effects fail by chance from now on; `{}` ends it.
    pub(crate) async fn faults(&self, faults: Value) {
        assert_eq!(self.post("/_local/faults", &faults).await.status, 200);
    }
}
