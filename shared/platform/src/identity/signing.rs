//! Signing access tokens, and the public half of the keys.

use super::access::{AUDIENCE, Claims, TOKEN_TYPE, Wire};
use super::{derive, jwt};
use crate::app::App;
use crate::http::problem::{Failure, chain};
use crate::secrets::Secret;
use crate::store::identity::PublicKeys;
use crate::store::{CommitError, StoreError, Transaction};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::ActId;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Tries of adding a key while others add theirs.
const PUBLISH_TRIES: u32 = 4;

/// A public key access tokens are verified with (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredKey", into = "StoredKey")]
pub struct PublicKey {
    bytes: [u8; 32],
    published_at: Timestamp,
}

/// A public key as it rests in the table.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    x: String,
    published_at: Timestamp,
}

/// The text is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an Ed25519 public key in base64url")]
pub struct MalformedKey;

impl TryFrom<StoredKey> for PublicKey {
    type Error = MalformedKey;

    fn try_from(stored: StoredKey) -> Result<Self, MalformedKey> {
        let bytes = URL_SAFE_NO_PAD.decode(stored.x).map_err(|_| MalformedKey)?;
        Ok(Self {
            bytes: bytes.try_into().map_err(|_| MalformedKey)?,
            published_at: stored.published_at,
        })
    }
}

impl From<PublicKey> for StoredKey {
    fn from(key: PublicKey) -> Self {
        Self {
            x: key.x(),
            published_at: key.published_at,
        }
    }
}

impl PublicKey {
    /// The 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The bytes as a JWK spells them.
    pub fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes)
    }

    /// Its name: the thumbprint of RFC 7638, so that a name can stand for no
    /// other key.
    pub fn kid(&self) -> String {
        // The members that thumbprint takes, sorted, without blanks.
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.x());
        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
    }
}

/// Why a token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The seed makes no key.
    #[error("no signing key can be made of the secret")]
    Key,
    /// The token could not be written.
    #[error("the access token cannot be written")]
    Token(#[from] jsonwebtoken::errors::Error),
}

impl From<SigningError> for Failure {
    fn from(error: SigningError) -> Self {
        Self::fault(&error)
    }
}

/// Signs access tokens.
pub struct Signer {
    key: EncodingKey,
    public: [u8; 32],
}

impl Signer {
    /// The signer whose key comes from the text of [`Secret::SigningKey`].
    ///
    /// # Errors
    /// [`SigningError::Key`] if no key can be made of it.
    pub fn from_secret(text: &str) -> Result<Self, SigningError> {
        let seed = derive::key(text, "access token");
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| SigningError::Key)?;
        let public = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| SigningError::Key)?;
        // Our backend takes the seed itself as the key.
        Ok(Self {
            key: EncodingKey::from_ed_der(&seed),
            public,
        })
    }

    /// The signer of this moment. Its public key is published before anything
    /// is signed with it; usually it is already.
    ///
    /// # Errors
    /// When the secret cannot be read or the public key cannot be published.
    pub async fn load(app: &App) -> Result<Self, Failure> {
        let signer = Self::from_secret(app.secret(Secret::SigningKey).await?.expose())?;
        let public = PublicKey {
            bytes: signer.public,
            published_at: app.now(),
        };
        if !app.verifying_keys().knows(&public.kid()) {
            publish(app, public).await?;
        }
        Ok(signer)
    }

    /// Its public half, as published at a moment.
    pub fn public_key(&self, published_at: Timestamp) -> PublicKey {
        PublicKey {
            bytes: self.public,
            published_at,
        }
    }

    /// An access token that says `claims`, issued by `issuer`.
    ///
    /// # Errors
    /// [`SigningError::Token`] if it cannot be written.
    pub fn sign(&self, issuer: &str, claims: &Claims) -> Result<String, SigningError> {
        jwt::install();
        let header = Header {
            typ: Some(TOKEN_TYPE.to_owned()),
            kid: Some(self.public_key(claims.issued_at).kid()),
            ..Header::new(Algorithm::EdDSA)
        };
        Ok(jsonwebtoken::encode(
            &header,
            &Wire::new(issuer, AUDIENCE, claims),
            &self.key,
        )?)
    }
}

/// Adds a key to the public ones, beside those that are there.
async fn publish(app: &App, key: PublicKey) -> Result<(), Failure> {
    for _ in 0..PUBLISH_TRIES {
        let found = app.store().public_keys().await?;
        let version = found.as_ref().map(|stored| stored.version);
        let mut published = found.map(|stored| stored.value).unwrap_or_default();
        if published.keys.iter().any(|known| known.bytes == key.bytes) {
            app.verifying_keys().learn(&published, app.now());
            return Ok(());
        }
        published.keys.push(key.clone());
        let mut act = Transaction::new(app.new_id::<ActId>()?);
        act.upsert::<PublicKeys>(version, &published, ());
        match app.store().commit(act).await {
            Ok(()) => {
                app.verifying_keys().learn(&published, app.now());
                return Ok(());
            }
            // Somebody else published at the same time: look again.
            Err(CommitError::Refused(())) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Failure::Unavailable {
        retry_after: 1,
        cause: chain(&StoreError::Busy),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_key_is_its_thumbprint() {
        // RFC 8037, appendix A.3.
        let stored = StoredKey {
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
            published_at: Timestamp::UNIX_EPOCH,
        };
        let key = PublicKey::try_from(stored).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn only_32_bytes_are_a_public_key() {
        for x in [
            "",
            "AA",
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR",
            "not base64!",
        ] {
            let stored = StoredKey {
                x: x.to_owned(),
                published_at: Timestamp::UNIX_EPOCH,
            };
            assert_eq!(PublicKey::try_from(stored), Err(MalformedKey), "{x}");
        }
    }

    #[test]
    fn the_same_secret_gives_the_same_key_and_another_gives_another() {
        let kid = |text: &str| {
            Signer::from_secret(text)
                .unwrap()
                .public_key(Timestamp::UNIX_EPOCH)
                .kid()
        };
        assert_eq!(kid("one"), kid("one"));
        assert_ne!(kid("one"), kid("two"));
    }
}
