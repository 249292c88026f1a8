//! Form encoding as the payment provider reads it: `a[b]=c`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is: the unreserved characters of RFC 3986, and brackets.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'[')
    .remove(b']');

/// A form being filled in. Fields keep their order, so that equal acts send
/// equal bytes.
#[derive(Debug, Default, Clone)]
pub(super) struct Form(String);

impl Form {
    /// Adds a field.
    pub(super) fn field(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(utf8_percent_encode(name, ENCODED));
        self.0.push('=');
        self.0
            .extend(utf8_percent_encode(&value.to_string(), ENCODED));
        self
    }

    /// The encoded fields.
    pub(super) fn encode(self) -> String {
        self.0
    }
}
