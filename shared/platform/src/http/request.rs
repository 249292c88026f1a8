//! What an operation knows about the request beside its input.

use domain::id::RequestId;
use domain::locale::Locale;
use http::HeaderMap;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

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
    /// tag this API never gave.
    pub fn expected_version(&self) -> Result<Option<u64>, super::problem::Code> {
        match self.header("if-match").map(str::trim) {
            None | Some("*") => Ok(None),
            Some(tag) => tag
                .strip_prefix('"')
                .and_then(|tag| tag.strip_suffix('"'))
                .and_then(|digits| digits.parse().ok())
                .map(Some)
                .ok_or(super::problem::Code::VersionMismatch),
        }
    }
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
