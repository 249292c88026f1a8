//! Signatures of the payment provider's webhooks.
//!
//! The header is `t=<unix seconds>,v1=<hex>,…`; a `v1` is the HMAC-SHA256 of
//! `<t>.<body>` under the endpoint's secret, over the bytes as they came.

use crate::http::request::as_written;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How far the header's time may be from ours, either way, in seconds.
const TOLERANCE: i64 = 300;
/// The latest time a header may name: twelve digits.
const LATEST: i64 = 999_999_999_999;
/// Most `v1` values looked at: the provider sends two while a secret changes.
const MOST_SIGNATURES: usize = 10;

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// No time, or a header that cannot be read.
    #[error("the signature header cannot be read")]
    Malformed,
    /// No `v1` value.
    #[error("there is no v1 signature")]
    None,
    /// Signed too long ago, or in the future.
    #[error("it was signed too long ago or in the future")]
    Time,
    /// No value fits.
    #[error("no signature fits")]
    Mismatch,
    /// There is nothing to sign.
    #[error("the body is empty")]
    EmptyBody,
}

/// Checks a webhook's header against its body.
///
/// # Errors
/// [`BadSignature`].
pub fn verify(
    header: &str,
    body: &[u8],
    secrets: &[&str],
    now_seconds: i64,
) -> Result<(), BadSignature> {
    if body.is_empty() {
        return Err(BadSignature::EmptyBody);
    }
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) => time = Some(seconds(text)?),
            Some(("v1", text)) => signatures.push(text),
            Some(_) | None => {}
        }
    }
    let time = time.ok_or(BadSignature::Malformed)?;
    if signatures.is_empty() {
        return Err(BadSignature::None);
    }
    if signatures.len() > MOST_SIGNATURES {
        return Err(BadSignature::Malformed);
    }
    let signatures: Vec<Vec<u8>> = signatures.into_iter().filter_map(digest).collect();
    let fits = secrets.iter().any(|secret| {
        signatures
            .iter()
            .any(|given| matches(secret, time, body, given))
    });
    if !fits {
        return Err(BadSignature::Mismatch);
    }
    // Judged last, so that the answer to a forged header tells nothing.
    if now_seconds.abs_diff(time) > TOLERANCE.unsigned_abs() {
        return Err(BadSignature::Time);
    }
    Ok(())
}

/// A time as the provider writes it. It is part of what is signed, so another
/// way to write it is another text.
fn seconds(text: &str) -> Result<i64, BadSignature> {
    as_written(text)
        .filter(|seconds| (0..=LATEST).contains(seconds))
        .ok_or(BadSignature::Malformed)
}

/// A `v1` value: 64 lower-case hexadecimal digits, else it is no value.
fn digest(text: &str) -> Option<Vec<u8>> {
    let canonical = text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if canonical {
        hex::decode(text).ok()
    } else {
        None
    }
}

fn matches(secret: &str, time: i64, body: &[u8], given: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    // Compares in constant time.
    mac.verify_slice(given).is_ok()
}

#[cfg(test)]
mod tests {
    use super::verify;
    use base64::Engine as _;

    #[derive(serde::Deserialize)]
    struct Row {
        case: String,
        body_base64: String,
        secret: String,
        header: String,
        now: i64,
        tolerance: i64,
        expected: String,
    }

    #[test]
    fn every_published_signature_is_judged_as_expected() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/vectors/stripe_signatures.csv"
        );
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_path(path)
            .unwrap();
        let mut rows = 0;
        for row in reader.deserialize() {
            let row: Row = row.unwrap();
            assert_eq!(row.tolerance, super::TOLERANCE, "{}", row.case);
            let body = base64::engine::general_purpose::STANDARD
                .decode(&row.body_base64)
                .unwrap();
            let judged = verify(&row.header, &body, &[&row.secret], row.now);
            assert_eq!(
                judged.is_ok(),
                row.expected == "ok",
                "{}: {judged:?}",
                row.case
            );
            rows += 1;
        }
        assert!(rows >= 19, "{rows} rows");
    }

    #[test]
    fn a_time_is_signed_as_it_is_written() {
        let (secret, body, now) = ("whsec", b"{}", 1_768_467_630);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
        let v1 = hex::encode(ring::hmac::sign(&key, b"1768467630.{}"));
        let header = |time: &str| format!("t={time},v1={v1}");
        assert_eq!(verify(&header("1768467630"), body, &[secret], now), Ok(()));
        for time in [
            "01768467630",
            "001768467630",
            "+1768467630",
            "-1768467630",
            "",
        ] {
            let judged = verify(&header(time), body, &[secret], now);
            assert_eq!(judged, Err(super::BadSignature::Malformed), "{time:?}");
        }
    }
}
