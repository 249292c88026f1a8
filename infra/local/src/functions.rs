//! The functions: each with an app of its own, built when it is first called,
//! so that what an app keeps in memory is kept as in a Lambda environment.

use crate::backends::Backends;
use crate::clock::NoSleep;
use crate::connector::{self, Environment};
use crate::lock::lock;
use crate::log::LogSink;
use crate::options::Options;
use crate::outlet::Elsewhere;
use aws_sdk_dynamodb::config::Credentials;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use functions::registry::{Entry, JobEntry, jobs, operations};
use futures::FutureExt as _;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_runtime::{Context, LambdaEvent};
use platform::app::{App, Parts, WebClient};
use platform::clock::Entropy;
use platform::config::Config;
use platform::http::operation::AtStart;
use platform::identity::password::Cost;
use platform::lambda::read_at_start;
use serde_json::Value;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::OnceCell;

/// Every operation and job of the shop, by id.
struct Registry {
    operations: HashMap<&'static str, Entry>,
    jobs: HashMap<&'static str, JobEntry>,
}

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| Registry {
        operations: operations()
            .into_iter()
            .map(|entry| (entry.spec.id, entry))
            .collect(),
        jobs: jobs().into_iter().map(|job| (job.id, job)).collect(),
    })
}

/// Why a function gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// There is no function of this name.
    #[error("there is no function {0}")]
    Unknown(String),
    /// It failed.
    #[error("{function} failed: {cause}")]
    Failed {
        /// Operation id.
        function: String,
        /// With what.
        cause: String,
    },
    /// It panicked.
    #[error("{0} panicked")]
    Panicked(String),
    /// A planned crash ended it.
    #[error("{0} crashed")]
    Crashed(String),
}

/// One execution environment.
struct Warm {
    app: Arc<App>,
    environment: Environment,
}

/// Every function that was called so far.
pub(crate) struct Functions {
    backends: Arc<Backends>,
    config: Config,
    entropy: Arc<dyn Entropy>,
    log: Arc<LogSink>,
    /// Waits take their time; in tests they are skipped.
    real_time: bool,
    hashing: Cost,
    warm: Mutex<HashMap<String, Arc<OnceCell<Warm>>>>,
    elsewhere: Mutex<Option<Arc<dyn Elsewhere>>>,
}

impl Functions {
    pub(crate) fn new(
        backends: Arc<Backends>,
        config: Config,
        entropy: Arc<dyn Entropy>,
        log: Arc<LogSink>,
        options: &Options,
    ) -> Self {
        Self {
            backends,
            config,
            entropy,
            log,
            real_time: options.flowing,
            hashing: options.hashing,
            warm: Mutex::default(),
            elsewhere: Mutex::default(),
        }
    }

    /// Lets functions run elsewhere from now on, or here again.
    pub(crate) fn run_elsewhere(&self, elsewhere: Option<Arc<dyn Elsewhere>>) {
        *lock(&self.elsewhere) = elsewhere;
    }

    fn elsewhere(&self) -> Option<Arc<dyn Elsewhere>> {
        lock(&self.elsewhere).clone()
    }

    /// The settings of every function.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// An app of its own that makes its calls under this name.
    pub(crate) fn app(&self, name: &str) -> Arc<App> {
        self.build(&Environment::new(name))
    }

    /// Forgets what every function keeps in memory: the next calls are cold.
    pub(crate) fn stop(&self) {
        lock(&self.warm).clear();
    }

    /// How many passwords the functions that run have hashed.
    pub(crate) fn hashes(&self) -> u64 {
        lock(&self.warm)
            .values()
            .filter_map(|cell| cell.get())
            .map(|warm| warm.app.hasher().count())
            .sum()
    }

    /// Runs an operation on a gateway event.
    ///
    /// # Errors
    /// [`FunctionError`].
    pub(crate) async fn invoke(
        &self,
        id: &str,
        event: ApiGatewayV2httpRequest,
        request_id: &str,
        deadline_ms: u64,
    ) -> Result<Value, FunctionError> {
        let entry = registry()
            .operations
            .get(id)
            .ok_or_else(|| FunctionError::Unknown(id.to_owned()))?;
        if let Some(elsewhere) = self.elsewhere() {
            let event = serde_json::to_value(&event);
            let event = event.map_err(|error| FunctionError::Failed {
                function: id.to_owned(),
                cause: error.to_string(),
            })?;
            return elsewhere.run(id, event).await;
        }
        let warm = self.environment(id).await?;
        let mut context = Context::default();
        context.request_id = request_id.to_owned();
        context.deadline = deadline_ms;
        let run = (entry.invoke)(Arc::clone(&warm.0), LambdaEvent::new(event, context));
        self.run(id, &warm.1, run).await
    }

    /// Runs a job on an event.
    ///
    /// # Errors
    /// [`FunctionError`].
    pub(crate) async fn run_job(
        &self,
        id: &str,
        event: Value,
        deadline_ms: u64,
    ) -> Result<Value, FunctionError> {
        let job = registry()
            .jobs
            .get(id)
            .ok_or_else(|| FunctionError::Unknown(id.to_owned()))?;
        if let Some(elsewhere) = self.elsewhere() {
            return elsewhere.run(id, event).await;
        }
        let warm = self.environment(id).await?;
        let run = (job.run)(Arc::clone(&warm.0), event, deadline_ms);
        self.run(id, &warm.1, run).await
    }

    async fn run(
        &self,
        id: &str,
        environment: &Environment,
        run: impl Future<Output = Result<Value, lambda_runtime::Error>>,
    ) -> Result<Value, FunctionError> {
        let crashed = environment.crash.notified();
        tokio::pin!(crashed);
        // Registered before anything runs, so that no crash is missed.
        crashed.as_mut().enable();
        tokio::select! {
            biased;
            result = AssertUnwindSafe(run).catch_unwind() => match result {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(FunctionError::Failed { function: id.to_owned(), cause: error.to_string() }),
                Err(_) => Err(FunctionError::Panicked(id.to_owned())),
            },
            () = crashed => {
                lock(&self.warm).remove(id);
                Err(FunctionError::Crashed(id.to_owned()))
            }
        }
    }

    /// The environment of a function, started where it is not: what it reads
    /// then is read, as its Lambda does.
    async fn environment(&self, id: &str) -> Result<(Arc<App>, Environment), FunctionError> {
        let cell = Arc::clone(lock(&self.warm).entry(id.to_owned()).or_default());
        let warm = cell.get_or_try_init(|| self.start(id)).await?;
        Ok((Arc::clone(&warm.app), warm.environment.clone()))
    }

    async fn start(&self, id: &str) -> Result<Warm, FunctionError> {
        let environment = Environment::new(id);
        let app = self.build(&environment);
        let operation = registry().operations.get(id);
        let at_start = operation.map_or(AtStart::Keys, |entry| entry.spec.at_start);
        let crash = Arc::clone(&environment.crash);
        let crashed = crash.notified();
        tokio::pin!(crashed);
        crashed.as_mut().enable();
        tokio::select! {
            biased;
            read = read_at_start(&app, at_start) => if let Err(error) = read {
                app.log().write(&format!(
                    "{{\"operation\":\"{id}\",\"error\":\"at start: {error}\"}}"
                ));
            },
            () = crashed => return Err(FunctionError::Crashed(id.to_owned())),
        }
        environment.cold.store(false, Ordering::Relaxed);
        Ok(Warm { app, environment })
    }

    fn build(&self, environment: &Environment) -> Arc<App> {
        let sleep = if self.real_time {
            SharedAsyncSleep::new(TokioSleep::new())
        } else {
            SharedAsyncSleep::new(NoSleep)
        };
        Arc::new(App::new(Parts {
            config: self.config.clone(),
            clock: Arc::new(self.backends.clock.clone()),
            entropy: Arc::clone(&self.entropy),
            log: Arc::<LogSink>::clone(&self.log),
            aws: connector::aws(&self.backends, environment),
            web: WebClient::Given(connector::web(&self.backends, environment)),
            sleep,
            time_source: SharedTimeSource::new(self.backends.clock.clone()),
            credentials: Credentials::new("local", "local", None, None, "local"),
            endpoint: None,
            hashing: self.hashing,
        }))
    }
}
