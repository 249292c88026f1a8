//! Logins, users, sessions, one-time tokens, public signing keys, accounts and
//! their members.

pub use super::sessions::{ClientKind, Rotation, Session, SessionEnd};

use super::item::{Entity, Stored};
use super::keys::{self, Key};
use super::{Store, StoreError};
use crate::identity::signing::PublicKey;
use domain::account::{Account, AccountRole, Login, User};
use domain::email::EmailAddress;
use domain::id::{AccountId, ActId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

impl Entity for Login {
    const TYPE: &'static str = "login";

    fn key(&self) -> Key {
        keys::login(&self.email)
    }
}

impl Entity for User {
    const TYPE: &'static str = "user";

    fn key(&self) -> Key {
        keys::user(self.id)
    }
}

impl Entity for Account {
    const TYPE: &'static str = "account";

    fn key(&self) -> Key {
        keys::account(self.id)
    }
}

/// A user's place in an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// The user.
    pub user: UserId,
    /// What it may do there.
    pub role: AccountRole,
    /// Since when.
    pub since: Timestamp,
}

impl Entity for Member {
    const TYPE: &'static str = "member";

    fn key(&self) -> Key {
        keys::member(self.account, self.user)
    }
}

/// What a mailed token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPurpose {
    /// To confirm the user's e-mail address.
    VerifyEmail,
}

/// A token that was mailed, under the hash of its text. It names nobody but
/// by id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OneTimeToken {
    /// SHA-256 of the token's text, in hexadecimal.
    pub hash: String,
    /// What it allows.
    pub purpose: TokenPurpose,
    /// To whom.
    pub user: UserId,
    /// Until when.
    pub ends_at: Timestamp,
    /// When it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
}

impl OneTimeToken {
    /// True when it can still be used, for this purpose.
    pub fn is_good(&self, purpose: TokenPurpose, now: Timestamp) -> bool {
        self.purpose == purpose && self.used_at.is_none() && now < self.ends_at
    }
}

impl Entity for OneTimeToken {
    const TYPE: &'static str = "token";

    fn key(&self) -> Key {
        keys::token(&self.hash)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.ends_at)
    }
}

/// The public keys access tokens are verified with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PublicKeys {
    /// The keys, oldest first.
    pub keys: Vec<PublicKey>,
}

impl Entity for PublicKeys {
    const TYPE: &'static str = "keys";

    fn key(&self) -> Key {
        keys::signing_keys()
    }
}

/// An item that only makes two answers cost alike. It holds nothing but its
/// size.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decoy {
    /// A random id.
    pub id: ActId,
    /// Which of several decoys of one answer.
    pub part: String,
    /// As long as what it stands for.
    pub filler: String,
    /// When it can go.
    pub ends_at: Timestamp,
}

/// How long a decoy lies in the table.
const DECOY_LIFE: SignedDuration = SignedDuration::from_hours(24);

impl Decoy {
    /// A decoy of the size of `of`.
    ///
    /// # Errors
    /// [`StoreError::Encode`] when `of` itself could not be written.
    pub fn standing_for<T: Entity>(of: &T, id: ActId, now: Timestamp) -> Result<Self, StoreError> {
        let size = serde_json::to_string(of)
            .map_err(|source| StoreError::Encode {
                entity: T::TYPE,
                source: Box::new(source),
            })?
            .len();
        Ok(Self {
            id,
            part: T::TYPE.to_owned(),
            filler: "-".repeat(size),
            ends_at: now.checked_add(DECOY_LIFE).unwrap_or(now),
        })
    }
}

impl Entity for Decoy {
    const TYPE: &'static str = "decoy";

    fn key(&self) -> Key {
        keys::decoy(self.id, &self.part)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.ends_at)
    }
}

impl Store {
    /// AP-50: the credentials behind an e-mail address.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub async fn login(&self, email: &EmailAddress) -> Result<Option<Stored<Login>>, StoreError> {
        self.get(&keys::login(email)).await
    }

    /// AP-51: a user.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn user(&self, user: UserId) -> Result<Option<Stored<User>>, StoreError> {
        self.get(&keys::user(user)).await
    }

    /// AP-52: a mailed token, by the SHA-256 of its text.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn one_time_token(
        &self,
        hash: &str,
    ) -> Result<Option<Stored<OneTimeToken>>, StoreError> {
        self.get(&keys::token(hash)).await
    }

    /// AP-53: the public signing keys.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub async fn public_keys(&self) -> Result<Option<Stored<PublicKeys>>, StoreError> {
        self.get(&keys::signing_keys()).await
    }
}
