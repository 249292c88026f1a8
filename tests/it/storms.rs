//! Many at once: one wins, nothing is done twice.
//!
//! Each storm is told twice: in calm weather, and among conflicts at the table
//! with everybody's turns in an order of chance. When it is over, all that was
//! left for later is done, and both auditors look at the books.

mod accounts;
mod carts;
mod jobs;
mod orders;
mod processes;

use functions::registry::jobs;
use futures::future::join_all;
use local::{Faults, Options, Share, TableFaults};
use platform::identity::password::Cost;
use serde_json::{Value, json};
use tests::proof::witness::Witness;
use tests::shop::{Answer, Shop, User};

/// How many come at once.
const COPIES: usize = 64;

/// A shop and the weather it will have.
struct Storm {
    shop: Shop,
    witness: Witness,
    faults: Faults,
}

impl Storm {
    /// The same shop in each weather.
    async fn in_each_weather() -> [Self; 2] {
        Self::set_up(options()).await
    }

    /// The same shop in each weather, set up like this.
    async fn set_up(options: Options) -> [Self; 2] {
        let calm = Self::brewing(options.clone(), Faults::default()).await;
        [calm, Self::brewing(options, conflicts()).await]
    }

    async fn brewing(options: Options, faults: Faults) -> Self {
        let shop = Shop::with(options).await;
        let mut witness = Witness::default();
        witness.watch(&shop.cloud);
        Self {
            shop,
            witness,
            faults,
        }
    }

    /// Lets every copy happen at once in this weather: what each came to.
    async fn of<F>(&self, copy: impl Fn(usize) -> F) -> Vec<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let cloud = &self.shop.cloud;
        cloud.set_faults(self.faults.clone()).unwrap();
        let copies: Vec<_> = (0..COPIES).map(|n| tokio::spawn(copy(n))).collect();
        let told = join_all(copies).await.into_iter().map(Result::unwrap);
        let told = told.collect();
        cloud.set_faults(Faults::default()).unwrap();
        told
    }

    /// Lets every copy of a request happen at once. Each must be answered with
    /// one of these statuses, or be asked to come again.
    async fn of_requests<F>(&self, allowed: &[u16], copy: impl Fn(usize) -> F) -> Vec<Answer>
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let answers = self.of(copy).await;
        for answer in &answers {
            let comes_again = answer.status == 503 && !answer.header("retry-after").is_empty();
            assert!(
                comes_again || allowed.contains(&answer.status),
                "{}: {}",
                answer.status,
                answer.json
            );
        }
        answers
    }

    /// Lets a job run many times at once on this event, each time in an
    /// execution environment of its own. Where the table is well, it succeeds.
    async fn of_jobs(&self, job: &'static str, event: &Value) -> Vec<Value> {
        let told = self
            .of(|_| run(self.shop.clone(), job, event.clone()))
            .await;
        if self.faults == Faults::default() {
            assert!(told.iter().all(Result::is_ok), "{told:?}");
        }
        told.into_iter().filter_map(Result::ok).collect()
    }

    /// What was left for later is done, and everybody's books are in order.
    async fn is_over(&mut self, users: &[&User]) {
        self.shop.cloud.settle().await;
        for time in ["PT10M", "PT1H"] {
            self.shop.advance(time).await;
        }
        for user in users {
            self.shop.audit(user).await;
        }
        let findings = self.witness.at_rest(&self.shop.cloud);
        assert!(findings.is_empty(), "{findings:#?}");
    }

    /// How often an account's history tells of this.
    async fn told(&self, user: &User, event: &str) -> usize {
        let key = format!("ACCOUNT%23{}", user.account);
        let items = self.shop.get(&format!("/_local/items?pk={key}")).await.json;
        let events = items.as_array().unwrap().iter();
        events.filter(|item| item["event"] == event).count()
    }
}

/// A test's shop, in which a password costs nothing and nobody asks too often.
fn options() -> Options {
    Options {
        hashing: Cost::NEGLIGIBLE,
        rate_limits: false,
        ..Options::test()
    }
}

/// Weather in which others are always faster.
fn conflicts() -> Faults {
    Faults {
        dynamodb: TableFaults {
            conflict: Share::per_million(200_000),
            mixed_reasons: Share::per_million(100_000),
            ..TableFaults::default()
        },
        shuffle: true,
        seed: 64,
        ..Faults::default()
    }
}

/// A run of a job in an execution environment of its own, as there are many
/// of one function.
async fn run(shop: Shop, job: &'static str, event: Value) -> Result<Value, String> {
    let job = jobs().into_iter().find(|entry| entry.id == job).unwrap();
    let deadline = shop.cloud.now().as_millisecond() + 900_000;
    let app = shop.cloud.app(job.id);
    let ran = (job.run)(app, event, u64::try_from(deadline).unwrap());
    ran.await.map_err(|error| error.to_string())
}

/// What a schedule sends.
fn tick() -> Value {
    json!({"version": 1})
}

/// How much was served by all of these sweeps together.
fn served(reports: &[Value]) -> u64 {
    let served = |report: &Value| report["served"].as_u64().unwrap();
    reports.iter().map(served).sum()
}

/// How many were answered so.
fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|a| a.status == status).count()
}
