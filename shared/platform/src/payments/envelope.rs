//! The provider's events as they are sent.

use serde::Deserialize;
use serde_json::Value;

/// An event as the provider sends it.
#[derive(Debug, Clone, Deserialize)]
pub struct Envelope {
    /// Its id.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of the API it is written in.
    #[serde(default)]
    pub api_version: Option<String>,
    /// Unix seconds.
    #[serde(default)]
    pub created: i64,
    /// True when real money moves.
    #[serde(default)]
    pub livemode: bool,
    /// What it is about.
    #[serde(default)]
    pub data: EnvelopeData,
}

/// What an event is about.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct EnvelopeData {
    /// The object as it was when the event was made.
    #[serde(default)]
    pub object: Value,
    /// What it was like before, as far as it changed.
    #[serde(default)]
    pub previous_attributes: Value,
}

/// Reads an envelope from a body whose signature is good.
///
/// # Errors
/// When it is no event at all.
pub fn read(body: &[u8]) -> Option<Envelope> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    let id = envelope.id.strip_prefix("evt_")?;
    let plain = !id.is_empty()
        && id.len() <= 250
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain.then_some(envelope)
}
