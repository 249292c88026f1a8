//! The languages the shop speaks to customers.

use serde::{Deserialize, Serialize};

/// A language of customer-facing texts. French unless another is asked for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// French.
    #[default]
    Fr,
    /// English.
    En,
}

impl Locale {
    /// Reads `fr` or `en`, lower case.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "fr" => Some(Self::Fr),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// `fr` or `en`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The language an `Accept-Language` header value prefers: the highest
    /// weight wins, then the earlier place. `*` stands for languages the header
    /// does not name. Ranges that cannot be read are ignored, and without a
    /// match the answer is French: a header never makes a request fail.
    /// (RFC 9110, 12.5.4.)
    pub fn negotiate(header: &str) -> Self {
        let ranges: Vec<(&str, u16)> = header.split(',').filter_map(language_range).collect();
        let preference = |locale: Self| {
            let named = ranges
                .iter()
                .enumerate()
                .filter(|(_, (name, _))| *name == locale.as_str());
            let any = ranges
                .iter()
                .enumerate()
                .filter(|(_, (name, _))| *name == "*");
            let best = |range: &(usize, &(&str, u16))| (range.1.1, std::cmp::Reverse(range.0));
            named
                .max_by_key(best)
                .or_else(|| any.max_by_key(best))
                .map(|range| best(&range))
        };
        match (preference(Self::Fr), preference(Self::En)) {
            (_, Some((0, _)) | None) => Self::Fr,
            (french, english) if english > french => Self::En,
            _ => Self::Fr,
        }
    }
}

/// The primary language of one range, if it is ours or `*`, and its weight in
/// thousandths.
fn language_range(range: &str) -> Option<(&'static str, u16)> {
    let (tag, parameter) = match range.split_once(';') {
        Some((tag, parameter)) => (tag, Some(parameter)),
        None => (range, None),
    };
    let primary = tag.trim().split('-').next()?;
    let name = ["fr", "en", "*"]
        .into_iter()
        .find(|name| primary.eq_ignore_ascii_case(name))?;
    Some((name, parameter.map_or(Some(1000), weight)?))
}

/// `q=0.8` in thousandths.
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_highest_weight_wins_then_the_earlier_place() {
        for (header, locale) in [
            ("", Locale::Fr),
            ("de", Locale::Fr),
            ("en", Locale::En),
            ("EN-us", Locale::En),
            ("fr-FR,fr;q=0.9,en;q=0.8", Locale::Fr),
            ("en-GB,en;q=0.9,fr;q=0.8", Locale::En),
            ("fr;q=0.3, en;q=0.31", Locale::En),
            ("fr;q=0.5,en;q=0.5", Locale::Fr),
            ("en;q=0.5,fr;q=0.5", Locale::En),
            ("*", Locale::Fr),
            ("de, *;q=0.5", Locale::Fr),
            ("fr;q=0, *", Locale::En),
            ("fr;q=0.1, *;q=0.5", Locale::En),
            ("en;q=0", Locale::Fr),
            ("fr;q=0, en;q=0", Locale::Fr),
            ("en;q=2, fr;q=0.1", Locale::Fr),
            ("en;q=1.001", Locale::Fr),
            ("en;q=0.+5", Locale::Fr),
            ("en;r=1", Locale::Fr),
            ("en;q=0.12345", Locale::Fr),
            ("english", Locale::Fr),
            ("en ; q=1.000 , fr;q=0.999", Locale::En),
        ] {
            assert_eq!(Locale::negotiate(header), locale, "{header:?}");
        }
    }

    #[test]
    fn a_locale_reads_what_it_writes() {
        for locale in [Locale::Fr, Locale::En] {
            assert_eq!(Locale::parse(locale.as_str()), Some(locale));
            assert_eq!(serde_json::to_value(locale).unwrap(), locale.as_str());
        }
        assert_eq!(Locale::parse("FR"), None);
        assert_eq!(Locale::parse("fr-FR"), None);
    }

    proptest! {
        #[test]
        fn any_header_is_answered(header in ".*") {
            Locale::negotiate(&header);
        }
    }
}
