//! The code of a coupon.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Fewest characters: fewer would be found by trying.
const SHORTEST: usize = 4;

/// Most characters.
const LONGEST: usize = 32;

/// Why a text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code of {SHORTEST} to {LONGEST} letters, digits and hyphens")]
pub struct CodeError;

/// What a customer types: Latin letters, digits and hyphens, in whatever case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CouponCode(String);

impl CouponCode {
    /// Reads a code.
    ///
    /// # Errors
    /// [`CodeError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let code = text.trim().to_ascii_uppercase();
        let fits = (SHORTEST..=LONGEST).contains(&code.len())
            && code
                .bytes()
                .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'-');
        if fits { Ok(Self(code)) } else { Err(CodeError) }
    }

    /// The code, in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CouponCode {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        Self::parse(&text)
    }
}

impl From<CouponCode> for String {
    fn from(code: CouponCode) -> Self {
        code.0
    }
}
