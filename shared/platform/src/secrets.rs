//! Secrets Manager, with a cache on our own clock.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How long a secret is kept before it is read again.
const KEEP: SignedDuration = SignedDuration::from_secs(300);

/// How often a signature that does not fit makes us read a secret again.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(30);

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

#[cfg(test)]
impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(text.into())
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

/// A version of a secret.
#[derive(Debug, Clone)]
struct Version {
    text: SecretText,
    /// When it came into force.
    since: Option<Timestamp>,
}

/// What Secrets Manager said, and when; none where there is no such version.
type Cached = HashMap<(Secret, Stage), (Timestamp, Option<Version>)>;

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
        let current = self.read(secret, Stage::Current, KEEP, now).await?;
        current
            .map(|version| version.text)
            .ok_or_else(|| absent(secret))
    }

    /// The text before the last rotation, if there is one.
    pub async fn previous(&self, secret: Secret, now: Timestamp) -> Option<SecretText> {
        let previous = self.read(secret, Stage::Previous, KEEP, now).await;
        previous.ok().flatten().map(|version| version.text)
    }

    /// The texts something may be signed with: the current one and, until
    /// `overlap` after that came into force, the one before. For signatures
    /// that do not fit what is in memory, which may be older than a rotation;
    /// a flood of forgeries must not become a flood of reads.
    ///
    /// # Errors
    /// [`SecretError`] when the current one cannot be read.
    pub async fn latest(
        &self,
        secret: Secret,
        overlap: SignedDuration,
        now: Timestamp,
    ) -> Result<Vec<SecretText>, SecretError> {
        let current = self.read(secret, Stage::Current, ASK_AGAIN, now).await?;
        let overlaps = |version: &Version| {
            version
                .since
                .is_some_and(|since| now.duration_since(since) < overlap)
        };
        let previous = if current.as_ref().is_some_and(overlaps) {
            self.read(secret, Stage::Previous, ASK_AGAIN, now).await?
        } else {
            None
        };
        let versions = current.into_iter().chain(previous);
        Ok(versions.map(|version| version.text).collect())
    }

    async fn read(
        &self,
        secret: Secret,
        stage: Stage,
        keep: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<Version>, SecretError> {
        // The lock is held while reading, so that one reader asks for all.
        let mut cache = self.cache.lock().await;
        let cached = cache.get(&(secret, stage)).cloned();
        if let Some((read_at, version)) = &cached
            && now.duration_since(*read_at) < keep
        {
            return Ok(version.clone());
        }
        match (self.fetch(secret, stage).await, cached) {
            (Ok(version), _) => {
                cache.insert((secret, stage), (now, version.clone()));
                Ok(version)
            }
            // An old copy serves while Secrets Manager does not answer.
            (Err(_), Some((_, version))) if stage == Stage::Current => Ok(version),
            (Err(error), _) => Err(error),
        }
    }

    async fn fetch(&self, secret: Secret, stage: Stage) -> Result<Option<Version>, SecretError> {
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
            .await;
        let got = match got {
            Ok(got) => got,
            // Nothing is previous before the first rotation.
            Err(error) if stage == Stage::Previous && is_absent(&error) => return Ok(None),
            Err(error) => return Err(failed(Box::new(error))),
        };
        let text = got
            .secret_string
            .ok_or_else(|| failed("it holds no text".into()))?;
        // A line end pasted along with a key is no part of it.
        let text = SecretText(text.trim().into());
        let since = got.created_date;
        let since = since.and_then(|at| Timestamp::from_second(at.secs()).ok());
        Ok(Some(Version { text, since }))
    }
}

fn is_absent(error: &SdkError<GetSecretValueError>) -> bool {
    error
        .as_service_error()
        .is_some_and(GetSecretValueError::is_resource_not_found_exception)
}

fn absent(secret: Secret) -> SecretError {
    SecretError {
        name: secret.name(),
        source: "there is no such secret".into(),
    }
}
