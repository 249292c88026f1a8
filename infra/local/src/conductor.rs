//! Time and what it brings: stream records, webhooks, schedules, in order.

use crate::cloud::{Cloud, Ran};
use crate::schedule::Schedule;
use crate::stream::{poison, resume_at, wanted};
use crate::template::{StreamMapping, Template};
use http::Request;
use http::header::{CONTENT_TYPE, USER_AGENT};
use jiff::Timestamp;
use platform::store::keys::{Job, SHARDS};
use serde_json::{Value, json};

/// Where the provider posts its events.
const WEBHOOK: &str = "/v1/webhooks/stripe";

/// Rounds of "deliver, then see what that caused" before something must be
/// wrong: events that cause events without end.
const MOST_ROUNDS: u32 = 10_000;

/// Tries of a scheduled job that fails, after the first (EventBridge invokes
/// asynchronously).
const JOB_RETRIES: u32 = 2;

/// How far time and the stream have been carried.
#[derive(Debug, Clone)]
pub(crate) struct Conductor {
    /// Everything up to here has happened.
    reached: Timestamp,
    /// The next tick of each schedule.
    ticks: Vec<Timestamp>,
    /// Number of the last stream record.
    sequence: u64,
}

/// Something that happens by itself.
enum Happening {
    /// A call arrives at the provider that was long on its way.
    Arrival,
    Provider,
    Tick(usize),
}

impl Conductor {
    pub(crate) fn new(template: &Template, now: Timestamp) -> Self {
        Self {
            reached: now,
            ticks: template
                .schedules
                .iter()
                .map(|schedule| schedule.tick_at_or_after(now))
                .collect(),
            sequence: 0,
        }
    }
}

impl Cloud {
    /// Lets everything happen that falls due until a moment, in order, each
    /// thing at its own time.
    pub(crate) async fn run_until(&self, conductor: &mut Conductor, until: Timestamp) -> Ran {
        let mut ran = Ran::new();
        self.backends().arrive_by(self.now());
        self.deliver_all(conductor, &mut ran).await;
        while let Some((at, happening)) = self.next_happening(conductor, until) {
            self.backends().clock.move_to(at);
            conductor.reached = conductor.reached.max(at);
            self.backends().arrive_by(self.now());
            match happening {
                Happening::Arrival => {}
                Happening::Provider => self.backends().simulator.tick(self.now()),
                Happening::Tick(index) => self.tick(conductor, index, at, &mut ran).await,
            }
            self.deliver_all(conductor, &mut ran).await;
        }
        self.backends().clock.move_to(until);
        conductor.reached = conductor.reached.max(until);
        ran
    }

    /// Ends a move of the clock: every schedule with something due ticks once
    /// more, so that what fell due on the way has happened when the move is
    /// answered, even between two ticks.
    pub(crate) async fn catch_up(&self, conductor: &mut Conductor, ran: &mut Ran) {
        let now = self.now();
        for (index, schedule) in self.template().schedules.iter().enumerate() {
            if self
                .earliest_work(&schedule.job)
                .is_some_and(|due| due <= now)
            {
                self.tick(conductor, index, now, ran).await;
            }
        }
        self.deliver_all(conductor, ran).await;
    }

    /// What happens next by itself, if it is not after a moment. What the
    /// provider does goes before a schedule of the same time.
    fn next_happening(
        &self,
        conductor: &Conductor,
        until: Timestamp,
    ) -> Option<(Timestamp, Happening)> {
        let provider = self
            .backends()
            .simulator
            .next_due()
            .map(|at| (at, Happening::Provider));
        let arrival = self
            .backends()
            .next_arrival()
            .map(|at| (at, Happening::Arrival));
        let schedules = &self.template().schedules;
        let ticks = schedules
            .iter()
            .zip(&conductor.ticks)
            .enumerate()
            .filter_map(|(index, (schedule, next))| {
                let from = self
                    .earliest_work(&schedule.job)?
                    .max(*next)
                    .max(conductor.reached);
                Some((schedule.tick_at_or_after(from), Happening::Tick(index)))
            });
        arrival
            .into_iter()
            .chain(provider)
            .chain(ticks)
            .filter(|(at, _)| *at <= until)
            .min_by_key(|(at, _)| *at)
    }

    /// When a job first has something to do: its timers say; a job without
    /// timers always has.
    fn earliest_work(&self, job: &str) -> Option<Timestamp> {
        let Some(timers) = Job::ALL
            .into_iter()
            .find(|timers| timers.operation() == job)
        else {
            return Some(Timestamp::MIN);
        };
        (0..SHARDS)
            .filter_map(
                |shard| match self.backends().engine.earliest_due(timers.shard(shard)) {
                    Ok(due) => due,
                    Err(error) => {
                        self.complain(&error.to_string());
                        None
                    }
                },
            )
            .min()
    }

    async fn tick(&self, conductor: &mut Conductor, index: usize, at: Timestamp, ran: &mut Ran) {
        let Some(schedule) = self.template().schedules.get(index) else {
            return;
        };
        if let Some(next) = conductor.ticks.get_mut(index) {
            *next = schedule.tick_after(at);
        }
        self.run_scheduled(schedule, at, ran).await;
    }

    async fn run_scheduled(&self, schedule: &Schedule, at: Timestamp, ran: &mut Ran) {
        for _ in 0..=JOB_RETRIES {
            count(ran, &schedule.job);
            match self.run_job(&schedule.job, schedule.event(at)).await {
                Ok(_) => return,
                Err(error) => self.complain(&error.to_string()),
            }
        }
    }

    /// What the background does again and again: carries what waits, and with
    /// `clock` also runs the schedules that are due. Nothing while somebody
    /// else carries.
    pub(crate) async fn beat(&self, clock: bool) {
        let Ok(mut conductor) = self.conductor().try_lock() else {
            return;
        };
        let now = self.now();
        let due = self
            .backends()
            .simulator
            .next_due()
            .is_some_and(|at| at <= now);
        if clock {
            self.run_until(&mut conductor, now).await;
        } else if due || self.backends().engine.has_changes() {
            self.deliver_all(&mut conductor, &mut Ran::new()).await;
        }
    }

    /// Delivers what is due now, and what that causes, until nothing is left.
    async fn deliver_all(&self, conductor: &mut Conductor, ran: &mut Ran) {
        for _ in 0..MOST_ROUNDS {
            let pumped = self.pump(conductor, ran).await;
            let delivered = self.deliver_webhooks().await;
            if !pumped && !delivered {
                return;
            }
        }
        self.complain("events cause events without end");
    }

    /// Carries the provider's due webhooks through the gateway. False when
    /// there were none.
    async fn deliver_webhooks(&self) -> bool {
        let deliveries = self.backends().simulator.due_deliveries(self.now());
        let any = !deliveries.is_empty();
        for delivery in deliveries {
            let request = Request::post(WEBHOOK)
                .header(CONTENT_TYPE, "application/json; charset=utf-8")
                .header(USER_AGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
                .header("stripe-signature", delivery.signature_header)
                .body(delivery.body);
            match request {
                Ok(request) => {
                    let response = self.gateway(request).await;
                    self.backends()
                        .simulator
                        .delivered(&delivery.id, response.status().as_u16());
                }
                Err(error) => self.complain(&format!("a webhook cannot be sent: {error}")),
            }
        }
        any
    }

    /// Carries the table's stream to its function. False when there was
    /// nothing for it.
    pub(crate) async fn pump(&self, conductor: &mut Conductor, ran: &mut Ran) -> bool {
        let Some(mapping) = &self.template().stream else {
            return false;
        };
        let now = self.now();
        let mut records = Vec::new();
        for change in self.backends().engine.take_changes() {
            conductor.sequence = conductor.sequence.saturating_add(1);
            let record = change.record(conductor.sequence, now);
            if wanted(mapping, &record) && !self.backends().hits(|faults| faults.drop) {
                records.push(record);
            }
        }
        for batch in records.chunks(mapping.batch.max(1)) {
            let mut batch = batch.to_vec();
            if self.backends().hits(|faults| faults.poison) {
                conductor.sequence = conductor.sequence.saturating_add(1);
                batch.insert(batch.len() / 2, poison(conductor.sequence, now));
            }
            let again = self.backends().hits(|faults| faults.duplicate);
            self.deliver_batch(mapping, batch.clone(), ran).await;
            if again {
                self.deliver_batch(mapping, batch, ran).await;
            }
        }
        !records.is_empty()
    }

    /// Delivers a batch as its event source mapping says: again from the first
    /// record that failed, in halves when the function failed as a whole, and
    /// not for ever.
    async fn deliver_batch(&self, mapping: &StreamMapping, batch: Vec<Value>, ran: &mut Ran) {
        let mut waiting = vec![(batch, 0_u32)];
        while let Some((records, tries)) = waiting.pop() {
            if tries > mapping.retries {
                self.complain(&format!(
                    "{} stream records went to the failure destination",
                    records.len()
                ));
                continue;
            }
            count(ran, &mapping.job);
            let again = tries.saturating_add(1);
            match self
                .run_job(&mapping.job, json!({"Records": records}))
                .await
            {
                Ok(answer) => {
                    if let Some((_, rest)) =
                        resume_at(&records, &answer).map(|index| records.split_at(index))
                    {
                        waiting.push((rest.to_vec(), again));
                    }
                }
                Err(error) => {
                    self.complain(&error.to_string());
                    if mapping.bisect && records.len() > 1 {
                        let (first, second) = records.split_at(records.len() / 2);
                        waiting.push((second.to_vec(), again));
                        waiting.push((first.to_vec(), again));
                    } else {
                        waiting.push((records, again));
                    }
                }
            }
        }
    }
}

fn count(ran: &mut Ran, job: &str) {
    let times = ran.entry(job.to_owned()).or_default();
    *times = times.saturating_add(1);
}
