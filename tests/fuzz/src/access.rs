//! Access tokens.

use crate::{split, template, text, world};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform::secrets::Secret;
use ring::hmac;
use ring::signature::Ed25519KeyPair;
use serde_json::Value;

/// Only a token that was given out, to the letter, is one; and for whom it
/// was made.
pub(crate) fn access_token(data: &[u8]) {
    let filled = template::fill(data);
    let token = text(&filled);
    world::with(|world| {
        let minted = token == world.get("access") || token == world.get("eve");
        let claims = world.block_on(world.app.verify_access_token(&token));
        assert_eq!(claims.is_ok(), minted, "{token:?}: {claims:?}");
        if let Ok(claims) = claims {
            let adas = claims.account.to_string() == world.get("account");
            assert_eq!(adas, token == world.get("access"));
        }
    });
}

/// The first line is the header of a token, the rest its claims, signed with
/// the key of the shop: accepted is only what says, in the very types, what a
/// token of ours says, and is good now.
pub(crate) fn access_claims(data: &[u8]) {
    let filled = template::fill(data);
    let (header, claims) = split(&filled);
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    world::with(|world| {
        let minted = parts(world.get("access"));
        // `=` alone stands for the header as it is.
        let whole = minted.0.to_string().into_bytes();
        let header = if header == b"=" { &whole } else { header };
        let message = format!("{}.{}", part(header), part(claims));
        let seed = derived(&world.cloud.secret(Secret::SigningKey), "access token");
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a key");
        let signature = part(pair.sign(message.as_bytes()).as_ref());
        let token = format!("{message}.{signature}");
        let verified = world.block_on(world.app.verify_access_token(&token));
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        // To the letter: JSON that names a member twice is refused.
        let same = header == whole && claims == world.get("claims").as_bytes();
        let (header, claims) = (json(header), json(claims));
        let good = is_header(&header, &minted.0)
            && are_claims(&claims, &minted.1, world.cloud.now().as_second());
        assert!(verified.is_err() || good, "{header} {claims}");
        if let Ok(verified) = &verified {
            assert_eq!(
                claims.get("sub"),
                Some(&Value::from(verified.user.to_string()))
            );
            assert_eq!(
                claims.get("account"),
                Some(&Value::from(verified.account.to_string()))
            );
        }
        if same {
            assert!(verified.is_ok(), "a token like the one given out");
        }
    });
}

fn is_header(header: &Value, minted: &Value) -> bool {
    let foreign = ["jku", "jwk", "x5u", "x5c", "crit"];
    ["alg", "typ", "kid"]
        .iter()
        .all(|name| header.get(name) == minted.get(name))
        && foreign
            .iter()
            .all(|name| header.get(name).is_none_or(Value::is_null))
}

fn are_claims(claims: &Value, minted: &Value, now: i64) -> bool {
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let (Some(made), Some(from), Some(ends), Some(_)) = (
        seconds("iat"),
        seconds("nbf"),
        seconds("exp"),
        seconds("auth_time"),
    ) else {
        return false;
    };
    let id = |name: &str, prefix: &str| {
        text(name)
            .and_then(|id| id.strip_prefix(prefix))
            .is_some_and(|id| id.len() == 32)
    };
    ["iss", "aud"]
        .iter()
        .all(|name| claims.get(name) == minted.get(name))
        && text("iss").is_some()
        && text("aud").is_some()
        && id("sub", "usr_")
        && id("sid", "ses_")
        && id("account", "acc_")
        && text("role").is_some()
        && made.max(from) <= now.saturating_add(5)
        && ends > now
        && ends.saturating_sub(made) <= 900
}

/// Header and claims of a token.
fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    });
    (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    )
}

/// The key of one purpose, as the shop derives it from a secret.
fn derived(secret: &str, purpose: &str) -> [u8; 32] {
    let mut message = Vec::new();
    for part in ["cyna key", purpose] {
        message.extend_from_slice(&u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, &message);
    tag.as_ref().try_into().unwrap_or_default()
}
