//! Standard rates of the Union: dated data, to be reviewed every quarter.
//! (Taxes in Europe database of the Commission; CGI 278, 296.)

use crate::country::CountryCode;
use jiff::civil::{Date, date};

/// Rates in basis points, each from a date on.
type Rates = &'static [(Date, u32)];

/// Long before the shop's first sale.
const ALWAYS: Date = date(2000, 1, 1);

/// The standard rate of each member state, by ISO code.
const STANDARD: [(&str, Rates); 27] = [
    ("AT", &[(ALWAYS, 2000)]),
    ("BE", &[(ALWAYS, 2100)]),
    ("BG", &[(ALWAYS, 2000)]),
    ("CY", &[(ALWAYS, 1900)]),
    ("CZ", &[(ALWAYS, 2100)]),
    ("DE", &[(ALWAYS, 1900)]),
    ("DK", &[(ALWAYS, 2500)]),
    (
        "EE",
        &[
            (ALWAYS, 2000),
            (date(2024, 1, 1), 2200),
            (date(2025, 7, 1), 2400),
        ],
    ),
    ("ES", &[(ALWAYS, 2100)]),
    ("FI", &[(ALWAYS, 2400), (date(2024, 9, 1), 2550)]),
    ("FR", &[(ALWAYS, 1960), (date(2014, 1, 1), 2000)]),
    ("GR", &[(ALWAYS, 2400)]),
    ("HR", &[(ALWAYS, 2500)]),
    ("HU", &[(ALWAYS, 2700)]),
    ("IE", &[(ALWAYS, 2300)]),
    ("IT", &[(ALWAYS, 2200)]),
    ("LT", &[(ALWAYS, 2100)]),
    (
        "LU",
        &[
            (ALWAYS, 1700),
            (date(2023, 1, 1), 1600),
            (date(2024, 1, 1), 1700),
        ],
    ),
    ("LV", &[(ALWAYS, 2100)]),
    ("MT", &[(ALWAYS, 1800)]),
    ("NL", &[(ALWAYS, 2100)]),
    ("PL", &[(ALWAYS, 2300)]),
    ("PT", &[(ALWAYS, 2300)]),
    ("RO", &[(ALWAYS, 1900), (date(2025, 8, 1), 2100)]),
    ("SE", &[(ALWAYS, 2500)]),
    ("SI", &[(ALWAYS, 2200)]),
    ("SK", &[(ALWAYS, 2000), (date(2025, 1, 1), 2300)]),
];

/// The standard rate of Guadeloupe, Martinique and La Réunion (CGI 296).
pub(super) const OVERSEAS: u32 = 850;

/// The standard rate of a member state on a day; none for any other country.
pub(super) fn standard(country: CountryCode, on: Date) -> Option<u32> {
    let (_, rates) = STANDARD
        .iter()
        .find(|(code, _)| *code == country.as_str())?;
    let in_force = rates.iter().rev().find(|(from, _)| *from <= on);
    in_force.or(rates.first()).map(|(_, rate)| *rate)
}
