//! Codes out of closed lists: currencies, countries, languages, time zones.

use crate::text;
use crate::texts::stored;
use domain::anchor::Zone;
use domain::locale::Locale;
use domain::money::Currency;
use domain::vat::CountryCode;

/// A code that is read is printed as it was written; a time zone, which is
/// read in any case, as the list writes it.
pub(crate) fn codes(data: &[u8]) {
    let text = text(data);
    if let Ok(currency) = Currency::parse(&text) {
        assert_eq!(currency.as_str(), text);
        assert_eq!(currency.to_string(), text);
        assert!(text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()));
        assert!([0, 2, 3].contains(&currency.minor_unit_digits()));
        stored(&currency);
    }
    if let Ok(country) = CountryCode::parse(&text) {
        assert_eq!(country.as_str(), text);
        assert!(text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()));
        stored(&country);
    }
    let locale = Locale::parse(&text);
    assert_eq!(locale.is_some(), ["fr", "en"].contains(&text.as_ref()));
    if let Some(locale) = locale {
        assert_eq!(locale.as_str(), text);
        stored(&locale);
    }
    if let Ok(zone) = Zone::parse(&text) {
        assert!(
            zone.name().eq_ignore_ascii_case(&text),
            "{text:?}: {}",
            zone.name()
        );
        assert_eq!(Zone::parse(zone.name()).as_ref(), Ok(&zone));
        assert_eq!(Zone::or_utc(&text), zone);
        stored(&zone);
    } else {
        assert_eq!(Zone::or_utc(&text), Zone::UTC);
    }
}
