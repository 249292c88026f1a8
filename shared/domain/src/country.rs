//! Countries by their ISO 3166-1 codes.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A country or territory, by its ISO 3166-1 alpha-2 code, upper case. Greece
/// is `GR` here; only VAT numbers write `EL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CountryCode(&'static str);

/// The text is not a country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an ISO 3166-1 country code")]
pub struct UnknownCountry;

impl CountryCode {
    /// France.
    pub const FR: Self = Self("FR");

    /// Reads an upper-case alpha-2 code.
    ///
    /// # Errors
    /// [`UnknownCountry`] for anything but an assigned code.
    pub fn parse(code: &str) -> Result<Self, UnknownCountry> {
        let known = CODES.iter().find(|known| **known == code);
        known.map(|code| Self(code)).ok_or(UnknownCountry)
    }

    /// The code, as `FR`.
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'de> Deserialize<'de> for CountryCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).map_err(D::Error::custom)
    }
}

/// The officially assigned alpha-2 codes.
const CODES: &[&str] = &[
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ",
    "BA", "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS",
    "BT", "BV", "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN",
    "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE",
    "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF",
    "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM",
    "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM",
    "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC",
    "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK",
    "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA",
    "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG",
    "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS", "RU", "RW",
    "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS",
    "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO",
    "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI",
    "VN", "VU", "WF", "WS", "YE", "YT", "ZA", "ZM", "ZW",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_holds_the_249_assigned_codes() {
        assert!(CODES.is_sorted_by(|a, b| a < b));
        assert_eq!(CODES.len(), 249);
        assert_eq!(CountryCode::parse("FR"), Ok(CountryCode::FR));
    }

    #[test]
    fn other_texts_are_no_country() {
        for text in [
            "fr", "FRA", "F", "", " FR", "EL", "UK", "XI", "XK", "EU", "AA", "ZZ",
        ] {
            assert_eq!(CountryCode::parse(text), Err(UnknownCountry), "{text:?}");
        }
    }

    #[test]
    fn json_is_the_code() {
        let country: CountryCode = serde_json::from_str(r#""MC""#).unwrap();
        assert_eq!(serde_json::to_string(&country).unwrap(), r#""MC""#);
        assert_eq!(
            (country.as_str(), country.to_string().as_str()),
            ("MC", "MC")
        );
        assert!(serde_json::from_str::<CountryCode>(r#""mc""#).is_err());
    }
}
