//! VAT numbers of the Union and of Northern Ireland, checked without asking
//! anybody: written form, format, check digits.
//!
//! Good digits do not prove that a number exists; only the register (VIES)
//! says that, and there are registered numbers whose digits are not good. So
//! the two are told apart: a [`VatNumber`] has the format of its country,
//! and [`VatNumber::has_good_digits`] is a second question.

mod digits;

use crate::country::CountryCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A number in the format of its country, as `DE136695976`: no separators,
/// upper case, Greece as `EL`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VatNumber(String);

/// Names a number without showing it: half of its SHA-256, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VatDigest(String);

impl fmt::Display for VatDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no VAT number of the Union.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VatNumberError {
    /// It does not begin like one: some other country's identifier.
    #[error("does not begin with the prefix of a country of the Union")]
    Prefix,
    /// It begins like one, and does not go on as that country's numbers do.
    #[error("does not have the format of its country")]
    Format,
}

/// Each prefix with the formats that may follow: `d` is a digit, `n` one from
/// 1 to 9, `l` a letter, `k` a digit or a letter without I and O, `i` a letter,
/// `+` or `*`; anything else stands for itself.
const FORMATS: [(&str, &[&str]); 28] = [
    ("AT", &["Udddddddd"]),
    ("BE", &["0ddddddddd", "1ddddddddd"]),
    ("BG", &["ddddddddd", "dddddddddd"]),
    ("CY", &["ddddddddl"]),
    ("CZ", &["dddddddd", "ddddddddd", "dddddddddd"]),
    ("DE", &["ndddddddd"]),
    ("DK", &["nddddddd"]),
    ("EE", &["10ddddddd"]),
    ("EL", &["ddddddddd"]),
    ("ES", &["ldddddddd", "ddddddddl", "ldddddddl"]),
    ("FI", &["dddddddd"]),
    ("FR", &["kkddddddddd"]),
    ("HR", &["ddddddddddd"]),
    ("HU", &["dddddddd"]),
    ("IE", &["dddddddl", "dddddddll", "didddddl"]),
    ("IT", &["ddddddddddd"]),
    ("LT", &["ddddddd1d", "dddddddddd1d"]),
    ("LU", &["dddddddd"]),
    ("LV", &["ddddddddddd"]),
    ("MT", &["nddddddd"]),
    ("NL", &["dddddddddBdd"]),
    ("PL", &["dddddddddd"]),
    ("PT", &["ndddddddd"]),
    (
        "RO",
        &[
            "nd",
            "ndd",
            "nddd",
            "ndddd",
            "nddddd",
            "ndddddd",
            "nddddddd",
            "ndddddddd",
            "nddddddddd",
        ],
    ),
    ("SE", &["dddddddddd01"]),
    ("SI", &["nddddddd"]),
    ("SK", &["dddddddddd"]),
    ("XI", &["ddddddddd", "dddddddddddd", "GDddd", "HAddd"]),
];

/// Prefixes and digits before which zeros were left out, and how many digits
/// there are with them.
const PADDED: [(&str, usize); 2] = [("BE", 10), ("NL", 9)];

impl VatNumber {
    /// Reads a number as people type it: separators dropped, case and the
    /// Greek prefix made alike, leading zeros of Belgium and the Netherlands
    /// put back.
    ///
    /// # Errors
    /// [`VatNumberError`] when it has no format of the Union.
    pub fn parse(typed: &str) -> Result<Self, VatNumberError> {
        let text = normalise(typed);
        let (prefix, rest) = text.split_at_checked(2).ok_or(VatNumberError::Prefix)?;
        let (_, formats) = FORMATS
            .iter()
            .find(|(known, _)| *known == prefix)
            .ok_or(VatNumberError::Prefix)?;
        if formats.iter().any(|format| has_format(rest, format)) {
            Ok(Self(text))
        } else {
            Err(VatNumberError::Format)
        }
    }

    /// Reads a number as somebody in this country types it, who may leave its
    /// first two letters out.
    ///
    /// # Errors
    /// [`VatNumberError`] when it has no format of the Union with or without
    /// them.
    pub fn of(country: CountryCode, typed: &str) -> Result<Self, VatNumberError> {
        match Self::parse(typed) {
            Err(VatNumberError::Prefix) => Self::parse(&format!("{}{typed}", prefix_of(country))),
            read => read,
        }
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its two first letters: `EL` for Greece, `XI` for Northern Ireland.
    pub fn prefix(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// By what it is named where it must not be shown.
    pub fn digest(&self) -> VatDigest {
        let mut hash = hex::encode(Sha256::digest(self.0.as_bytes()));
        hash.truncate(32);
        VatDigest(hash)
    }

    /// Its two first letters, and the rest.
    pub fn parts(&self) -> (&str, &str) {
        (self.prefix(), self.body())
    }

    fn body(&self) -> &str {
        self.0.get(2..).unwrap_or_default()
    }

    /// True when its check digits are as its country computes them.
    pub fn has_good_digits(&self) -> bool {
        digits::are_good(self.prefix(), self.body())
    }

    /// True when this country gives out such numbers. Monaco's begin with
    /// `FR`, those of Greece with `EL`.
    pub fn is_of(&self, country: CountryCode) -> bool {
        self.prefix() == prefix_of(country)
    }
}

impl fmt::Debug for VatNumber {
    /// That of a sole trader is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VatNumber({}…)", self.prefix())
    }
}

impl fmt::Display for VatNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for VatNumber {
    type Error = VatNumberError;

    fn try_from(text: String) -> Result<Self, VatNumberError> {
        Self::parse(&text)
    }
}

impl From<VatNumber> for String {
    fn from(number: VatNumber) -> Self {
        number.0
    }
}

/// True when a country gives out VAT numbers of the Union.
pub fn has_union_numbers(country: CountryCode) -> bool {
    FORMATS
        .iter()
        .any(|(prefix, _)| *prefix == prefix_of(country))
}

/// True of a text that begins like an identifier of a country other than this
/// one: with its two letters, and some digit after them.
pub fn begins_elsewhere(country: CountryCode, typed: &str) -> bool {
    let text = normalise(typed);
    let Some((prefix, rest)) = text.split_at_checked(2) else {
        return false;
    };
    let is_here = prefix == prefix_of(country) || prefix == country.as_str();
    let is_known =
        CountryCode::parse(prefix).is_ok() || FORMATS.iter().any(|(known, _)| *known == prefix);
    !is_here && is_known && rest.contains(|c: char| c.is_ascii_digit())
}

/// How the numbers of a country begin.
fn prefix_of(country: CountryCode) -> &'static str {
    match country.as_str() {
        "GR" => "EL",
        "MC" => "FR",
        code => code,
    }
}

/// The text without separators, in upper case, with `EL` for Greece and the
/// zeros that people leave out.
fn normalise(typed: &str) -> String {
    let bare: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !".-_,:;".contains(*c))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let Some((prefix, rest)) = bare.split_at_checked(2) else {
        return bare;
    };
    let prefix = if prefix == "GR" { "EL" } else { prefix };
    let length = PADDED.iter().find(|(known, _)| *known == prefix);
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    let missing = length.map_or(0, |(_, length)| length.saturating_sub(digits));
    format!("{prefix}{}{rest}", "0".repeat(missing))
}

fn has_format(text: &str, format: &str) -> bool {
    text.chars().count() == format.chars().count()
        && text
            .chars()
            .zip(format.chars())
            .all(|(c, class)| match class {
                'd' => c.is_ascii_digit(),
                'n' => matches!(c, '1'..='9'),
                'l' => c.is_ascii_uppercase(),
                'k' => c.is_ascii_digit() || (c.is_ascii_uppercase() && !matches!(c, 'I' | 'O')),
                'i' => c.is_ascii_uppercase() || matches!(c, '+' | '*'),
                itself => c == itself,
            })
}
