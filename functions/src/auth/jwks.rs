//! `jwks`: the public keys access tokens are verified with (RFC 7517).

use platform::app::App;
use platform::http::operation::{Anybody, Media, Operation, Spec};
use platform::http::problem::Failure;
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::signing::PublicKey;
use serde::Serialize;

/// The operation.
pub struct Jwks;

/// A set of public keys.
#[derive(Serialize)]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct JwkSet {
    /// The keys.
    keys: Vec<Jwk>,
}

/// A public key (RFC 8037).
#[derive(Serialize)]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct Jwk {
    kty: &'static str,
    crv: &'static str,
    x: String,
    kid: String,
    #[serde(rename = "use")]
    purpose: &'static str,
    alg: &'static str,
}

impl From<&PublicKey> for Jwk {
    fn from(key: &PublicKey) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            x: key.x(),
            kid: key.kid(),
            purpose: "sig",
            alg: "EdDSA",
        }
    }
}

impl Operation for Jwks {
    const SPEC: Spec = Spec::get("jwks", "/.well-known/jwks.json")
        .summary("The public keys access tokens are verified with")
        .media(Media::Document);
    type Caller = Anybody;
    type Input = ();
    type Output = JwkSet;
    type Error = Failure;

    async fn run(app: &App, _request: Request<Anybody>, (): ()) -> Result<Reply<JwkSet>, Failure> {
        let published = app
            .store()
            .public_keys()
            .await?
            .map(|stored| stored.value)
            .unwrap_or_default();
        let set = JwkSet {
            keys: published.keys.iter().map(Jwk::from).collect(),
        };
        // The first login makes the first key: nobody shall remember its absence.
        let caching = match set.keys.is_empty() {
            true => "no-store",
            false => "public, max-age=300",
        };
        let body = serde_json::to_vec(&set).map_err(|error| Failure::fault(&error))?;
        Ok(
            Reply::document("application/jwk-set+json; charset=utf-8", body)
                .header("cache-control", caching),
        )
    }
}
