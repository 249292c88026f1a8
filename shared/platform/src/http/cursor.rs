//! Cursors: where a list goes on, signed so that only this API makes them,
//! and bound to the query and the caller they were made for.

use super::problem::{Code, Failure};
use super::request::Request;
use crate::app::App;
use crate::identity::derive;
use crate::secrets::{Secret, SecretText};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

/// How long a cursor is good for.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// How long after a rotation one made with the secret before may come: its life,
/// and the time for which a function may not have heard of the rotation.
const OVERLAP: SignedDuration = SignedDuration::from_mins(65);

/// What a cursor is bound to: the operation, its query and who calls.
#[derive(Debug)]
pub struct Binding {
    text: String,
    now: Timestamp,
}

impl Binding {
    /// The binding of this request.
    pub fn of<C>(operation: &str, caller: &str, request: &Request<C>) -> Self {
        Self {
            text: format!("{operation}\n{caller}\n{}", request.query),
            now: request.now,
        }
    }

    /// The cursor that goes on after `position`.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the key cannot be read.
    pub async fn seal(&self, app: &App, position: &str) -> Result<String, Failure> {
        let ends = self.now.as_second().saturating_add(LIFE.as_secs());
        let plain = format!("{ends}\n{position}");
        let secret = app.secret(Secret::TokenKeys).await?;
        let mut bytes = derive::mac(&key(&secret), &self.parts(&plain)).to_vec();
        bytes.extend_from_slice(plain.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The position a cursor goes on after.
    ///
    /// # Errors
    /// [`Code::InvalidCursor`] for one not made for this query and caller,
    /// [`Code::CursorExpired`] when its hour is over.
    pub async fn open(&self, app: &App, cursor: &str) -> Result<String, Failure> {
        let bytes = URL_SAFE_NO_PAD
            .decode(cursor)
            .map_err(|_| Code::InvalidCursor)?;
        let (mac, plain) = bytes.split_at_checked(32).ok_or(Code::InvalidCursor)?;
        let plain = std::str::from_utf8(plain).map_err(|_| Code::InvalidCursor)?;
        if !self.is_ours(app, plain, mac).await? {
            return Err(Code::InvalidCursor.into());
        }
        let (ends, position) = plain.split_once('\n').ok_or(Code::InvalidCursor)?;
        let ends: i64 = ends.parse().map_err(|_| Code::InvalidCursor)?;
        if ends <= self.now.as_second() {
            return Err(Code::CursorExpired.into());
        }
        Ok(position.to_owned())
    }

    /// True when it was signed with the current secret or, while cursors from
    /// before its rotation are good, with the one before.
    async fn is_ours(&self, app: &App, plain: &str, mac: &[u8]) -> Result<bool, Failure> {
        let (secret, parts) = (Secret::TokenKeys, self.parts(plain));
        let fits = |secret: &SecretText| derive::is_mac(&key(secret), &parts, mac);
        Ok(fits(&app.secret(secret).await?)
            || app
                .secrets()
                .latest(secret, OVERLAP, self.now)
                .await?
                .iter()
                .any(fits))
    }

    fn parts<'a>(&'a self, plain: &'a str) -> [&'a [u8]; 2] {
        [self.text.as_bytes(), plain.as_bytes()]
    }
}

fn key(secret: &SecretText) -> [u8; 32] {
    derive::key(secret.expose(), "cursor")
}
