//! Cursors: where a list goes on, signed so that only this API makes them,
//! and bound to the query and the caller they were made for.

use super::problem::{Code, Failure};
use super::request::Request;
use crate::app::App;
use crate::secrets::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

/// How long a cursor is good for, in seconds.
const LIFE: i64 = 3600;

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
        let ends = self.now.as_second().saturating_add(LIFE);
        let plain = format!("{ends}\n{position}");
        let mac = self.mac(app, &plain).await?.finalize().into_bytes();
        let mut bytes = mac.to_vec();
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
        self.mac(app, plain)
            .await?
            .verify_slice(mac)
            .map_err(|_| Code::InvalidCursor)?;
        let (ends, position) = plain.split_once('\n').ok_or(Code::InvalidCursor)?;
        let ends: i64 = ends.parse().map_err(|_| Code::InvalidCursor)?;
        if ends <= self.now.as_second() {
            return Err(Code::CursorExpired.into());
        }
        Ok(position.to_owned())
    }

    async fn mac(&self, app: &App, plain: &str) -> Result<Hmac<Sha256>, Failure> {
        let key = app.secret(Secret::TokenKeys).await?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes())
            .map_err(|error| Failure::fault(&error))?;
        for part in ["cursor", &self.text, plain] {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Ok(mac)
    }
}
