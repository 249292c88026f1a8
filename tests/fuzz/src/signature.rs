//! The signature of the payment provider's webhooks: header and body.

use crate::{split, template, text};
use platform::payments::signature::verify;
use ring::hmac;

/// The time at which headers are judged.
const NOW: i64 = 1_768_467_630;
/// The secrets in force: the current one, and the one before.
const SECRETS: [&str; 2] = ["whsec_of_today", "whsec_of_yesterday"];

/// An input with real signatures in place of `{v1}` (by the current secret,
/// over the time of `{now}` and the body), `{old}` (by the one before),
/// `{late}`, `{past}` and `{future}` (over the times `{t-late}` …).
pub(crate) fn fill(data: &[u8]) -> Vec<u8> {
    let (header, body) = split(data);
    let [current, before] = SECRETS;
    let signed = |secret: &str, shift: i64| mac(secret, &(NOW + shift).to_string(), body);
    let mut filled = template::fill_with(header, |name| {
        let value = match name {
            "now" => NOW.to_string(),
            "t-past" => (NOW - 300).to_string(),
            "t-late" => (NOW - 301).to_string(),
            "t-future" => (NOW + 300).to_string(),
            "v1" => signed(current, 0),
            "old" => signed(before, 0),
            "past" => signed(current, -300),
            "late" => signed(current, -301),
            "future" => signed(current, 300),
            "foreign" => signed("whsec_of_another", 0),
            _ => return None,
        };
        Some(value)
    });
    filled.push(b'\n');
    filled.extend_from_slice(body);
    filled
}

/// The first line is the header, the rest the body. Accepted is what carries,
/// for a time at most 300 seconds away, the HMAC of that time as it is
/// written, a full stop and the very body, under a secret in force; and the
/// plain header that the provider writes is accepted.
pub(crate) fn signature(data: &[u8]) {
    let filled = fill(data);
    let (header, body) = split(&filled);
    let header = text(header);
    let judged = verify(&header, body, &SECRETS, NOW);
    let proved = is_proved(&header, body);
    assert!(judged.is_err() || proved, "accepted: {header:?} {body:?}");
    let is_plain = header
        .strip_prefix("t=")
        .and_then(|rest| rest.split_once(",v1="))
        .is_some_and(|(time, v1)| time.bytes().all(|b| b.is_ascii_digit()) && v1.len() == 64);
    if proved && is_plain {
        assert_eq!(judged, Ok(()), "{header:?}");
    }
    // The same under no secret, and under others.
    assert!(verify(&header, body, &[], NOW).is_err());
    assert!(verify(&header, body, &["", "whsec_of"], NOW).is_err());
}

fn is_proved(header: &str, body: &[u8]) -> bool {
    let parts: Vec<&str> = header.split(',').map(str::trim).collect();
    let values = |name: &'static str| parts.iter().filter_map(move |part| part.strip_prefix(name));
    !body.is_empty()
        && values("t=").any(|time| {
            let near = time
                .parse()
                .is_ok_and(|time: i64| (NOW - time).abs() <= 300);
            let plain = time.bytes().all(|byte| byte.is_ascii_digit());
            near && plain
                && values("v1=").any(|v1| SECRETS.iter().any(|key| mac(key, time, body) == v1))
        })
}

fn mac(secret: &str, time: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let message = [time.as_bytes(), b".", body].concat();
    hex::encode(hmac::sign(&key, &message))
}
