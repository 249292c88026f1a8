//! Access tokens: who calls, proved by a signature and without a round trip.

use super::jwt;
use super::signing::PublicKey;
use crate::app::App;
use crate::http::problem::{Code, Failure, chain};
use crate::store::StoreError;
use crate::store::identity::PublicKeys;
use domain::account::StaffRole;
use domain::id::{AccountId, SessionId, UserId};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Life of an access token, in seconds.
pub const LIFE_SECONDS: i64 = 15 * 60;

/// The `typ` of an access token (RFC 9068).
pub(super) const TOKEN_TYPE: &str = "at+jwt";

/// The `aud` of an access token.
pub(super) const AUDIENCE: &str = "cyna-api";

/// No token of ours is longer; what is longer is not even looked at.
const LONGEST: usize = 4096;

/// How far the clocks of two machines may differ, in seconds.
const CLOCK_SKEW: i64 = 5;

/// How long the public keys are kept before they are read again.
const KEEP: SignedDuration = SignedDuration::from_secs(300);

/// How often a key nobody knows makes us read them.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who calls.
    pub user: UserId,
    /// The account it acts for.
    pub account: AccountId,
    /// The session it logged in with.
    pub session: SessionId,
    /// Its staff role.
    pub role: StaffRole,
    /// When it gave its password.
    pub auth_time: Timestamp,
    /// When the token was made.
    pub issued_at: Timestamp,
    /// When the token is over.
    pub expires_at: Timestamp,
}

/// The claims on the wire. Types are part of the check: `aud` and `iss` are
/// one text each and times are integers, where the crate would take arrays
/// and fractions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Wire {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    auth_time: i64,
    amr: Vec<String>,
    account: AccountId,
    role: StaffRole,
}

impl Wire {
    pub(super) fn new(issuer: &str, audience: &str, claims: &Claims) -> Self {
        let issued_at = claims.issued_at.as_second();
        Self {
            iss: issuer.to_owned(),
            aud: audience.to_owned(),
            sub: claims.user,
            sid: claims.session,
            // One token per session and second: that names it.
            jti: format!("{}-{issued_at}", claims.session),
            iat: issued_at,
            nbf: issued_at,
            exp: claims.expires_at.as_second(),
            auth_time: claims.auth_time.as_second(),
            amr: vec!["pwd".to_owned()],
            account: claims.account,
            role: claims.role,
        }
    }

    /// The claims, if they hold now. The crate's own checks of time are off,
    /// since it reads the machine's clock: these are the only ones.
    fn at(self, now: Timestamp) -> Option<Claims> {
        let now = now.as_second();
        let latest = now.saturating_add(CLOCK_SKEW);
        let holds = self.exp > now
            && self.nbf <= latest
            && self.iat <= latest
            && self.exp.saturating_sub(self.iat) <= LIFE_SECONDS;
        if !holds {
            return None;
        }
        Some(Claims {
            user: self.sub,
            account: self.account,
            session: self.sid,
            role: self.role,
            auth_time: Timestamp::from_second(self.auth_time).ok()?,
            issued_at: Timestamp::from_second(self.iat).ok()?,
            expires_at: Timestamp::from_second(self.exp).ok()?,
        })
    }
}

/// Checks a token's signature and claims under a key.
fn check(token: &str, key: &DecodingKey, issuer: &str, now: Timestamp) -> Option<Claims> {
    jwt::install();
    let mut validation = Validation::new(Algorithm::EdDSA);
    // Without this list, absent `aud` and `iss` pass.
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[AUDIENCE]);
    validation.leeway = 0;
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let data = jsonwebtoken::decode::<Wire>(token, key, &validation).ok()?;
    data.claims.at(now)
}

/// The name of the key a token says it is signed with, if its header is one
/// of ours. Judged before any key is looked for.
fn key_name(token: &str) -> Option<String> {
    if token.len() > LONGEST {
        return None;
    }
    let header: Header = jsonwebtoken::decode_header(token).ok()?;
    let brings_a_key = header.jku.is_some()
        || header.jwk.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some();
    let plain = !brings_a_key && header.crit.is_none();
    let ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TOKEN_TYPE);
    if plain && ours { header.kid } else { None }
}

/// The public keys of this environment.
#[derive(Debug, Default)]
pub struct VerifyingKeys {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    keys: HashMap<String, DecodingKey>,
    /// When they were read.
    read_at: Option<Timestamp>,
    /// When an unknown name last made us read them.
    asked_at: Option<Timestamp>,
}

impl Known {
    fn is_stale(&self, now: Timestamp) -> bool {
        self.read_at.is_none_or(|at| now.duration_since(at) >= KEEP)
    }

    /// A flood of invented names must not become a flood of reads. Without
    /// any key there is nothing to protect.
    fn may_ask(&self, now: Timestamp) -> bool {
        self.keys.is_empty()
            || self
                .asked_at
                .is_none_or(|at| now.duration_since(at) >= ASK_AGAIN)
    }
}

impl VerifyingKeys {
    /// Who a token speaks for.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`] for any token that is not good now;
    /// [`Failure::Unavailable`] when the public keys cannot be read.
    pub async fn verify(&self, app: &App, token: &str) -> Result<Claims, Failure> {
        let name = key_name(token).ok_or(Code::Unauthenticated)?;
        let key = self.key(app, &name).await?.ok_or(Code::Unauthenticated)?;
        let claims = check(token, &key, &app.config().issuer, app.now());
        claims.ok_or_else(|| Code::Unauthenticated.into())
    }

    /// Reads the public keys.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read; those known stay known.
    pub async fn refresh(&self, app: &App) -> Result<(), StoreError> {
        let published = app
            .store()
            .public_keys()
            .await?
            .map(|stored| stored.value)
            .unwrap_or_default();
        self.learn(&published, app.now());
        Ok(())
    }

    /// True when tokens signed with this key can be verified here.
    pub(super) fn knows(&self, kid: &str) -> bool {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .keys
            .contains_key(kid)
    }

    /// Takes these keys for the published ones.
    pub(super) fn learn(&self, published: &PublicKeys, now: Timestamp) {
        let keys = published
            .keys
            .iter()
            .map(|key| (key.kid(), decoding_key(key)))
            .collect();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.keys = keys;
        known.read_at = Some(now);
    }

    async fn key(&self, app: &App, name: &str) -> Result<Option<DecodingKey>, Failure> {
        let now = app.now();
        let (found, stale, may_ask) = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            (
                known.keys.get(name).cloned(),
                known.is_stale(now),
                known.may_ask(now),
            )
        };
        match found {
            Some(key) if !stale => return Ok(Some(key)),
            None if !stale && !may_ask => return Ok(None),
            Some(_) | None => {}
        }
        if found.is_none() {
            self.known
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .asked_at = Some(now);
        }
        match (self.refresh(app).await, found) {
            (Ok(()), _) => Ok(self
                .known
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .keys
                .get(name)
                .cloned()),
            // A key that was good five minutes ago serves while the table
            // does not answer.
            (Err(_), Some(key)) => Ok(Some(key)),
            (Err(error), None) => Err(Failure::Unavailable {
                retry_after: 1,
                cause: chain(&error),
            }),
        }
    }
}

fn decoding_key(key: &PublicKey) -> DecodingKey {
    DecodingKey::from_ed_der(key.bytes())
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
