//! Currencies by their ISO 4217 codes.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A currency in circulation, by its ISO 4217 alphabetic code, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Currency(&'static str);

/// The text is not the code of a currency in circulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an ISO 4217 currency code")]
pub struct UnknownCurrency;

impl Currency {
    /// The euro.
    pub const EUR: Self = Self("EUR");

    /// Reads an upper-case alphabetic code.
    ///
    /// # Errors
    /// [`UnknownCurrency`] for anything but a code of the list.
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        let known = CODES.iter().find(|known| **known == code);
        known.map(|code| Self(code)).ok_or(UnknownCurrency)
    }

    /// The code, as `EUR`.
    pub const fn as_str(&self) -> &'static str {
        self.0
    }

    /// Decimal places of the minor unit by ISO 4217: 2 for most, 0 or 3 for some.
    pub fn minor_unit_digits(&self) -> u8 {
        match self.0 {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF"
            | "UGX" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).map_err(D::Error::custom)
    }
}

/// Currencies in circulation as of January 2026, without funds, metals and test
/// codes, which price nothing.
const CODES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF",
    "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN",
    "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD",
    "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES",
    "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL",
    "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN",
    "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP",
    "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK",
    "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT",
    "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES",
    "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_holds_codes_only() {
        assert!(CODES.is_sorted_by(|a, b| a < b));
        assert!(
            CODES
                .iter()
                .all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()))
        );
        assert_eq!(Currency::parse("EUR"), Ok(Currency::EUR));
    }

    #[test]
    fn other_texts_are_no_currency() {
        for text in [
            "eur", "Eur", "EU", "EURO", "", " EUR", "XXX", "XTS", "XAU", "HRK", "DEM", "€",
        ] {
            assert_eq!(Currency::parse(text), Err(UnknownCurrency), "{text:?}");
        }
    }

    #[test]
    fn minor_units_follow_iso_4217() {
        let places = |count| {
            CODES
                .iter()
                .filter(|code| Currency(code).minor_unit_digits() == count)
                .count()
        };
        assert_eq!((places(0), places(3)), (16, 7));
        for (code, digits) in [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CHF", 2), ("XPF", 0)] {
            assert_eq!(
                Currency::parse(code).unwrap().minor_unit_digits(),
                digits,
                "{code}"
            );
        }
    }
}
