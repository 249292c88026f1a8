//! The `Stripe-Signature` header.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// `t=<Unix seconds>,v1=<hex>` with one `v1` per secret: the HMAC-SHA256 of
/// `<t>.<body>`. Several secrets are in force while one is being rolled.
pub(crate) fn header(secrets: &[String], now: Timestamp, body: &[u8]) -> String {
    let time = now.as_second();
    let mut header = format!("t={time}");
    for secret in secrets {
        header.push_str(",v1=");
        header.push_str(&digest(secret, time, body));
    }
    header
}

fn digest(secret: &str, time: i64, body: &[u8]) -> String {
    // HMAC takes keys of every length, so the error cannot come up; an empty
    // digest would verify nowhere.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_one_a_known_implementation_gives() {
        // printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let header = header(&["whsec_test".to_owned()], at, br#"{"id":"evt_1"}"#);
        assert_eq!(
            header,
            "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925"
        );
    }

    #[test]
    fn every_secret_in_force_signs() {
        let at = Timestamp::from_second(1).unwrap();
        let header = header(&["new".to_owned(), "old".to_owned()], at, b"{}");
        assert_eq!(header.matches(",v1=").count(), 2);
    }
}
