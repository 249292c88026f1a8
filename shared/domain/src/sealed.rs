//! Personal data that rests encrypted.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An encrypted value, as base64 text. It travels from item to item (order,
/// subscription, invoice) without ever being opened; only what must show it
/// opens it. `Debug` hides even the cipher text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    /// Wraps base64 cipher text.
    pub fn from_base64(text: String) -> Self {
        Self(text)
    }

    /// The base64 cipher text.
    pub fn as_base64(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}
