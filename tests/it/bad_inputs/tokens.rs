//! Access tokens made by hand: with a good signature over whatever they say,
//! or with none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local::Cloud;
use platform::secrets::Secret;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Map, Value, json};

/// Makes tokens like a given one.
pub(super) struct Forger {
    header: Value,
    claims: Value,
    pair: Ed25519KeyPair,
}

impl Forger {
    /// A forger who holds the signing key, and a token to begin with.
    pub(super) fn of(cloud: &Cloud, token: &str) -> Self {
        let part = |index: usize| -> Value {
            let part = token.split('.').nth(index).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let seed = derived(&cloud.secret(Secret::SigningKey), "access token");
        Self {
            header: part(0),
            claims: part(1),
            pair: Ed25519KeyPair::from_seed_unchecked(&seed).unwrap(),
        }
    }

    /// The token with its claims changed, well signed.
    pub(super) fn claims(&self, change: impl FnOnce(&mut Map<String, Value>)) -> String {
        let mut claims = self.claims.clone();
        change(claims.as_object_mut().unwrap());
        self.signed(&self.header, &claims)
    }

    /// The token with another time in a claim, in seconds from when it was
    /// made.
    pub(super) fn shifted(&self, name: &str, seconds: i64) -> String {
        let made = self.claims["iat"].as_i64().unwrap();
        self.claims(|claims| drop(claims.insert(name.to_owned(), json!(made + seconds))))
    }

    /// The token with its header changed, well signed.
    pub(super) fn header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        self.signed(&header, &self.claims)
    }

    /// The token without signature, said to need none.
    pub(super) fn unsigned(&self) -> String {
        let message = message(
            &json!({"alg": "none", "typ": self.header["typ"], "kid": self.header["kid"]}),
            &self.claims,
        );
        format!("{message}.")
    }

    /// The token with a MAC for a signature, keyed with the public key.
    pub(super) fn mac_with_public_key(&self) -> [String; 2] {
        let mut header = self.header.clone();
        header["alg"] = json!("HS256");
        let message = message(&header, &self.claims);
        let public = self.pair.public_key().as_ref();
        let text = URL_SAFE_NO_PAD.encode(public);
        [public, text.as_bytes()].map(|key| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key);
            let tag = hmac::sign(&key, message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
        })
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// The key of one purpose, as the shop derives it from a secret.
fn derived(secret: &str, purpose: &str) -> [u8; 32] {
    let mut message = Vec::new();
    for part in ["cyna key", purpose] {
        message.extend_from_slice(&u64::try_from(part.len()).unwrap().to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::sign(&key, &message).as_ref().try_into().unwrap()
}
