//! Personal data at rest: AES-256-GCM under a key of the account, which itself
//! rests wrapped under the master key. Destroying one small item makes
//! everything of an account unreadable.

use crate::app::App;
use crate::clock::NoEntropy;
use crate::http::problem::Failure;
use crate::identity::derive;
use crate::secrets::{Secret, SecretError};
use crate::store::Entity;
use crate::store::keys::{self, Key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::id::AccountId;
use domain::sealed::Sealed;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;

/// First byte of everything sealed: the format.
const FORMAT: u8 = 1;

/// What the key of an account is bound to, beside the account.
const KEY_CONTEXT: &str = "data key";
/// What a sealed value is bound to, beside the account.
const VALUE_CONTEXT: &str = "sealed value";

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The master key cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// No master key of that name is honoured any more.
    #[error("the data key is wrapped under a master key that is gone")]
    UnknownMasterKey,
    /// Changed, of another account, or of another format.
    #[error("what was sealed cannot be opened")]
    Broken,
    /// The value cannot be written or read as JSON.
    #[error("the value cannot be sealed or read back")]
    Json(#[source] serde_json::Error),
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Secret(error) => error.into(),
            SealError::Entropy(_)
            | SealError::UnknownMasterKey
            | SealError::Broken
            | SealError::Json(_) => Self::fault(&error),
        }
    }
}

/// The key of an account, wrapped under the master key.
#[derive(Clone, Serialize, Deserialize)]
pub struct DataKey {
    account: AccountId,
    wrapped: String,
    master: String,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.account)
    }
}

impl Entity for DataKey {
    const TYPE: &'static str = "data_key";

    fn key(&self) -> Key {
        keys::data_key(self.account)
    }
}

impl DataKey {
    /// A new random key for an account.
    ///
    /// # Errors
    /// [`SealError`] when the master key or random bytes cannot be had.
    pub async fn generate(app: &App, account: AccountId) -> Result<Self, SealError> {
        let secret = app.secret(Secret::DataKey).await?;
        let master = master_key(secret.expose());
        let wrapped = encrypt(
            &master,
            app.random()?,
            &context(KEY_CONTEXT, account),
            &app.random::<32>()?,
        )?;
        Ok(Self {
            account,
            wrapped,
            master: derive::key_id(secret.expose()),
        })
    }

    /// The account whose key it is.
    pub fn account(&self) -> AccountId {
        self.account
    }

    async fn unwrap(&self, app: &App) -> Result<[u8; 32], SealError> {
        let current = app.secret(Secret::DataKey).await?;
        let secret = if derive::key_id(current.expose()) == self.master {
            current
        } else {
            app.secrets()
                .previous(Secret::DataKey, app.now())
                .await
                .ok_or(SealError::UnknownMasterKey)?
        };
        let plain = decrypt(
            &master_key(secret.expose()),
            &context(KEY_CONTEXT, self.account),
            &self.wrapped,
        )?;
        plain.try_into().map_err(|_| SealError::Broken)
    }
}

/// Seals a value under the key of an account.
///
/// # Errors
/// [`SealError`] when the key cannot be had or the value cannot be written.
pub async fn seal<T: Serialize>(
    app: &App,
    data_key: &DataKey,
    value: &T,
) -> Result<Sealed, SealError> {
    let key = data_key.unwrap(app).await?;
    let plain = serde_json::to_vec(value).map_err(SealError::Json)?;
    let text = encrypt(
        &key,
        app.random()?,
        &context(VALUE_CONTEXT, data_key.account),
        &plain,
    )?;
    Ok(Sealed::from_base64(text))
}

/// Opens what was sealed under the key of an account.
///
/// # Errors
/// [`SealError`] when the key cannot be had, or it was sealed under another.
pub async fn open<T: DeserializeOwned>(
    app: &App,
    data_key: &DataKey,
    sealed: &Sealed,
) -> Result<T, SealError> {
    let key = data_key.unwrap(app).await?;
    let plain = decrypt(
        &key,
        &context(VALUE_CONTEXT, data_key.account),
        sealed.as_base64(),
    )?;
    serde_json::from_slice(&plain).map_err(SealError::Json)
}

fn master_key(secret: &str) -> [u8; 32] {
    derive::key(secret, "master key of data keys")
}

fn context(what: &str, account: AccountId) -> String {
    format!("{what}\n{account}")
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&AES_256_GCM, key)
        .map(LessSafeKey::new)
        .map_err(|_| SealError::Broken)
}

/// Format, nonce, cipher text and tag, in base64. The nonce is random: a key
/// seals a few thousand values in its life, far below the 2^32 that a random
/// 96-bit nonce is good for (NIST SP 800-38D, 8.3).
fn encrypt(
    key: &[u8; 32],
    nonce: [u8; NONCE_LEN],
    context: &str,
    plain: &[u8],
) -> Result<String, SealError> {
    let mut text = plain.to_vec();
    cipher(key)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context.as_bytes()),
            &mut text,
        )
        .map_err(|_| SealError::Broken)?;
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(&nonce);
    bytes.append(&mut text);
    Ok(STANDARD_NO_PAD.encode(bytes))
}

fn decrypt(key: &[u8; 32], context: &str, text: &str) -> Result<Vec<u8>, SealError> {
    let bytes = STANDARD_NO_PAD
        .decode(text)
        .map_err(|_| SealError::Broken)?;
    let Some((&FORMAT, rest)) = bytes.split_first() else {
        return Err(SealError::Broken);
    };
    let (nonce, text) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(SealError::Broken)?;
    let mut text = text.to_vec();
    let plain = cipher(key)?
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(context.as_bytes()),
            &mut text,
        )
        .map_err(|_| SealError::Broken)?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_sealed_opens_again(plain in prop::collection::vec(any::<u8>(), 0..200), key: [u8; 32], nonce: [u8; 12]) {
            let sealed = encrypt(&key, nonce, "context", &plain).unwrap();
            prop_assert_eq!(decrypt(&key, "context", &sealed).unwrap(), plain);
        }

        #[test]
        fn no_changed_bit_opens(plain in prop::collection::vec(any::<u8>(), 0..60), bit in 0_usize..8, at: prop::sample::Index) {
            let sealed = encrypt(&[1; 32], [2; 12], "context", &plain).unwrap();
            let mut bytes = STANDARD_NO_PAD.decode(&sealed).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(decrypt(&[1; 32], "context", &STANDARD_NO_PAD.encode(&bytes)).is_err());
        }
    }

    #[test]
    fn what_was_sealed_for_another_account_or_under_another_key_stays_shut() {
        let sealed = encrypt(&[1; 32], [2; 12], "one account", b"name").unwrap();
        assert!(decrypt(&[1; 32], "another account", &sealed).is_err());
        assert!(decrypt(&[2; 32], "one account", &sealed).is_err());
        for text in ["", "AQ", "AAAA", "no base64 !"] {
            assert!(decrypt(&[1; 32], "one account", text).is_err(), "{text}");
        }
    }

    #[test]
    fn equal_values_look_different_under_different_nonces() {
        let one = encrypt(&[1; 32], [2; 12], "context", b"name").unwrap();
        let two = encrypt(&[1; 32], [3; 12], "context", b"name").unwrap();
        assert_ne!(one, two);
    }
}
