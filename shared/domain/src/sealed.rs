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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cipher_text_travels_unchanged_and_does_not_show_in_debug_output() {
        let sealed = Sealed::from_base64("c2VhbGVk".to_owned());
        let json = serde_json::to_string(&sealed).unwrap();
        assert_eq!(json, r#""c2VhbGVk""#);
        let read: Sealed = serde_json::from_str(&json).unwrap();
        assert_eq!(read.as_base64(), "c2VhbGVk");
        assert_eq!(format!("{read:?}"), "Sealed(…)");
    }
}
