//! The cloud as its users hold it.

use crate::backends::Backends;
use crate::chance::Chance;
use crate::conductor::Conductor;
use crate::connector::{Condition, Halt};
use crate::duration;
use crate::engine::{Engine, EngineError};
use crate::entropy::SeededEntropy;
use crate::faults::{Fault, Faults};
use crate::functions::{FunctionError, Functions};
use crate::journal::Commit;
use crate::lock::lock;
use crate::log::LogSink;
use crate::mailbox::Mail;
use crate::options::{Options, StreamDelivery};
use crate::register::Entries;
use crate::seed::Login;
use crate::start::StartError;
use crate::template::Template;
use crate::trace::Effect;
use bytes::Bytes;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use platform::app::App;
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
pub struct Cloud(pub(crate) Arc<Inner>);

/// What a cloud is made of.
pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) template: Arc<Template>,
    pub(crate) backends: Arc<Backends>,
    pub(crate) functions: Functions,
    pub(crate) log: Arc<LogSink>,
    /// Held by whoever moves time or carries events, so that one does.
    pub(crate) conductor: tokio::sync::Mutex<Conductor>,
    pub(crate) logins: Mutex<Vec<Login>>,
    pub(crate) requests: AtomicU64,
    /// Where random bytes come from, if they follow a seed.
    pub(crate) seeded: Option<Arc<SeededEntropy>>,
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
    /// Answers a request: to the API through the gateway, to `/_local` by the
    /// stack itself.
    pub async fn request(&self, request: Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        if path == "/_local" || path.starts_with("/_local/") {
            return Box::pin(self.local(request)).await;
        }
        self.api(request).await
    }

    /// Answers a request to the API, and carries the stream where that is
    /// asked for.
    pub(crate) async fn api(&self, request: Request<Bytes>) -> Response<Bytes> {
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
        let mut ran = self.run_until(&mut conductor, to).await;
        self.catch_up(&mut conductor, &mut ran).await;
        Ok(ran)
    }

    /// Sets the clock without letting anything happen: what falls due on the
    /// way waits, as if no schedule had fired. Only what is under way to the
    /// provider arrives in its time.
    pub fn skip_to(&self, to: Timestamp) {
        let backends = &self.0.backends;
        while let Some(at) = backends.next_arrival().filter(|at| *at <= to) {
            backends.clock.move_to(at);
            backends.arrive_by(at);
        }
        backends.clock.set(to);
    }

    /// As [`Cloud::advance_to`], by an ISO 8601 duration such as `P1M`.
    ///
    /// # Errors
    /// [`ClockError`].
    pub async fn advance(&self, duration: &str) -> Result<Ran, ClockError> {
        let mut conductor = self.0.conductor.lock().await;
        let to = duration::after(self.now(), duration)?;
        let mut ran = self.run_until(&mut conductor, to).await;
        self.catch_up(&mut conductor, &mut ran).await;
        Ok(ran)
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
        backends.register.restore(Entries::default());
        backends.set_faults(Faults::default())?;
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
    ///
    /// # Errors
    /// [`EngineError`] when the table cannot be read late.
    pub fn set_faults(&self, faults: Faults) -> Result<(), EngineError> {
        self.0.backends.set_faults(faults)
    }

    /// Switches these conditions of the shop's writes off, and all others on:
    /// what happens without them?
    pub fn switch_off(&self, conditions: &[Condition]) {
        self.0.backends.switch_off(conditions);
    }

    /// What was written to the table since the last call, if effects are kept.
    pub fn take_commits(&self) -> Vec<Commit> {
        self.0.backends.engine.take_commits()
    }

    /// Plans a fault for the effect with this number; see
    /// [`Cloud::effects`].
    pub fn plan_fault(&self, effect: u64, fault: Fault) {
        self.0.backends.plan(effect, fault);
    }

    /// Halts the effect with this number until it is released; see
    /// [`Cloud::effects`].
    pub fn halt(&self, effect: u64) -> Halt {
        self.0.backends.halt(effect)
    }

    /// Forgets the faults planned for effects that have not come.
    pub fn forget_plans(&self) {
        self.0.backends.forget_plans();
    }

    /// Gives random bytes by another seed from now on, if they follow one.
    pub fn reseed(&self, seed: u64) {
        if let Some(entropy) = &self.0.seeded {
            entropy.set(Chance::seeded(seed));
        }
    }

    /// Deletes what has expired, as the table does by itself, days late.
    pub fn expire(&self) {
        if let Err(error) = self.0.backends.engine.expire(self.now()) {
            self.complain(&error.to_string());
        }
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
        self.0.backends.vault.rotate(secret, text, self.now());
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
