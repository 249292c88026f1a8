//! Secrets Manager: the values, current and previous.

use crate::lock::lock;
use jiff::Timestamp;
use platform::clock::{Entropy, NoEntropy};
use platform::secrets::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

/// First part of every secret's name.
pub(crate) const PREFIX: &str = "cyna";

/// The versions of one secret.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Versions {
    current: String,
    /// When the current one came into force, in seconds since 1970.
    #[serde(default)]
    since: i64,
    previous: Option<String>,
}

impl fmt::Debug for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Versions(…)")
    }
}

/// Every secret, by name.
pub(crate) struct Vault(Mutex<BTreeMap<String, Versions>>);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// New secrets, each of 64 hexadecimal digits; the provider's in the form
    /// it gives them.
    ///
    /// # Errors
    /// [`NoEntropy`] when there are no random bytes.
    pub(crate) fn generate(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let mut secrets = BTreeMap::new();
        for secret in Secret::ALL {
            let mut bytes = [0_u8; 32];
            entropy.fill(&mut bytes)?;
            let random = hex::encode(bytes);
            let current = match secret {
                Secret::ProviderApiKey => format!("sk_test_{random}"),
                Secret::WebhookSecret => format!("whsec_{random}"),
                Secret::SigningKey | Secret::TokenKeys | Secret::Pepper | Secret::DataKey => random,
            };
            secrets.insert(
                format!("{PREFIX}/{}", secret.name()),
                Versions {
                    current,
                    since: 0,
                    previous: None,
                },
            );
        }
        Ok(Self(Mutex::new(secrets)))
    }

    /// The current text of a secret.
    pub(crate) fn current(&self, secret: Secret) -> String {
        let name = format!("{PREFIX}/{}", secret.name());
        lock(&self.0)
            .get(&name)
            .map(|versions| versions.current.clone())
            .unwrap_or_default()
    }

    /// Puts a new text in force; the one before stays readable as previous.
    pub(crate) fn rotate(&self, secret: Secret, text: String, now: Timestamp) {
        if let Some(versions) = lock(&self.0).get_mut(&format!("{PREFIX}/{}", secret.name())) {
            versions.since = now.as_second();
            versions.previous = Some(std::mem::replace(&mut versions.current, text));
        }
    }

    /// Every secret, to be kept in a file.
    pub(crate) fn dump(&self) -> BTreeMap<String, Versions> {
        lock(&self.0).clone()
    }

    /// Secrets that were kept.
    pub(crate) fn of(secrets: BTreeMap<String, Versions>) -> Self {
        Self(Mutex::new(secrets))
    }

    /// Puts secrets that were kept in the place of all.
    pub(crate) fn restore(&self, secrets: BTreeMap<String, Versions>) {
        *lock(&self.0) = secrets;
    }

    /// Answers `GetSecretValue`: status and body.
    pub(crate) fn answer(&self, request: &Value) -> (u16, Value) {
        let name = request
            .get("SecretId")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let stage = request
            .get("VersionStage")
            .and_then(Value::as_str)
            .unwrap_or("AWSCURRENT");
        let versions = lock(&self.0).get(name).cloned();
        let found = match (stage, versions) {
            ("AWSCURRENT", Some(versions)) => Some((versions.current, versions.since)),
            ("AWSPREVIOUS", Some(versions)) => versions.previous.map(|text| (text, 0)),
            (_, Some(_) | None) => None,
        };
        match found {
            Some((text, since)) => (
                200,
                json!({
                    "ARN": format!("arn:aws:secretsmanager:local:000000000000:secret:{name}"),
                    "Name": name,
                    "CreatedDate": since,
                    "SecretString": text,
                    "VersionStages": [stage],
                }),
            ),
            None => (
                400,
                json!({
                    "__type": "ResourceNotFoundException",
                    "Message": "Secrets Manager can't find the specified secret value for staging label",
                }),
            ),
        }
    }
}
