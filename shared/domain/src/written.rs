//! Dates and rates as customers read them; [`crate::money::Money::format`]
//! writes amounts.

use crate::locale::Locale;
use jiff::civil::Date;

const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `1er novembre 2026`, `1 November 2026`.
pub fn date(date: Date, locale: Locale) -> String {
    let (months, first) = match locale {
        Locale::Fr => (FRENCH_MONTHS, "1er"),
        Locale::En => (ENGLISH_MONTHS, "1"),
    };
    let place = usize::try_from(date.month()).unwrap_or(0).saturating_sub(1);
    let month = months.get(place).copied().unwrap_or_default();
    let day = if date.day() == 1 {
        first.to_owned()
    } else {
        date.day().to_string()
    };
    format!("{day} {month} {}", date.year())
}

/// Basis points as a percentage: `20 %`, `8,5 %`; `20%`, `8.5%`.
pub fn percent(basis_points: u32, locale: Locale) -> String {
    let (mark, sign) = match locale {
        Locale::Fr => (",", "\u{a0}%"),
        Locale::En => (".", "%"),
    };
    let whole = basis_points / 100;
    let fraction = format!("{:02}", basis_points % 100);
    match fraction.trim_end_matches('0') {
        "" => format!("{whole}{sign}"),
        digits => format!("{whole}{mark}{digits}{sign}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_naturally_in_both_languages() {
        for (day, french, english) in [
            ("2026-11-20", "20 novembre 2026", "20 November 2026"),
            ("2027-08-01", "1er août 2027", "1 August 2027"),
            ("2028-02-29", "29 février 2028", "29 February 2028"),
        ] {
            let day: Date = day.parse().unwrap();
            assert_eq!(date(day, Locale::Fr), french);
            assert_eq!(date(day, Locale::En), english);
        }
    }

    #[test]
    fn rates_show_no_more_digits_than_they_have() {
        for (rate, french, english) in [
            (2_000, "20\u{a0}%", "20%"),
            (850, "8,5\u{a0}%", "8.5%"),
            (1_905, "19,05\u{a0}%", "19.05%"),
            (0, "0\u{a0}%", "0%"),
        ] {
            assert_eq!(percent(rate, Locale::Fr), french);
            assert_eq!(percent(rate, Locale::En), english);
        }
    }
}
