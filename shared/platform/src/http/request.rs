//! What an operation knows about the request beside its input.

use domain::id::RequestId;
use domain::locale::Locale;
use http::HeaderMap;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::fmt::Display;
use std::str::FromStr;

/// A request that was admitted.
#[derive(Debug)]
pub struct Request<C> {
    /// Who calls.
    pub caller: C,
    /// The moment it is decided at.
    pub now: Timestamp,
    /// Language of texts in the answer.
    pub locale: Locale,
    /// Its id.
    pub id: RequestId,
    /// The claim its idempotency key makes, if one was sent.
    pub claim: Option<ClaimKey>,
    /// Client address, as the gateway saw it.
    pub address: String,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
    /// The route the request was for, as `GET /v1/cart`; only `no_route`
    /// looks at it.
    pub target: String,
    /// The canonical query without `limit` and `cursor`, which a cursor is
    /// bound to.
    pub query: String,
}

/// An idempotency key and what was asked under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimKey {
    /// SHA-256 of the key, in hexadecimal.
    pub key_hash: String,
    /// SHA-256 of the path parameters and the parsed body, so that spacing
    /// and member order do not matter.
    pub fingerprint: String,
}

impl<C> Request<C> {
    /// A header, if it is there once and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all(http::header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// The version `If-Match` asks for: none when it is absent or `*`.
    ///
    /// # Errors
    /// [`Code::VersionMismatch`](super::problem::Code::VersionMismatch) for a
    /// tag this API never gave, one that cannot be read among them: who asks
    /// for a condition must not be served without.
    pub fn expected_version(&self) -> Result<Option<u64>, super::problem::Code> {
        let Some(sent) = self.headers.get("if-match") else {
            return Ok(None);
        };
        match sent.to_str().map(str::trim) {
            Ok("*") => Ok(None),
            Ok(tag) => tag
                .strip_prefix('"')
                .and_then(|tag| tag.strip_suffix('"'))
                .and_then(as_written)
                .map(Some)
                .ok_or(super::problem::Code::VersionMismatch),
            Err(_) => Err(super::problem::Code::VersionMismatch),
        }
    }
}

/// The number that is written so, and in no other way: without sign and
/// without leading zeros.
pub(crate) fn as_written<T: FromStr + Display>(text: &str) -> Option<T> {
    let number: T = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// SHA-256 of a text in Base64, as a content security policy names it.
pub fn sha256_base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text))
}

/// SHA-256 in hexadecimal.
pub fn sha256_hex(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::Code;
    use domain::id::Id as _;

    fn asked(tag: &[u8]) -> Result<Option<u64>, Code> {
        let mut headers = HeaderMap::new();
        let tag = http::HeaderValue::from_bytes(tag).unwrap();
        headers.insert(http::header::IF_MATCH, tag);
        let request = Request {
            caller: (),
            now: Timestamp::UNIX_EPOCH,
            locale: Locale::Fr,
            id: RequestId::from_bits(1),
            claim: None,
            address: String::new(),
            headers,
            body: Vec::new(),
            target: String::new(),
            query: String::new(),
        };
        request.expected_version()
    }

    #[test]
    fn a_version_is_asked_for_as_this_api_writes_it() {
        assert_eq!(asked(b"*"), Ok(None));
        assert_eq!(asked(b"\"7\""), Ok(Some(7)));
        assert_eq!(asked(b" \"18446744073709551615\" "), Ok(Some(u64::MAX)));
        for tag in [
            &b""[..],
            b"7",
            b"\"\"",
            b"\"+7\"",
            b"\"07\"",
            b"\"18446744073709551616\"",
            b"W/\"7\"",
            b"\"7\", \"8\"",
            b"\"\xe9\"",
            b"\"7\"\xff",
        ] {
            assert_eq!(asked(tag), Err(Code::VersionMismatch), "{tag:?}");
        }
    }
}
