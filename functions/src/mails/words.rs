//! Dates and rates as customers read them.

use domain::anchor::Zone;
use domain::locale::Locale;
pub(super) use domain::written::date;
pub(crate) use domain::written::percent;
use jiff::Timestamp;

/// The day of a moment in a zone.
pub(super) fn day(at: Timestamp, zone: &Zone, locale: Locale) -> String {
    date(zone.local(at).date(), locale)
}

/// `20 novembre 2026 à 14:30 (Europe/Paris)`.
pub(crate) fn moment(at: Timestamp, zone: &Zone, locale: Locale) -> String {
    let local = zone.local(at);
    let joint = match locale {
        Locale::Fr => "à",
        Locale::En => "at",
    };
    let day = date(local.date(), locale);
    format!(
        "{day} {joint} {:02}:{:02} ({})",
        local.hour(),
        local.minute(),
        zone.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_reader_s_zone() {
        let at: Timestamp = "2026-12-31T23:05:00Z".parse().unwrap();
        let paris = Zone::parse("Europe/Paris").unwrap();
        assert_eq!(
            moment(at, &paris, Locale::Fr),
            "1er janvier 2027 à 00:05 (Europe/Paris)"
        );
        assert_eq!(
            moment(at, &Zone::UTC, Locale::En),
            "31 December 2026 at 23:05 (UTC)"
        );
        assert_eq!(day(at, &paris, Locale::En), "1 January 2027");
    }
}
