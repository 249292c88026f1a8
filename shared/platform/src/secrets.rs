//! Secrets Manager, with a cache on our own clock.

use aws_sdk_secretsmanager::Client;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How long a secret is kept before it is read again.
const KEEP: SignedDuration = SignedDuration::from_secs(300);

/// The secrets there are. The name in Secrets Manager is
/// `<prefix>/<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Secret {
    /// Text the Ed25519 signing key is derived from.
    SigningKey,
    /// Text the keys of refresh tokens, mailed tokens and cursors are derived from.
    TokenKeys,
    /// Secret input of every password hash.
    Pepper,
    /// Text the key that wraps the accounts' data keys is derived from.
    DataKey,
    /// Key of the payment provider's API.
    ProviderApiKey,
    /// Signing secret of the payment provider's webhooks.
    WebhookSecret,
}

impl Secret {
    /// Every secret.
    pub const ALL: [Self; 6] = [
        Self::SigningKey,
        Self::TokenKeys,
        Self::Pepper,
        Self::DataKey,
        Self::ProviderApiKey,
        Self::WebhookSecret,
    ];

    /// Its name after the prefix.
    pub fn name(self) -> &'static str {
        match self {
            Self::SigningKey => "signing-key",
            Self::TokenKeys => "token-keys",
            Self::Pepper => "pepper",
            Self::DataKey => "data-key",
            Self::ProviderApiKey => "stripe-api-key",
            Self::WebhookSecret => "stripe-webhook-secret",
        }
    }
}

/// The text of a secret. It has no `Debug` that shows it.
#[derive(Clone)]
pub struct SecretText(Arc<str>);

impl SecretText {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// A secret that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("the secret {name} cannot be read")]
pub struct SecretError {
    name: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Which version of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    Current,
    Previous,
}

type Cached = HashMap<(Secret, Stage), (Timestamp, SecretText)>;

/// The secrets of this function, read when first needed.
#[derive(Debug)]
pub struct Secrets {
    client: Client,
    prefix: String,
    cache: Mutex<Cached>,
}

impl Secrets {
    /// Secrets under this prefix.
    pub fn new(client: Client, prefix: String) -> Self {
        Self {
            client,
            prefix,
            cache: Mutex::new(HashMap::new()),
        }
    }

    /// The current text of a secret.
    ///
    /// # Errors
    /// [`SecretError`] when it cannot be read and no older copy is at hand.
    pub async fn current(&self, secret: Secret, now: Timestamp) -> Result<SecretText, SecretError> {
        self.read(secret, Stage::Current, now).await
    }

    /// The text before the last rotation, if there is one.
    pub async fn previous(&self, secret: Secret, now: Timestamp) -> Option<SecretText> {
        self.read(secret, Stage::Previous, now).await.ok()
    }

    async fn read(
        &self,
        secret: Secret,
        stage: Stage,
        now: Timestamp,
    ) -> Result<SecretText, SecretError> {
        // The lock is held while reading, so that one reader asks for all.
        let mut cache = self.cache.lock().await;
        let cached = cache.get(&(secret, stage)).cloned();
        if let Some((read_at, text)) = &cached
            && now.duration_since(*read_at) < KEEP
        {
            return Ok(text.clone());
        }
        match (self.fetch(secret, stage).await, cached) {
            (Ok(text), _) => {
                cache.insert((secret, stage), (now, text.clone()));
                Ok(text)
            }
            // An old copy serves while Secrets Manager does not answer.
            (Err(_), Some((_, text))) if stage == Stage::Current => Ok(text),
            (Err(error), _) => Err(error),
        }
    }

    async fn fetch(&self, secret: Secret, stage: Stage) -> Result<SecretText, SecretError> {
        let failed = |source| SecretError {
            name: secret.name(),
            source,
        };
        let got = self
            .client
            .get_secret_value()
            .secret_id(format!("{}/{}", self.prefix, secret.name()))
            .version_stage(match stage {
                Stage::Current => "AWSCURRENT",
                Stage::Previous => "AWSPREVIOUS",
            })
            .send()
            .await
            .map_err(|error| failed(Box::new(error)))?;
        let text = got
            .secret_string
            .ok_or_else(|| failed("it holds no text".into()))?;
        // A line end pasted along with a key is no part of it.
        Ok(SecretText(text.trim().into()))
    }
}
