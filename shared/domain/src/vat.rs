//! Value added tax on what the shop sells, as a seller established in France
//! only.
//!
//! Decided now: buyers in France, Monaco and the overseas departments where
//! French VAT applies. Not decided yet, and taxed at the French standard rate
//! with a reason that says so: reverse charge for businesses elsewhere in the
//! Union (CGI 283-2), destination rates above the threshold of Directive
//! 2006/112 art. 59c, and sales outside the VAT area of the Union, which
//! includes Guyane, Mayotte, Saint-Martin and Saint-Barthélemy.

pub use crate::country::{CountryCode, UnknownCountry};
use crate::locale::Locale;
use crate::rounding::{ArithmeticError, BASIS_POINTS, mul_ratio};
use jiff::civil::Date;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The French standard rate in basis points, from a date on (CGI 278).
const STANDARD: [(Date, u32); 2] = [
    (civil::date(2000, 4, 1), 1960),
    (civil::date(2014, 1, 1), 2000),
];

/// The standard rate of Guadeloupe, Martinique and La Réunion (CGI 296).
const OVERSEAS: u32 = 850;

/// The zone of tax points: the seller's.
const SELLER_ZONE: &str = "Europe/Paris";

/// Who owes which tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxTreatment {
    /// French VAT for a buyer in France.
    Domestic,
    /// French VAT for a buyer elsewhere.
    Origin,
    /// The buyer, a business, accounts for the tax.
    ReverseCharge,
    /// VAT of the buyer's country.
    Destination,
    /// No VAT of the Union.
    OutsideScope,
}

/// VAT category of EN 16931 (UNCL 5305).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VatCategory {
    /// `S`: taxed at a rate above zero.
    #[serde(rename = "S")]
    Standard,
    /// `AE`: reverse charge.
    #[serde(rename = "AE")]
    ReverseCharge,
    /// `O`: outside the scope of VAT.
    #[serde(rename = "O")]
    OutsideScope,
}

impl VatCategory {
    /// The code on the invoice.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::ReverseCharge => "AE",
            Self::OutsideScope => "O",
        }
    }
}

/// Why a sale is taxed as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxReason {
    /// The buyer is in metropolitan France or Monaco.
    FrenchVat,
    /// The buyer is in Guadeloupe, Martinique or La Réunion.
    FrenchVatOverseas,
    /// The buyer is elsewhere, for which the shop has no rule yet.
    FrenchRateUntilRulesExtend,
}

impl TaxReason {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::FrenchVat => "french_vat",
            Self::FrenchVatOverseas => "french_vat_overseas",
            Self::FrenchRateUntilRulesExtend => "french_rate_until_rules_extend",
        }
    }

    /// One sentence for the customer.
    pub const fn text(self, locale: Locale) -> &'static str {
        match (self, locale) {
            (Self::FrenchVat, Locale::Fr) => "TVA française au taux normal.",
            (Self::FrenchVat, Locale::En) => "French VAT at the standard rate.",
            (Self::FrenchVatOverseas, Locale::Fr) => {
                "TVA française au taux normal applicable en Guadeloupe, en Martinique et à La Réunion."
            }
            (Self::FrenchVatOverseas, Locale::En) => {
                "French VAT at the standard rate of Guadeloupe, Martinique and Réunion."
            }
            (Self::FrenchRateUntilRulesExtend, Locale::Fr) => {
                "TVA française au taux normal, appliquée à ce jour à tous les clients hors de France."
            }
            (Self::FrenchRateUntilRulesExtend, Locale::En) => {
                "French VAT at the standard rate, currently applied to all customers outside France."
            }
        }
    }
}

/// How a sale is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxDecision {
    /// Who owes which tax.
    pub treatment: TaxTreatment,
    /// Rate in basis points; 2000 is 20 %.
    pub rate_basis_points: u32,
    /// Category on the invoice.
    pub category: VatCategory,
    /// True when a later answer of a tax office may correct the decision.
    pub provisional: bool,
    /// Why.
    pub reason: TaxReason,
}

/// What tax depends on about the buyer.
#[derive(Debug, Clone, Copy)]
pub struct Buyer<'a> {
    /// Country of the billing address.
    pub country: CountryCode,
    /// Postal code of the billing address, as typed.
    pub postal_code: &'a str,
}

/// How a sale to this buyer is taxed at this tax point: the start of a period
/// billed in advance, read as a date in Paris.
pub fn decide(buyer: &Buyer<'_>, tax_point: Timestamp) -> TaxDecision {
    let standard = standard_rate(tax_point);
    let (treatment, rate_basis_points, reason) = match place(buyer) {
        Place::France => (TaxTreatment::Domestic, standard, TaxReason::FrenchVat),
        Place::Overseas => (
            TaxTreatment::Domestic,
            OVERSEAS,
            TaxReason::FrenchVatOverseas,
        ),
        Place::Elsewhere => (
            TaxTreatment::Origin,
            standard,
            TaxReason::FrenchRateUntilRulesExtend,
        ),
    };
    TaxDecision {
        treatment,
        rate_basis_points,
        category: VatCategory::Standard,
        provisional: false,
        reason,
    }
}

/// Where a buyer is, seen from French VAT.
enum Place {
    France,
    Overseas,
    Elsewhere,
}

/// Overseas departments and territories come with the code of France and their
/// postal code, or with a code of their own. (Directive 2006/112 art. 6; CGI
/// 294, 296.)
fn place(buyer: &Buyer<'_>) -> Place {
    let postal_code: String = buyer
        .postal_code
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    // Saint-Barthélemy and Saint-Martin kept postal codes of Guadeloupe.
    let outside = matches!(postal_code.as_str(), "97133" | "97150");
    match (buyer.country.as_str(), postal_code.get(..3)) {
        ("GP", _) | ("FR", Some("971")) if outside => Place::Elsewhere,
        ("GP" | "MQ" | "RE", _) | ("FR", Some("971" | "972" | "974")) => Place::Overseas,
        // Guyane, Saint-Pierre-et-Miquelon, Mayotte, the Pacific territories.
        ("FR", Some("973" | "975" | "976" | "977" | "978" | "984" | "986" | "987" | "988")) => {
            Place::Elsewhere
        }
        ("FR" | "MC", _) => Place::France,
        _ => Place::Elsewhere,
    }
}

fn standard_rate(tax_point: Timestamp) -> u32 {
    let date = crate::anchor::Zone::or_utc(SELLER_ZONE)
        .local(tax_point)
        .date();
    let [(_, earliest), ..] = STANDARD;
    STANDARD
        .iter()
        .rev()
        .find(|(from, _)| *from <= date)
        .map_or(earliest, |(_, rate)| *rate)
}

/// VAT on a base in minor units, rounded once, half away from zero.
///
/// # Errors
/// [`ArithmeticError::Overflow`].
pub fn vat_on(base_total: i64, rate_basis_points: u32) -> Result<i64, ArithmeticError> {
    mul_ratio(base_total, i64::from(rate_basis_points), BASIS_POINTS)
}

/// VAT of one rate on one document, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateTotal {
    /// Rate in basis points.
    pub rate: u32,
    /// Sum of the lines at this rate, without VAT.
    pub base: i64,
    /// VAT on that sum.
    pub tax: i64,
}

/// VAT of a document from its lines `(net in minor units, rate in basis
/// points)`, by rising rate: rounded once for each rate, never for a line, with
/// negative lines in their group. (EN 16931, BR-CO-17.)
///
/// # Errors
/// [`ArithmeticError::Overflow`].
pub fn tax_by_rate(lines: &[(i64, u32)]) -> Result<Vec<RateTotal>, ArithmeticError> {
    let mut bases = BTreeMap::<u32, i64>::new();
    for (net, rate) in lines {
        let base = bases.entry(*rate).or_default();
        *base = base.checked_add(*net).ok_or(ArithmeticError::Overflow)?;
    }
    bases
        .into_iter()
        .map(|(rate, base)| {
            Ok(RateTotal {
                rate,
                base,
                tax: vat_on(base, rate)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn rate(country: &str, postal_code: &str, tax_point: &str) -> (TaxTreatment, u32) {
        let country = CountryCode::parse(country).unwrap();
        let tax = decide(
            &Buyer {
                country,
                postal_code,
            },
            tax_point.parse().unwrap(),
        );
        (tax.treatment, tax.rate_basis_points)
    }

    #[test]
    fn france_is_told_from_its_territories_by_the_postal_code() {
        use TaxTreatment::{Domestic, Origin};
        for (country, postal_code, expected) in [
            ("FR", "75001", (Domestic, 2000)),
            ("FR", "20200", (Domestic, 2000)),
            ("FR", "", (Domestic, 2000)),
            ("FR", "é1", (Domestic, 2000)),
            ("MC", "98000", (Domestic, 2000)),
            ("FR", "97110", (Domestic, 850)),
            ("FR", " 97 200 ", (Domestic, 850)),
            ("FR", "97400", (Domestic, 850)),
            ("GP", "97100", (Domestic, 850)),
            ("RE", "", (Domestic, 850)),
            ("MQ", "", (Domestic, 850)),
            ("FR", "97133", (Origin, 2000)),
            ("FR", "97150", (Origin, 2000)),
            ("GP", "97133", (Origin, 2000)),
            ("FR", "97300", (Origin, 2000)),
            ("FR", "97500", (Origin, 2000)),
            ("FR", "97600", (Origin, 2000)),
            ("FR", "97700", (Origin, 2000)),
            ("FR", "97800", (Origin, 2000)),
            ("FR", "98400", (Origin, 2000)),
            ("FR", "98600", (Origin, 2000)),
            ("FR", "98700", (Origin, 2000)),
            ("FR", "98800", (Origin, 2000)),
            ("DE", "97400", (Origin, 2000)),
            ("US", "97201", (Origin, 2000)),
        ] {
            assert_eq!(
                rate(country, postal_code, "2026-01-15T12:00:00Z"),
                expected,
                "{country} {postal_code}"
            );
        }
    }

    #[test]
    fn the_rate_is_that_of_the_tax_point_in_paris() {
        assert_eq!(rate("FR", "75001", "2013-12-31T22:59:59Z").1, 1960);
        assert_eq!(rate("FR", "75001", "2013-12-31T23:00:00Z").1, 2000);
        assert_eq!(rate("FR", "75001", "2000-03-31T22:00:00Z").1, 1960);
        assert_eq!(
            rate("FR", "75001", "1999-01-01T00:00:00Z").1,
            1960,
            "the earliest known"
        );
    }

    #[test]
    fn the_customer_is_told_why_in_their_language() {
        for (country, postal_code, french, english) in [
            (
                "FR",
                "75001",
                "TVA française au taux normal.",
                "French VAT at the standard rate.",
            ),
            ("FR", "97400", "à La Réunion.", "and Réunion."),
            ("DE", "10115", "hors de France.", "outside France."),
        ] {
            let country = CountryCode::parse(country).unwrap();
            let tax = decide(
                &Buyer {
                    country,
                    postal_code,
                },
                "2026-01-15T12:00:00Z".parse().unwrap(),
            );
            assert!(tax.reason.text(Locale::Fr).ends_with(french));
            assert!(tax.reason.text(Locale::En).ends_with(english));
        }
    }

    #[test]
    fn a_decision_is_stored_with_the_names_of_the_api() {
        let buyer = Buyer {
            country: CountryCode::FR,
            postal_code: "75001",
        };
        let tax = decide(&buyer, "2026-01-15T12:00:00Z".parse().unwrap());
        let json = serde_json::to_value(tax).unwrap();
        let expected = serde_json::json!({
            "treatment": "domestic",
            "rate_basis_points": 2000,
            "category": "S",
            "provisional": false,
            "reason": "french_vat",
        });
        assert_eq!(json, expected);
        assert_eq!(json["reason"], tax.reason.code());
        assert_eq!(json["category"], tax.category.code());
        assert_eq!(serde_json::from_value::<TaxDecision>(json).unwrap(), tax);
    }

    proptest! {
        #[test]
        fn vat_is_rounded_once_for_each_rate(
            lines in vec((-1_000_000_i64..1_000_000, prop_oneof![Just(0_u32), Just(550), Just(850), Just(2000)]), 0..20),
        ) {
            let totals = tax_by_rate(&lines).unwrap();
            prop_assert!(totals.is_sorted_by(|a, b| a.rate < b.rate));
            let bases: i64 = totals.iter().map(|total| total.base).sum();
            prop_assert_eq!(bases, lines.iter().map(|line| line.0).sum::<i64>());
            for total in totals {
                // The exact tax of the whole group is at most half a unit away.
                let exact: i128 = lines
                    .iter()
                    .filter(|(_, rate)| *rate == total.rate)
                    .map(|(net, rate)| i128::from(*net) * i128::from(*rate))
                    .sum();
                prop_assert!((i128::from(total.tax) * 10_000 - exact).abs() <= 5_000);
            }
        }

        #[test]
        fn a_credit_note_takes_back_exactly_the_vat_of_its_invoice(
            lines in vec((0_i64..1_000_000, prop_oneof![Just(850_u32), Just(2000)]), 0..10),
        ) {
            let credits: Vec<(i64, u32)> = lines.iter().map(|(net, rate)| (-net, *rate)).collect();
            let taken_back: Vec<i64> = tax_by_rate(&credits).unwrap().iter().map(|total| -total.tax).collect();
            let charged: Vec<i64> = tax_by_rate(&lines).unwrap().iter().map(|total| total.tax).collect();
            prop_assert_eq!(taken_back, charged);
        }
    }
}
