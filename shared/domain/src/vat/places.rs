//! Where a buyer is, seen from the VAT of the Union. Territories come with
//! the code of their country and a postal code, or with a code of their own.
//! (Directive 2006/112 art. 5 to 7, 104, 105; CGI 294, 296.)

use crate::country::CountryCode;

/// Where a buyer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Metropolitan France or Monaco.
    France,
    /// Guadeloupe, Martinique or La Réunion.
    Overseas,
    /// Elsewhere in the Union, where a part of the country may have a rate of
    /// its own, in basis points.
    Union { own_rate: Option<u32> },
    /// Where no VAT of the Union is due.
    Outside,
}

/// What stands before a postal code that is written for abroad: the country's
/// code, or the one on its cars.
const FOR_ABROAD: [(&str, &[&str]); 9] = [
    ("AT", &["A", "AT"]),
    ("DE", &["D", "DE"]),
    ("ES", &["E", "ES"]),
    ("FI", &["AX", "FI", "FIN"]),
    ("FR", &["F", "FR"]),
    ("GP", &["F", "FR", "GP"]),
    ("GR", &["EL", "GR"]),
    ("IT", &["I", "IT"]),
    ("PT", &["P", "PT"]),
];

/// A postal code as typed, without separators and what stands before it.
fn bare(country: CountryCode, postal_code: &str) -> String {
    let mut code: String = postal_code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let digits = code.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let letters = code.len().saturating_sub(digits.len());
    let stands_before = FOR_ABROAD
        .iter()
        .filter(|(of, _)| *of == country.as_str())
        .any(|(_, known)| known.iter().any(|it| code.get(..letters) == Some(*it)));
    if stands_before {
        code.drain(..letters);
    }
    code
}

/// The place of a billing address. The postal code is read as typed; where a
/// zero may be missing at its beginning, one of four digits says nothing.
pub(super) fn place(country: CountryCode, postal_code: &str) -> Place {
    let code = bare(country, postal_code);
    let is_whole = code.len() == 5;
    let begins = |starts: &[&str]| starts.iter().any(|start| code.starts_with(start));
    match country.as_str() {
        "FR" if is_whole => france(&begins),
        "FR" | "MC" => Place::France,
        // Saint-Barthélemy and Saint-Martin kept postal codes of Guadeloupe.
        "GP" if begins(&["97133", "97150"]) => Place::Outside,
        "GP" | "MQ" | "RE" => Place::Overseas,
        // The Canaries, Ceuta, Melilla.
        "ES" if is_whole && begins(&["35", "38", "51", "52"]) => Place::Outside,
        // Büsingen, Heligoland.
        "DE" if begins(&["78266", "27498"]) => Place::Outside,
        // Campione d'Italia, Livigno.
        "IT" if begins(&["22061", "23041"]) => Place::Outside,
        // Mount Athos; Åland.
        "GR" if begins(&["63086"]) => Place::Outside,
        "FI" if is_whole && begins(&["22"]) => Place::Outside,
        // Jungholz, Mittelberg.
        "AT" if begins(&["6691", "6991", "6992", "6993"]) => Place::Union {
            own_rate: Some(1900),
        },
        // Madeira, the Azores.
        "PT" if begins(&["90", "91", "92", "93", "94"]) => Place::Union {
            own_rate: Some(2200),
        },
        "PT" if begins(&["95", "96", "97", "98", "99"]) => Place::Union {
            own_rate: Some(1600),
        },
        code if MEMBERS.contains(&code) => Place::Union { own_rate: None },
        _ => Place::Outside,
    }
}

fn france(begins: &dyn Fn(&[&str]) -> bool) -> Place {
    // Saint-Barthélemy, Saint-Martin; Guyane, Saint-Pierre-et-Miquelon,
    // Mayotte, the islands' later codes, the southern and Pacific territories.
    let outside = [
        "97133", "97150", "973", "975", "976", "977", "978", "984", "986", "987", "988",
    ];
    if begins(&outside) {
        Place::Outside
    } else if begins(&["971", "972", "974"]) {
        Place::Overseas
    } else {
        Place::France
    }
}

/// Member states other than France.
const MEMBERS: [&str; 26] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];
