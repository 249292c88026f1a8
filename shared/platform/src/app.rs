//! Everything an operation stands on, built once per cold start.

use crate::clock::{Clock, Entropy, NoEntropy, SystemClock, SystemEntropy, new_id};
use crate::config::{Config, ConfigError, credentials, endpoint_override};
use crate::connector;
use crate::http::problem::{Failure, chain};
use crate::identity::access::{Claims, VerifyingKeys};
use crate::identity::password::{Cost, Hasher};
use crate::mail::Mailer;
use crate::payments::finalise::Desk;
use crate::payments::provider::Provider;
use crate::secrets::{Secret, SecretError, SecretText, Secrets};
use crate::store::Store;
use crate::store::catalogue::CatalogueCache;
use crate::telemetry::{Log, Notes, StandardOutput};
use crate::vies::Register;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use domain::id::Id;
use jiff::Timestamp;
use std::fmt::Display;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// What an [`App`] is made of: every effect and every input from outside.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Settings.
    pub config: Config,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Where log lines go.
    pub log: Arc<dyn Log>,
    /// Carries calls to AWS.
    pub aws: SharedHttpClient,
    /// Carries calls to the payment provider and the register of VAT numbers.
    pub web: WebClient,
    /// Waits between tries.
    pub sleep: SharedAsyncSleep,
    /// The time requests to AWS are signed with.
    pub time_source: SharedTimeSource,
    /// Credentials of the function's role.
    pub credentials: Credentials,
    /// An endpoint in place of AWS's own.
    pub endpoint: Option<String>,
    /// What hashing a password costs.
    pub hashing: Cost,
}

/// Carries calls to others than AWS. Few functions make any, and reading
/// the roots of the public web takes time: so it is made when first needed.
#[derive(Debug, Clone)]
pub enum WebClient {
    /// To be made when first needed.
    Lazy,
    /// One that is there.
    Given(SharedHttpConnector),
}

/// Everything an operation stands on.
#[derive(Debug)]
pub struct App {
    parts: Parts,
    store: Store,
    verifying_keys: VerifyingKeys,
    hasher: Hasher,
    catalogue: CatalogueCache,
    secrets: OnceLock<Secrets>,
    web: OnceLock<SharedHttpConnector>,
    provider: OnceLock<Provider>,
    register: OnceLock<Register>,
    mailer: OnceLock<Mailer>,
    numbering: Desk,
    notes: Mutex<Notes>,
    operation: OnceLock<&'static str>,
}

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or malformed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The HTTP client cannot be built.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// An HTTP client that cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be built")]
pub struct ClientError(#[source] pub(crate) Box<dyn std::error::Error + Send + Sync>);

impl App {
    /// The app of a Lambda function.
    ///
    /// # Errors
    /// [`StartError`] when its environment is not as it must be.
    pub fn from_env() -> Result<Self, StartError> {
        Ok(Self::new(Parts {
            config: Config::from_env()?,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy::default()),
            log: Arc::new(StandardOutput),
            aws: connector::aws_client()?,
            web: WebClient::Lazy,
            sleep: SharedAsyncSleep::new(TokioSleep::new()),
            time_source: SharedTimeSource::default(),
            credentials: credentials()?,
            endpoint: endpoint_override(),
            hashing: Cost::DEPLOYED,
        }))
    }

    /// The app of these parts.
    pub fn new(parts: Parts) -> Self {
        let store = Store::new(
            dynamodb(&parts),
            parts.config.table.clone(),
            parts.sleep.clone(),
            Arc::clone(&parts.entropy),
        );
        Self {
            store,
            verifying_keys: VerifyingKeys::default(),
            hasher: Hasher::new(parts.hashing),
            catalogue: CatalogueCache::default(),
            secrets: OnceLock::new(),
            web: OnceLock::new(),
            provider: OnceLock::new(),
            register: OnceLock::new(),
            mailer: OnceLock::new(),
            numbering: Desk::default(),
            notes: Mutex::default(),
            operation: OnceLock::new(),
            parts,
        }
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// A new id of this moment.
    ///
    /// # Errors
    /// [`NoEntropy`] when there are no random bytes.
    pub fn new_id<T: Id>(&self) -> Result<T, NoEntropy> {
        new_id(self.now(), &*self.parts.entropy)
    }

    /// Random bytes.
    ///
    /// # Errors
    /// [`NoEntropy`] when there are none.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], NoEntropy> {
        let mut bytes = [0; N];
        self.parts.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Settings.
    pub fn config(&self) -> &Config {
        &self.parts.config
    }

    /// Where log lines go.
    pub fn log(&self) -> &dyn Log {
        &*self.parts.log
    }

    /// Counts something for the metrics of this invocation.
    pub fn count(&self, metric: &'static str) {
        if let Ok(mut notes) = self.notes.lock() {
            let count = notes.counts.entry(metric).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// What this app serves, as its alarms say.
    pub(crate) fn serves(&self, operation: &'static str) {
        let _ = self.operation.set(operation);
    }

    /// Raises an alarm, at once. It comes before the commit of what it tells, so
    /// that a function killed between the two tells it once too often rather
    /// than never.
    pub fn alarm(&self, metric: &'static str) {
        let operation = self.operation.get().copied().unwrap_or("unknown");
        crate::telemetry::alarm(self.log(), operation, metric, self.now());
    }

    /// Tells in the log line of this invocation what went wrong with what, and
    /// fails nothing: a timer or another try makes it good.
    pub fn note(&self, with: impl Display, error: &(dyn std::error::Error + 'static)) {
        if let Ok(mut notes) = self.notes.lock() {
            notes.causes.push(format!("{with}: {}", chain(error)));
        }
    }

    /// What was noted since the last invocation ended.
    pub(crate) fn take_notes(&self) -> Notes {
        self.notes
            .lock()
            .map(|mut notes| std::mem::take(&mut *notes))
            .unwrap_or_default()
    }

    /// The table.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where invoices get their numbers.
    pub fn numbering(&self) -> &Desk {
        &self.numbering
    }

    /// The catalogue in memory.
    pub fn catalogue(&self) -> &CatalogueCache {
        &self.catalogue
    }

    /// The public keys access tokens are verified with.
    pub fn verifying_keys(&self) -> &VerifyingKeys {
        &self.verifying_keys
    }

    /// Hashes passwords.
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// Who an access token speaks for.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`](crate::http::problem::Code::Unauthenticated) for
    /// any token that is not good now;
    /// [`Failure::Unavailable`] when the public keys cannot be read.
    pub async fn verify_access_token(&self, token: &str) -> Result<Claims, Failure> {
        self.verifying_keys.verify(self, token).await
    }

    /// The current text of a secret.
    ///
    /// # Errors
    /// [`SecretError`] when it cannot be read.
    pub async fn secret(&self, secret: Secret) -> Result<SecretText, SecretError> {
        self.secrets().current(secret, self.now()).await
    }

    /// Secrets Manager.
    pub fn secrets(&self) -> &Secrets {
        self.secrets.get_or_init(|| {
            let mut config = aws_sdk_secretsmanager::Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(Region::new(self.parts.config.region.clone()))
                .credentials_provider(self.parts.credentials.clone())
                .http_client(self.parts.aws.clone())
                .sleep_impl(self.parts.sleep.clone())
                .time_source(self.parts.time_source.clone())
                .retry_config(retries())
                .timeout_config(timeouts(1_000, 3_000));
            config.set_endpoint_url(self.parts.endpoint.clone());
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place that makes this client"
            )]
            let client = aws_sdk_secretsmanager::Client::from_conf(config.build());
            Secrets::new(client, self.parts.config.secret_prefix.clone())
        })
    }

    /// The payment provider.
    ///
    /// # Errors
    /// [`StartError`] when its HTTP client cannot be built.
    pub fn provider(&self) -> Result<&Provider, StartError> {
        if let Some(provider) = self.provider.get() {
            return Ok(provider);
        }
        let provider = Provider::new(
            self.web()?,
            self.parts.sleep.clone(),
            self.parts.config.provider_url.clone(),
        );
        Ok(self.provider.get_or_init(|| provider))
    }

    /// The register of VAT numbers.
    ///
    /// # Errors
    /// [`StartError`] when its HTTP client cannot be built.
    pub fn register(&self) -> Result<&Register, StartError> {
        if let Some(register) = self.register.get() {
            return Ok(register);
        }
        let register = Register::new(
            self.web()?,
            self.parts.sleep.clone(),
            self.parts.config.register_url.clone(),
        );
        Ok(self.register.get_or_init(|| register))
    }

    fn web(&self) -> Result<SharedHttpConnector, StartError> {
        if let Some(connector) = self.web.get() {
            return Ok(connector.clone());
        }
        let connector = match &self.parts.web {
            WebClient::Lazy => connector::web_connector(self.parts.sleep.clone())?,
            WebClient::Given(connector) => connector.clone(),
        };
        Ok(self.web.get_or_init(|| connector).clone())
    }

    /// The mail service.
    pub fn mailer(&self) -> &Mailer {
        self.mailer.get_or_init(|| {
            let mut config = aws_sdk_sesv2::Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(Region::new(self.parts.config.region.clone()))
                .credentials_provider(self.parts.credentials.clone())
                .http_client(self.parts.aws.clone())
                .sleep_impl(self.parts.sleep.clone())
                .time_source(self.parts.time_source.clone())
                .retry_config(retries())
                .timeout_config(timeouts(3_000, 10_000));
            config.set_endpoint_url(self.parts.endpoint.clone());
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place that makes this client"
            )]
            let client = aws_sdk_sesv2::Client::from_conf(config.build());
            Mailer::new(client, self.parts.config.mail_from.clone())
        })
    }
}

fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
}

fn timeouts(attempt_ms: u64, operation_ms: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_millis(attempt_ms))
        .operation_timeout(Duration::from_millis(operation_ms))
        .build()
}

fn dynamodb(parts: &Parts) -> aws_sdk_dynamodb::Client {
    let mut config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(parts.config.region.clone()))
        .credentials_provider(parts.credentials.clone())
        .http_client(parts.aws.clone())
        .sleep_impl(parts.sleep.clone())
        .time_source(parts.time_source.clone())
        .retry_config(retries())
        .timeout_config(timeouts(1_500, 5_000));
    config.set_endpoint_url(parts.endpoint.clone());
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that makes this client"
    )]
    aws_sdk_dynamodb::Client::from_conf(config.build())
}
