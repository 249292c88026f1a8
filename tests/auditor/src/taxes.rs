//! Which rate of VAT a buyer pays, written anew and not taken from the shop.
//! As of 2026, for a seller in France that is in no one-stop shop.

use crate::calendar::paris;
use crate::item::Item;
use crate::table::Table;
use jiff::Timestamp;

/// France since 2014 (CGI 278), in basis points.
const FRANCE: i128 = 2000;

/// Guadeloupe, Martinique and La Réunion (CGI 296).
const OVERSEAS: i128 = 850;

/// Standard rates elsewhere in the Union.
const UNION: [(&str, i128); 26] = [
    ("AT", 2000),
    ("BE", 2100),
    ("BG", 2000),
    ("CY", 1900),
    ("CZ", 2100),
    ("DE", 1900),
    ("DK", 2500),
    ("EE", 2400),
    ("ES", 2100),
    ("FI", 2550),
    ("GR", 2400),
    ("HR", 2500),
    ("HU", 2700),
    ("IE", 2300),
    ("IT", 2200),
    ("LT", 2100),
    ("LU", 1700),
    ("LV", 2100),
    ("MT", 1800),
    ("NL", 2100),
    ("PL", 2300),
    ("PT", 2300),
    ("RO", 2100),
    ("SE", 2500),
    ("SI", 2200),
    ("SK", 2300),
];

/// Cross-border sales in a year, in cents, above which consumers pay the VAT of
/// their country.
const THRESHOLD: i128 = 1_000_000;

/// Where somebody is, for VAT.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Taxed(i128),
    Union(i128),
    Untaxed,
}

/// Letters people put before the postal code of a country.
const LETTERS: [&str; 17] = [
    "A", "AT", "AX", "D", "DE", "E", "EL", "ES", "F", "FI", "FR", "GR", "I", "IT", "P", "PT", "FIN",
];

/// Postal codes of places that belong to a member state and not to the area of
/// its VAT (Directive 2006/112 art. 6), by their beginnings; all have five
/// digits.
const NOT_IN_THE_AREA: [(&str, &str); 10] = [
    ("DE", "27498"),
    ("DE", "78266"),
    ("ES", "35"),
    ("ES", "38"),
    ("ES", "51"),
    ("ES", "52"),
    ("FI", "22"),
    ("GR", "63086"),
    ("IT", "22061"),
    ("IT", "23041"),
];

/// Rates of parts of a member state, by the first two or four digits.
const PARTS: [(&str, &str, i128); 14] = [
    ("AT", "6691", 1900),
    ("AT", "6991", 1900),
    ("AT", "6992", 1900),
    ("AT", "6993", 1900),
    ("PT", "90", 2200),
    ("PT", "91", 2200),
    ("PT", "92", 2200),
    ("PT", "93", 2200),
    ("PT", "94", 2200),
    ("PT", "95", 1600),
    ("PT", "96", 1600),
    ("PT", "97", 1600),
    ("PT", "98", 1600),
    ("PT", "99", 1600),
];

/// The digits of a postal code, if they are all there is to it.
fn digits_of(postal_code: &str) -> String {
    let (letters, digits): (String, String) = postal_code
        .to_uppercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .partition(|c| c.is_alphabetic());
    match letters.is_empty() || LETTERS.contains(&letters.as_str()) {
        true => digits,
        false => String::new(),
    }
}

fn place(country: &str, postal_code: &str) -> Place {
    let code = digits_of(postal_code);
    let of_five = |starts: &str| code.len() == 5 && code.starts_with(starts);
    let is_off = |(of, starts): &(&str, &str)| *of == country && of_five(starts);
    if NOT_IN_THE_AREA.iter().any(is_off) {
        return Place::Untaxed;
    }
    let is_part =
        |(of, starts, _): &&(&str, &str, i128)| *of == country && code.starts_with(starts);
    if let Some((_, _, rate)) = PARTS.iter().find(is_part) {
        return Place::Union(*rate);
    }
    let any = |starts: &[&str]| starts.iter().any(|start| of_five(start));
    // Saint-Barthélemy and Saint-Martin left Guadeloupe and kept its codes.
    let has_left = any(&["97133", "97150"]);
    match country {
        "FR" | "GP" if has_left => Place::Untaxed,
        "GP" | "MQ" | "RE" => Place::Taxed(OVERSEAS),
        "FR" if any(&["971", "972", "974"]) => Place::Taxed(OVERSEAS),
        "FR" if any(&["97", "984", "986", "987", "988"]) => Place::Untaxed,
        "FR" | "MC" => Place::Taxed(FRANCE),
        other => UNION
            .iter()
            .find(|(code, _)| *code == other)
            .map_or(Place::Untaxed, |(_, rate)| Place::Union(*rate)),
    }
}

/// The rate for who an order or a subscription names, if this is sold to them
/// at this tax point, by what the table knows of their number and of what was
/// sold across borders.
pub(crate) fn lawful_rate(
    table: &Table,
    pk: &str,
    buyer: &Item,
    net: i128,
    tax_point: Timestamp,
) -> i128 {
    let there = match place(buyer.text("country"), buyer.text("postal_code")) {
        Place::Taxed(rate) => return rate,
        Place::Untaxed => return 0,
        Place::Union(rate) => rate,
    };
    let number = format!("VATNUMBER#{}", buyer.text("vat_number"));
    let known = table.get(pk, &number);
    if known.is_some_and(|it| matches!(it.text("registration"), "valid" | "pending")) {
        return 0;
    }
    let year = paris(tax_point).map_or(0, jiff::civil::Date::year);
    let sold = |year: i16| {
        let counter = table.get(&format!("SERIES#F{year}"), "COUNTER");
        counter.map_or(0, |it| it.at("cross_border").count())
    };
    let this_year = sold(year).saturating_add(net);
    if this_year > THRESHOLD || sold(year.saturating_sub(1)) > THRESHOLD {
        there
    } else {
        FRANCE
    }
}

/// What of an invoice counts towards the threshold.
pub(crate) fn cross_border(invoice: &Item) -> i128 {
    match invoice.text("tax.treatment") {
        // Not counted back: the threshold is passed rather too early.
        _ if invoice.at("correction").is_set() => 0,
        "origin" | "destination" => invoice.at("totals.net.amount").count(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn item(raw: &Value) -> Item {
        Item::read(raw).unwrap()
    }

    fn rate(country: &str, postal_code: &str, table: &Table) -> i128 {
        let buyer = item(&json!({
            "country": {"S": country},
            "postal_code": {"S": postal_code},
            "vat_number": {"S": "ab"},
        }));
        let tax_point = "2026-06-01T00:00:00Z".parse().unwrap();
        lawful_rate(table, "ACCOUNT#1", &buyer, 10, tax_point)
    }

    #[test]
    fn islands_pay_less_and_those_that_left_nothing() {
        for (country, postal_code, expected) in [
            ("FR", "75001", 2000),
            ("FR", "97400", 850),
            ("FR", "97 110", 850),
            ("FR", "97150", 0),
            ("RE", "97400", 850),
            ("FR", "97300", 0),
            ("DE", "97400", 2000),
            ("US", "10001", 0),
            ("ES", "38001", 0),
            ("ES", "E-38001", 0),
            ("ES", "3801", 2000),
            ("FR", "F-97300", 0),
            ("FR", "9730", 2000),
            ("FR", "F-97400", 850),
            ("DE", "78266", 0),
            ("DE", "D-27498", 0),
            ("IT", "I-23041", 0),
            ("IT", "22061", 0),
            ("GR", "GR 630 86", 0),
            ("FI", "AX-22100", 0),
            ("FI", "2210", 2000),
            ("FI", "22100", 0),
        ] {
            let paid = rate(country, postal_code, &Table::default());
            assert_eq!(paid, expected, "{country} {postal_code}");
        }
    }

    #[test]
    fn parts_of_a_country_have_rates_of_their_own() {
        for (country, postal_code, expected) in [
            ("AT", "A-6691", 1900),
            ("AT", "6992", 1900),
            ("AT", "1010", 2000),
            ("PT", "PT-9000-001", 2200),
            ("PT", "9500", 1600),
            ("PT", "1000-001", 2300),
        ] {
            assert_eq!(
                place(country, postal_code),
                Place::Union(expected),
                "{country} {postal_code}"
            );
        }
    }

    #[test]
    fn whoever_has_a_number_pays_nothing_and_the_rest_by_the_threshold() {
        let mut table = Table::default();
        let mut write = |pk: &str, sk: &str, raw: Value| {
            table.write(pk, sk, Some(Arc::new(item(&raw))));
            rate("DE", "10115", &table)
        };
        for (registration, expected) in [("valid", 0), ("pending", 0), ("invalid", 2000)] {
            let known = json!({"registration": {"S": registration}});
            assert_eq!(write("ACCOUNT#1", "VATNUMBER#ab", known), expected);
        }
        for (year, sold, expected) in [
            (2026, "999990", 2000),
            (2026, "999991", 1900),
            (2026, "0", 2000),
            (2025, "1000000", 2000),
            (2025, "1000001", 1900),
        ] {
            let counter = json!({"cross_border": {"N": sold}});
            let paid = write(&format!("SERIES#F{year}"), "COUNTER", counter);
            assert_eq!(paid, expected, "{sold} in {year}");
        }
    }
}
