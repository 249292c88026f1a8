//! The cloud as its users hold it.

use crate::backends::Backends;
use crate::clock::VirtualClock;
use crate::conductor::Conductor;
use crate::duration;
use crate::engine::{Engine, EngineError, TABLE};
use crate::entropy::SeededEntropy;
use crate::faults::{Fault, Faults};
use crate::functions::{FunctionError, Functions};
use crate::lock::lock;
use crate::log::LogSink;
use crate::mailbox::Mail;
use crate::options::{Options, StreamDelivery};
use crate::saved::{SaveError, Saved};
use crate::seed::{Login, SeedError, seller};
use crate::template::{Template, TemplateError};
use crate::trace::Effect;
use crate::vault::{PREFIX, Vault};
use bytes::Bytes;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use platform::app::App;
use platform::clock::{Entropy, NoEntropy, SystemEntropy};
use platform::config::Config;
use platform::secrets::Secret;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use stripe_simulator::Simulator;

/// How often each job ran.
pub type Ran = BTreeMap<String, u64>;

/// The whole cloud in this process. Clones share it.
#[derive(Clone)]
pub struct Cloud(Arc<Inner>);

struct Inner {
    options: Options,
    template: Arc<Template>,
    backends: Arc<Backends>,
    functions: Functions,
    log: Arc<LogSink>,
    /// Held by whoever moves time or carries events, so that one does.
    conductor: tokio::sync::Mutex<Conductor>,
    logins: Mutex<Vec<Login>>,
    requests: AtomicU64,
}

/// Why a cloud cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The deployment files cannot be used.
    #[error("the template cannot be used")]
    Template(#[from] TemplateError),
    /// The table cannot be opened.
    #[error(transparent)]
    Table(#[from] EngineError),
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// The seed does not take.
    #[error("the seed does not take")]
    Seed(#[from] SeedError),
    /// What was kept in a file cannot be used.
    #[error("the data file cannot be used")]
    Saved(#[from] SaveError),
}

/// A clock is never turned back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The moment has passed.
    #[error("the clock moves forward only")]
    Backwards,
    /// The text is no forward duration.
    #[error(transparent)]
    Duration(#[from] duration::NotADuration),
}

impl Cloud {
    /// Builds a cloud and, if asked to, seeds it.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn new(options: Options) -> Result<Self, StartError> {
        let template = Template::of_repository()?;
        let saved = Saved::read(options.data.as_deref())?;
        let start = saved
            .as_ref()
            .map_or(options.now, |saved| saved.now.max(options.now));
        let clock = if options.flowing {
            VirtualClock::flowing(start)
        } else {
            VirtualClock::frozen(start)
        };
        let entropy: Arc<dyn Entropy> = match options.seed {
            Some(seed) => Arc::new(SeededEntropy::new(seed)),
            None => Arc::new(SystemEntropy::default()),
        };
        let vault = match &saved {
            Some(saved) => Vault::of(saved.secrets.clone()),
            None => Vault::generate(&*entropy)?,
        };
        let engine = Engine::open(
            &template.table,
            template.ttl_attribute.as_deref(),
            &clock,
            options.data.as_deref(),
        )?;
        let simulator = Simulator::new(stripe_simulator::Config {
            api_key: vault.current(Secret::ProviderApiKey),
            webhook_secret: vault.current(Secret::WebhookSecret),
            checkout_base_url: format!("{}/_local/checkout", options.base_url),
            webhook_api_version: platform::payments::provider::API_VERSION.to_owned(),
            livemode: false,
            minimum_amount: 50,
        });
        let backends = Arc::new(Backends::new(
            clock,
            engine,
            simulator,
            vault,
            options.trace,
        ));
        let log = Arc::new(if options.print_log {
            LogSink::Print
        } else {
            LogSink::Collect(Mutex::default())
        });
        let functions = Functions::new(
            Arc::clone(&backends),
            config(&options),
            entropy,
            Arc::clone(&log),
            options.flowing,
        );
        let conductor = tokio::sync::Mutex::new(Conductor::new(&template, start));
        let cloud = Self(Arc::new(Inner {
            template,
            backends,
            functions,
            log,
            conductor,
            logins: Mutex::default(),
            requests: AtomicU64::new(0),
            options,
        }));
        match saved {
            Some(saved) => cloud.go_on_from(saved)?,
            None if cloud.0.options.seeded => cloud.seed().await?,
            None => {}
        }
        Ok(cloud)
    }

    fn go_on_from(&self, saved: Saved) -> Result<(), SaveError> {
        let backends = &self.0.backends;
        backends.simulator.restore(&saved.provider)?;
        backends.mailbox.restore(saved.mails);
        self.set_logins(saved.logins);
        Ok(())
    }

    /// Writes what is not in the table beside the data file, if there is one.
    ///
    /// # Errors
    /// [`SaveError`] when it cannot be written.
    pub fn save(&self) -> Result<(), SaveError> {
        let Some(file) = &self.0.options.data else {
            return Ok(());
        };
        let backends = &self.0.backends;
        let saved = Saved {
            now: self.now(),
            secrets: backends.vault.dump(),
            provider: backends.simulator.dump()?,
            mails: backends.mailbox.mails(None),
            logins: self.logins(),
        };
        saved.write(file)
    }

    /// Answers a request: to the API through the gateway, to `/_local` by the
    /// stack itself.
    pub async fn request(&self, request: Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        if path == "/_local" || path.starts_with("/_local/") {
            return self.local(request).await;
        }
        let response = self.gateway(request).await;
        if self.0.options.stream == StreamDelivery::WithRequests {
            let mut conductor = self.0.conductor.lock().await;
            self.pump(&mut conductor, &mut Ran::new()).await;
        }
        response
    }

    /// Runs a job once, now.
    ///
    /// # Errors
    /// [`FunctionError`].
    pub async fn run_job(&self, id: &str, event: Value) -> Result<Value, FunctionError> {
        self.0
            .functions
            .run_job(id, event, self.deadline_of(id))
            .await
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.0.backends.now()
    }

    /// Moves the clock forward to a moment and lets everything happen that
    /// falls due on the way, in order.
    ///
    /// # Errors
    /// [`ClockError::Backwards`].
    pub async fn advance_to(&self, to: Timestamp) -> Result<Ran, ClockError> {
        let mut conductor = self.0.conductor.lock().await;
        if to < self.now() {
            return Err(ClockError::Backwards);
        }
        Ok(self.run_until(&mut conductor, to).await)
    }

    /// Sets the clock without letting anything happen: what falls due on the
    /// way waits, as if no schedule had fired.
    pub fn skip_to(&self, to: Timestamp) {
        self.0.backends.clock.set(to);
    }

    /// As [`Cloud::advance_to`], by an ISO 8601 duration such as `P1M`.
    ///
    /// # Errors
    /// [`ClockError`].
    pub async fn advance(&self, duration: &str) -> Result<Ran, ClockError> {
        let mut conductor = self.0.conductor.lock().await;
        let to = duration::after(self.now(), duration)?;
        Ok(self.run_until(&mut conductor, to).await)
    }

    /// Lets everything happen that is due now.
    pub async fn settle(&self) -> Ran {
        let mut conductor = self.0.conductor.lock().await;
        let now = self.now();
        self.run_until(&mut conductor, now).await
    }

    /// Deletes everything and begins anew, with the clock where it began.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn reset(&self) -> Result<(), StartError> {
        let mut conductor = self.0.conductor.lock().await;
        let backends = &self.0.backends;
        backends.engine.recreate()?;
        backends.simulator.reset();
        backends.mailbox.restore(Vec::new());
        backends.set_faults(Faults::default());
        backends.take_trace();
        self.0.functions.stop();
        backends.clock.set(self.0.options.now);
        *conductor = Conductor::new(&self.0.template, self.0.options.now);
        if self.0.options.seeded {
            self.seed().await?;
        }
        Ok(())
    }

    /// Ends every function's environment: what it kept in memory is gone.
    pub fn stop_functions(&self) {
        self.0.functions.stop();
    }

    /// Puts faults in force; the default clears them.
    pub fn set_faults(&self, faults: Faults) {
        self.0.backends.set_faults(faults);
    }

    /// Plans a fault for the effect with this number; see
    /// [`Cloud::effects`].
    pub fn plan_fault(&self, effect: u64, fault: Fault) {
        self.0.backends.plan(effect, fault);
    }

    /// How many effects there were; the next one has the number after.
    pub fn effects(&self) -> u64 {
        self.0.backends.effects()
    }

    /// The effects since the last call, if effects are kept.
    pub fn take_trace(&self) -> Vec<Effect> {
        self.0.backends.take_trace()
    }

    /// The log lines since the last call, if they are not printed.
    pub fn take_log(&self) -> Vec<String> {
        self.0.log.take()
    }

    /// Every mail, or those to one address, oldest first.
    pub fn mails(&self, to: Option<&str>) -> Vec<Mail> {
        self.0.backends.mailbox.mails(to)
    }

    /// The payment provider.
    pub fn simulator(&self) -> &Simulator {
        &self.0.backends.simulator
    }

    /// The table.
    pub fn table(&self) -> &Engine {
        &self.0.backends.engine
    }

    /// The current text of a secret.
    pub fn secret(&self, secret: Secret) -> String {
        self.0.backends.vault.current(secret)
    }

    /// Puts a new text of a secret in force; the one before becomes previous.
    pub fn rotate_secret(&self, secret: Secret, text: String) {
        self.0.backends.vault.rotate(secret, text);
    }

    /// An app that makes its calls under a name of its own, for tests that
    /// read or write through the platform.
    pub fn app(&self, name: &str) -> Arc<App> {
        self.0.functions.app(name)
    }

    /// Who can log in from the start.
    pub fn logins(&self) -> Vec<Login> {
        lock(&self.0.logins).clone()
    }

    /// How it was set up.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn set_logins(&self, logins: Vec<Login>) {
        *lock(&self.0.logins) = logins;
    }

    pub(crate) fn template(&self) -> &Template {
        &self.0.template
    }

    pub(crate) fn backends(&self) -> &Backends {
        &self.0.backends
    }

    pub(crate) fn functions(&self) -> &Functions {
        &self.0.functions
    }

    pub(crate) fn conductor(&self) -> &tokio::sync::Mutex<Conductor> {
        &self.0.conductor
    }

    /// Says in the log what went wrong in the stack itself.
    pub(crate) fn complain(&self, what: &str) {
        use platform::telemetry::Log as _;
        let line = serde_json::json!({"operation": "local", "at": self.now(), "error": what});
        self.0.log.write(&line.to_string());
    }

    pub(crate) fn next_request_id(&self) -> String {
        format!(
            "local-{:012}",
            self.0.requests.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// When a function called now would be cut off, in milliseconds since 1970.
    pub(crate) fn deadline_of(&self, function: &str) -> u64 {
        let seconds = self
            .0
            .template
            .timeouts
            .get(function)
            .copied()
            .unwrap_or(10);
        let limit = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(900));
        let deadline = self.now().checked_add(limit).unwrap_or(Timestamp::MAX);
        u64::try_from(deadline.as_millisecond()).unwrap_or(0)
    }
}

fn config(options: &Options) -> Config {
    Config {
        table: TABLE.to_owned(),
        region: "eu-west-3".to_owned(),
        app_url: format!("{}/_local/app", options.base_url),
        allowed_origins: vec![options.base_url.clone()],
        issuer: "urn:cyna:local".to_owned(),
        secret_prefix: PREFIX.to_owned(),
        mail_from: "no-reply@cyna.example".to_owned(),
        provider_url: "https://api.stripe.com".to_owned(),
        live_mode: false,
        seller: seller(),
        bootstrap_admin: None,
        rate_limits: options.rate_limits,
        loopback: true,
    }
}
