//! Forged and misused tokens: none is let in.

use super::*;
use crate::identity::derive;
use crate::identity::signing::Signer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::Id as _;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

const ISSUER: &str = "https://api.example.test";
const SECRET: &str = "a signing secret of the tests";
/// 2026-11-20T09:00:00Z.
const NOW: i64 = 1_795_165_200;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn public_key() -> PublicKey {
    Signer::from_secret(SECRET).unwrap().public_key(at(NOW))
}

fn claims() -> Claims {
    Claims {
        user: UserId::from_bits(1),
        account: AccountId::from_bits(2),
        session: SessionId::from_bits(3),
        role: StaffRole::Finance,
        auth_time: at(NOW - 60),
        issued_at: at(NOW),
        expires_at: at(NOW + LIFE_SECONDS),
    }
}

fn good_header() -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": public_key().kid()})
}

fn good_claims() -> Value {
    serde_json::to_value(Wire::new(ISSUER, AUDIENCE, &claims())).unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token with a good signature over whatever it says.
fn signed(header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let pair = Ed25519KeyPair::from_seed_unchecked(&derive::key(SECRET, "access token")).unwrap();
    assert_eq!(pair.public_key().as_ref(), public_key().bytes());
    format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()))
    )
}

/// What `verify` does, with the one key there is.
fn verify_at(token: &str, now: i64) -> Option<Claims> {
    let name = key_name(token)?;
    let key = public_key();
    if name != key.kid() {
        return None;
    }
    check(token, &decoding_key(&key), ISSUER, at(now))
}

fn verify(token: &str) -> Option<Claims> {
    verify_at(token, NOW + 1)
}

fn changed(mut value: Value, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Value {
    change(value.as_object_mut().unwrap());
    value
}

fn with_header(name: &str, value: Value) -> String {
    signed(
        &changed(good_header(), |header| {
            drop(header.insert(name.to_owned(), value))
        }),
        &good_claims(),
    )
}

fn with_claim(name: &str, value: Value) -> String {
    signed(
        &good_header(),
        &changed(good_claims(), |claims| {
            drop(claims.insert(name.to_owned(), value))
        }),
    )
}

#[test]
fn a_token_of_ours_says_who_calls_until_it_is_over() {
    let token = Signer::from_secret(SECRET)
        .unwrap()
        .sign(ISSUER, &claims())
        .unwrap();
    assert_eq!(verify(&token), Some(claims()));
    assert_eq!(verify_at(&token, NOW + LIFE_SECONDS - 1), Some(claims()));
    assert_eq!(verify_at(&token, NOW + LIFE_SECONDS), None);
    // One machine's clock may be a little behind.
    assert_eq!(verify_at(&token, NOW - CLOCK_SKEW), Some(claims()));
    assert_eq!(verify_at(&token, NOW - CLOCK_SKEW - 1), None);
    assert_eq!(verify_at(&token, NOW + 10 * 365 * 86_400), None);
}

#[test]
fn a_token_written_by_hand_is_the_token_of_the_library() {
    assert_eq!(
        verify(&signed(&good_header(), &good_claims())),
        Some(claims())
    );
}

#[test]
fn a_header_that_is_not_ours_is_refused_before_a_key_is_looked_for() {
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": public_key().x()});
    let tokens = [
        with_header("alg", json!("none")),
        with_header("alg", json!("HS256")),
        with_header("alg", json!("ES256")),
        with_header("alg", json!("eddsa")),
        with_header("alg", json!(["EdDSA"])),
        with_header("typ", json!("JWT")),
        with_header("typ", json!("mfa+jwt")),
        with_header("typ", Value::Null),
        with_header("kid", Value::Null),
        with_header("kid", json!(7)),
        with_header("jku", json!("https://evil.example/jwks.json")),
        with_header("jwk", jwk),
        with_header("x5u", json!("https://evil.example/cert.pem")),
        with_header("x5c", json!(["MIIB"])),
        with_header("crit", json!(["exp"])),
        format!(
            "{}.{}.",
            part(&json!({"alg": "none", "typ": "at+jwt"})),
            part(&good_claims())
        ),
        String::new(),
        "..".to_owned(),
        "a.b".to_owned(),
        "a.b.c.d".to_owned(),
        "x".repeat(LONGEST + 1),
    ];
    for token in tokens {
        assert_eq!(key_name(&token), None, "{token:.200}");
    }
}

#[test]
fn the_name_of_an_unknown_key_opens_nothing() {
    for kid in ["", "other", "../../etc/passwd", "' OR 1=1 --"] {
        assert_eq!(verify(&with_header("kid", json!(kid))), None, "{kid}");
    }
}

#[test]
fn a_mac_keyed_with_the_public_key_is_no_signature() {
    let header = changed(good_header(), |header| {
        drop(header.insert("alg".to_owned(), json!("HS256")))
    });
    for key in [public_key().bytes().to_vec(), public_key().x().into_bytes()] {
        let message = format!("{}.{}", part(&header), part(&good_claims()));
        let tag = ring::hmac::sign(
            &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key),
            message.as_bytes(),
        );
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(verify(&token), None);
        // Nor below the check of the header.
        assert_eq!(
            check(&token, &decoding_key(&public_key()), ISSUER, at(NOW)),
            None
        );
    }
}

#[test]
fn the_backend_knows_one_algorithm() {
    jwt::install();
    for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256] {
        let key = DecodingKey::from_secret(public_key().bytes());
        assert!(jsonwebtoken::crypto::verify("c2ln", b"message", &key, algorithm).is_err());
    }
    let mac_key = DecodingKey::from_secret(public_key().bytes());
    assert!(jsonwebtoken::crypto::verify("c2ln", b"message", &mac_key, Algorithm::EdDSA).is_err());
}

#[test]
fn every_claim_must_be_there_and_right() {
    for name in [
        "iss",
        "aud",
        "sub",
        "sid",
        "jti",
        "iat",
        "nbf",
        "exp",
        "auth_time",
        "amr",
        "account",
        "role",
    ] {
        let without = changed(good_claims(), |claims| drop(claims.remove(name)));
        assert_eq!(
            verify(&signed(&good_header(), &without)),
            None,
            "without {name}"
        );
        assert_eq!(verify(&with_claim(name, Value::Null)), None, "{name} null");
        assert_eq!(
            verify(&with_claim(name, json!({}))),
            None,
            "{name} an object"
        );
    }
    for (name, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", json!([ISSUER])),
        ("iss", json!(format!("{ISSUER}/"))),
        ("aud", json!("another-api")),
        ("aud", json!([AUDIENCE])),
        ("aud", json!([AUDIENCE, "another-api"])),
        ("sub", json!("acc_00000000000000000000000000000001")),
        ("sub", json!("usr_1")),
        ("role", json!("root")),
    ] {
        assert_eq!(
            verify(&with_claim(name, value.clone())),
            None,
            "{name}: {value}"
        );
    }
}

#[test]
fn times_are_integers_in_their_order() {
    for (name, value) in [
        ("exp", json!(NOW)),
        ("exp", json!(NOW + LIFE_SECONDS + 1)),
        ("exp", json!(1_795_165_800.5)),
        ("exp", json!(1_795_165_800.0)),
        ("exp", json!((NOW + 600).to_string())),
        ("exp", json!(i64::MAX)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(1e300)),
        ("nbf", json!(NOW + 3_600)),
        ("nbf", json!(1_795_165_200.0)),
        ("iat", json!(NOW + 3_600)),
        ("iat", json!(NOW - 3_600)),
        ("iat", json!(i64::MIN)),
        ("auth_time", json!(i64::MAX)),
    ] {
        assert_eq!(
            verify(&with_claim(name, value.clone())),
            None,
            "{name}: {value}"
        );
    }
}

#[test]
fn no_changed_character_passes() {
    let token = signed(&good_header(), &good_claims());
    for at in 0..token.len() {
        let mut bad = token.clone();
        let other = if bad.as_bytes()[at] == b'A' { "B" } else { "A" };
        bad.replace_range(at..=at, other);
        assert_eq!(verify(&bad), None, "character {at}");
    }
}

#[test]
fn an_unknown_name_makes_us_ask_at_most_every_30_seconds() {
    let keys = VerifyingKeys::default();
    let published = PublicKeys {
        keys: vec![public_key()],
    };
    keys.learn(&published, at(NOW));
    assert!(keys.knows(&public_key().kid()));
    let mut known = keys.known.write().unwrap();
    assert!(known.may_ask(at(NOW)));
    known.asked_at = Some(at(NOW));
    assert!(!known.may_ask(at(NOW + 29)));
    assert!(known.may_ask(at(NOW + 30)));
    assert!(!known.is_stale(at(NOW + 299)));
    assert!(known.is_stale(at(NOW + 300)));
}
