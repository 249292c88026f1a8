//! A story with one act in it that may go wrong at any of its effects.

use crate::answer::Answer;
use crate::stage::{Ask, Stage};
use functions::registry::operations;
use futures::future::BoxFuture;
use local::Options;
use serde_json::json;

/// How often a client asks again.
const TRIES: u32 = 12;

/// What may go wrong.
#[derive(Debug, Clone)]
pub enum Act {
    /// A client asks, and asks again until it is told.
    Ask(Ask),
    /// A schedule starts a job.
    Tick(&'static str),
    /// The stream and the provider's events are delivered, and whatever is due
    /// now is done.
    Settle,
}

/// Prepares the stage for the act.
pub type Prepare = for<'a> fn(&'a Stage) -> BoxFuture<'a, Act>;

/// What somebody does when half an hour has passed since the act.
pub type Sequel = for<'a> fn(&'a Stage) -> BoxFuture<'a, ()>;

/// A story.
#[derive(Clone)]
pub struct Scenario {
    /// What happens, in words.
    pub name: String,
    /// The operation or job whose writes it is about.
    pub operation: &'static str,
    /// Whether it may end otherwise when it takes longer: two acts race in it.
    pub is_race: bool,
    /// What happens after the act, if anything does but what production does
    /// by itself.
    pub sequel: Option<Sequel>,
    prepare: Prepared,
}

#[derive(Clone)]
enum Prepared {
    /// The good request of an operation.
    Good,
    By(Prepare),
}

impl Scenario {
    /// The good request of every operation.
    pub fn of_operations() -> Vec<Self> {
        operations()
            .into_iter()
            .map(|entry| Self {
                name: entry.spec.id.to_owned(),
                operation: entry.spec.id,
                is_race: false,
                sequel: None,
                prepare: Prepared::Good,
            })
            .collect()
    }

    /// A story of its own.
    pub fn new(operation: &'static str, about: &str, prepare: Prepare) -> Self {
        Self {
            name: format!("{operation}: {about}"),
            operation,
            is_race: false,
            sequel: None,
            prepare: Prepared::By(prepare),
        }
    }

    /// The same, in which two acts race.
    #[must_use]
    pub fn race(self) -> Self {
        Self {
            is_race: true,
            ..self
        }
    }

    /// The same, in which somebody does something half an hour later.
    #[must_use]
    pub fn then(self, sequel: Sequel) -> Self {
        Self {
            sequel: Some(sequel),
            ..self
        }
    }

    /// Prepares the stage; what is to be done then.
    pub async fn prepare(&self, stage: &Stage) -> Act {
        match self.prepare {
            Prepared::By(prepare) => prepare(stage).await,
            Prepared::Good => {
                let entry = crate::stage::operation(self.operation);
                Act::Ask(stage.asked(&entry))
            }
        }
    }
}

/// Options of a stage for stories.
pub fn options() -> Options {
    Options {
        rate_limits: false,
        refund_approval_above: crate::stage::LARGE,
        ..Options::simulation(1)
    }
}

impl Act {
    /// Does it once: what a client is told, if one asked.
    pub async fn once(&self, stage: &Stage) -> Option<Answer> {
        match self {
            Self::Ask(ask) => Some(ask.send(&stage.shop).await),
            Self::Tick(job) => {
                // What it reports, and whether it fails, is for the log.
                let _ = stage.shop.cloud.run_job(job, json!({"version": 1})).await;
                None
            }
            Self::Settle => {
                stage.shop.cloud.settle().await;
                None
            }
        }
    }

    /// Does it the way the world does: a client asks again until it is told.
    pub async fn until_done(&self, stage: &Stage) -> Option<Answer> {
        let answer = self.once(stage).await;
        self.go_on(stage, answer).await
    }

    /// Asks again until it is told, if it was not.
    pub async fn go_on(&self, stage: &Stage, mut answer: Option<Answer>) -> Option<Answer> {
        for _ in 0..TRIES {
            match &answer {
                Some(told) if is_open(told) => {}
                Some(_) | None => return answer,
            }
            stage.shop.cloud.advance("PT16S").await.unwrap();
            answer = self.once(stage).await;
        }
        answer
    }
}

/// True when a client has to ask again.
fn is_open(answer: &Answer) -> bool {
    match answer.status {
        500 | 503 => true,
        409 => answer.json["code"] == "request_in_progress",
        _ => false,
    }
}
