//! Short texts that people type: names, companies, address lines.

use crate::luhn::is_luhn;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or nothing but blanks.
    #[error("is empty")]
    Empty,
    /// More characters than allowed.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// A control character, or an invisible one that can make text lie
    /// (bidirectional overrides, zero-width characters, line breaks).
    #[error("holds a control or invisible character")]
    Control,
    /// Digits that look like a payment card, which must not be stored.
    #[error("looks like a payment card number")]
    CardNumber,
}

/// A single line of at most `MAX` characters, trimmed, in composed form (NFC),
/// without control or invisible characters and without card numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    /// Reads one line.
    ///
    /// # Errors
    /// See [`TextError`].
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.chars().any(is_unsafe) {
            return Err(TextError::Control);
        }
        let text: String = text.trim().nfc().collect();
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.chars().count() > MAX {
            return Err(TextError::TooLong(MAX));
        }
        if holds_card_number(&text) {
            return Err(TextError::CardNumber);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Line<MAX> {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Self::parse(&text)
    }
}

impl<const MAX: usize> From<Line<MAX>> for String {
    fn from(line: Line<MAX>) -> Self {
        line.0
    }
}

/// Characters with no place in a single line of text.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// True when the text holds 13 to 19 digits, possibly grouped by blanks or
/// hyphens, that begin like a card of a known network and pass the Luhn check.
fn holds_card_number(text: &str) -> bool {
    let mut digits: Vec<u8> = Vec::new();
    for c in text.chars().chain(std::iter::once('x')) {
        match c {
            '0'..='9' => digits.push(u8::try_from(u32::from(c) - u32::from('0')).unwrap_or(0)),
            ' ' | '-' => {}
            _ => {
                if is_card_number(&digits) {
                    return true;
                }
                digits.clear();
            }
        }
    }
    false
}

fn is_card_number(digits: &[u8]) -> bool {
    let issuer = matches!(digits.first(), Some(3..=6)) || digits.starts_with(&[2, 2]);
    (13..=19).contains(&digits.len())
        && issuer
        && is_luhn(digits.iter().map(|digit| u32::from(*digit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_composed() {
        let line = Line::<20>::parse("  Zoe\u{308} ").unwrap();
        assert_eq!(line.as_str(), "Zoë");
    }

    #[test]
    fn controls_and_overrides_are_refused() {
        for text in ["a\0b", "a\r\nb", "a\u{202e}b", "a\u{200b}b", "a\u{feff}b"] {
            assert_eq!(Line::<20>::parse(text), Err(TextError::Control), "{text:?}");
        }
    }

    #[test]
    fn card_numbers_are_refused_but_other_long_numbers_are_not() {
        for text in [
            "4242 4242 4242 4242",
            "call 5555-5555-5555-4444 now",
            "-6011 1111 1111 1117",
            "2223003122003222",
            // The shortest and the longest, and networks that begin with 3.
            "4000000000006",
            "4000000000000000006",
            "3000000000000004",
        ] {
            assert_eq!(
                Line::<40>::parse(text),
                Err(TextError::CardNumber),
                "{text}"
            );
        }
        for text in [
            // The check digit is wrong.
            "4242 4242 4242 4241",
            // No network issues cards that begin so.
            "1234 5678 9012 3452",
            // Too short and too long, though the check digit is right.
            "400000000002",
            "40000000000000000002",
            // A telephone number and a SIREN pass the Luhn check now and then.
            "+33 1 23 45 67 89",
            "552 100 554",
        ] {
            assert!(Line::<40>::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_line_is_as_long_as_its_characters_once_composed() {
        assert!(Line::<3>::parse(" abe\u{301} ").is_ok());
        assert_eq!(Line::<3>::parse("abcd"), Err(TextError::TooLong(3)));
        assert_eq!(Line::<3>::parse("  "), Err(TextError::Empty));
    }

    #[test]
    fn what_is_stored_is_read_back_and_checked_again() {
        let line = Line::<20>::parse("Zoë").unwrap();
        let json = serde_json::to_string(&line).unwrap();
        assert_eq!(json, r#""Zoë""#);
        assert_eq!(serde_json::from_str::<Line<20>>(&json).unwrap(), line);
        assert!(serde_json::from_str::<Line<2>>(&json).is_err());
    }
}
