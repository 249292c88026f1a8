//! Keys derived from a secret, one per purpose.

use ring::hmac;

/// HMAC-SHA256 under a key of any length, over parts that cannot be mistaken
/// for one another: each is preceded by its length.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &message(parts));
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    bytes
}

/// True when `claimed` is the MAC of the parts; compared in constant time.
pub(crate) fn is_mac(key: &[u8], parts: &[&[u8]], claimed: &[u8]) -> bool {
    hmac::verify(
        &hmac::Key::new(hmac::HMAC_SHA256, key),
        &message(parts),
        claimed,
    )
    .is_ok()
}

/// The key of one purpose, from the text of a secret.
pub(crate) fn key(secret: &str, purpose: &str) -> [u8; 32] {
    mac(secret.as_bytes(), &[b"cyna key", purpose.as_bytes()])
}

/// A public name of a secret's version: tells which version made something,
/// and nothing about the secret.
pub(crate) fn key_id(secret: &str) -> String {
    let [a, b, c, d, ..] = key(secret, "key id");
    hex::encode([a, b, c, d])
}

fn message(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::new();
    for part in parts {
        message.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        message.extend_from_slice(part);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_moved_across_their_borders() {
        assert_ne!(mac(b"key", &[b"ab", b"c"]), mac(b"key", &[b"a", b"bc"]));
        assert_ne!(mac(b"key", &[b"ab"]), mac(b"key", &[b"ab", b""]));
    }

    #[test]
    fn a_mac_is_told_from_any_other() {
        let good = mac(b"key", &[b"text"]);
        assert!(is_mac(b"key", &[b"text"], &good));
        assert!(!is_mac(b"other", &[b"text"], &good));
        for bit in 0..256 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_mac(b"key", &[b"text"], &bad));
        }
        assert!(!is_mac(b"key", &[b"text"], &good[..31]));
    }

    #[test]
    fn purposes_and_secrets_give_different_keys() {
        assert_ne!(key("secret", "a"), key("secret", "b"));
        assert_ne!(key("secret", "a"), key("secret 2", "a"));
        assert_ne!(key_id("secret"), key_id("secret 2"));
    }
}
