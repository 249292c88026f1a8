use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const NO_SALES: CrossBorderSales = CrossBorderSales {
    one_stop_shop: false,
    year_before: 0,
    this_year: 0,
};

fn decided(country: &str, postal_code: &str, tax_point: &str) -> TaxDecision {
    let buyer = Buyer {
        country: CountryCode::parse(country).unwrap(),
        postal_code,
        number: None,
    };
    decide(&buyer, &NO_SALES, tax_point.parse().unwrap())
}

#[test]
fn territories_are_told_from_their_countries_by_the_postal_code() {
    use TaxTreatment::{Domestic, Origin, OutsideScope};
    for (country, postal_codes, expected) in [
        ("FR", "75001 20200 é1", (Domestic, 2000)),
        ("MC", "98000", (Domestic, 2000)),
        ("FR", "97110 97-200 97400", (Domestic, 850)),
        ("GP", "97100", (Domestic, 850)),
        ("RE", "", (Domestic, 850)),
        ("MQ", "", (Domestic, 850)),
        (
            "FR",
            "97133 97150 97300 97500 97600 97700 97800",
            (OutsideScope, 0),
        ),
        ("FR", "98400 98600 98700 98800", (OutsideScope, 0)),
        ("GP", "97133 97150", (OutsideScope, 0)),
        ("ES", "35001 38001 51001 52001", (OutsideScope, 0)),
        ("ES", "ES-35001 E-38001 es35001", (OutsideScope, 0)),
        // Alicante, Albacete, without their zeros; a place in no list.
        ("ES", "28001 03501 3501 2380 351 ES-3501", (Origin, 2000)),
        // Without its zero, Ariège begins like what is overseas.
        ("FR", "9710 9730 F-75001", (Domestic, 2000)),
        ("FR", "F-97110 FR-97400", (Domestic, 850)),
        ("FR", "F-97300 FR-98800", (OutsideScope, 0)),
        ("GP", "F-97133", (OutsideScope, 0)),
        (
            "DE",
            "78266 27498 D-78266 DE-27498 d78266",
            (OutsideScope, 0),
        ),
        ("DE", "97400 78267 D-97400 X-78266", (Origin, 2000)),
        ("IT", "22061 23041 I-23041 IT-22061", (OutsideScope, 0)),
        ("GR", "63086 GR-63086 EL63086", (OutsideScope, 0)),
        ("FI", "22100 FI-22100 AX-22100", (OutsideScope, 0)),
        ("FI", "00220 2210 FI-00220", (Origin, 2000)),
        ("US", "97201", (OutsideScope, 0)),
        ("GB", "BT1", (OutsideScope, 0)),
        ("AX", "22100", (OutsideScope, 0)),
        ("GF", "97300", (OutsideScope, 0)),
    ] {
        for postal_code in postal_codes.split(' ') {
            let tax = decided(country, postal_code, "2026-01-15T12:00:00Z");
            assert_eq!(
                (tax.treatment, tax.rate_basis_points),
                expected,
                "{country} {postal_code}"
            );
        }
    }
}

#[test]
fn parts_of_a_country_with_a_rate_of_their_own_have_it() {
    let sales = CrossBorderSales {
        one_stop_shop: true,
        ..NO_SALES
    };
    for (country, postal_code, rate) in [
        ("AT", "6690", 2000),
        ("AT", "6691", 1900),
        ("AT", "6991", 1900),
        ("AT", "6992", 1900),
        ("AT", "6993", 1900),
        ("AT", "6994", 2000),
        ("AT", "A-6691", 1900),
        ("AT", "AT-6993", 1900),
        ("PT", "P-9000-001", 2200),
        ("PT", "PT-9500", 1600),
        ("PT", "8999-999", 2300),
        ("PT", "9000-001", 2200),
        ("PT", "9499-999", 2200),
        ("PT", "9500-001", 1600),
        ("PT", "9999-999", 1600),
    ] {
        let buyer = Buyer {
            country: CountryCode::parse(country).unwrap(),
            postal_code,
            number: None,
        };
        let tax = decide(&buyer, &sales, "2026-01-15T12:00:00Z".parse().unwrap());
        assert_eq!(tax.rate_basis_points, rate, "{country} {postal_code}");
    }
}

#[test]
fn every_member_state_has_a_rate_and_nobody_else() {
    let date = jiff::civil::date(2026, 1, 15);
    for first in 'A'..='Z' {
        for second in 'A'..='Z' {
            let Ok(country) = CountryCode::parse(&format!("{first}{second}")) else {
                continue;
            };
            let is_member = match place(country, "") {
                Place::Union { .. } => true,
                Place::France => country == CountryCode::FR,
                Place::Overseas | Place::Outside => false,
            };
            assert_eq!(
                rates::standard(country, date).is_some(),
                is_member,
                "{country}"
            );
        }
    }
}

#[test]
fn the_rate_is_that_of_the_tax_point_in_paris() {
    for (tax_point, rate) in [
        ("2013-12-31T22:59:59Z", 1960),
        ("2013-12-31T23:00:00Z", 2000),
        ("1999-01-01T00:00:00Z", 1960),
    ] {
        assert_eq!(decided("FR", "75001", tax_point).rate_basis_points, rate);
    }
}

#[test]
fn only_a_number_of_the_country_of_the_address_makes_a_business() {
    for (country, number, expected) in [
        ("DE", "DE136695976", TaxTreatment::ReverseCharge),
        ("DE", "ATU13585627", TaxTreatment::Origin),
        ("GR", "EL094259216", TaxTreatment::ReverseCharge),
        ("AT", "XI434031494", TaxTreatment::Origin),
    ] {
        let number = VatNumber::parse(number).unwrap();
        let buyer = Buyer {
            country: CountryCode::parse(country).unwrap(),
            postal_code: "10115",
            number: Some((&number, Registration::Valid)),
        };
        let tax = decide(&buyer, &NO_SALES, "2026-01-15T12:00:00Z".parse().unwrap());
        assert_eq!(tax.treatment, expected, "{country} {number}");
    }
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
        ("DE", "10115", "10 000 €).", "EUR 10,000)."),
        (
            "US",
            "10001",
            "(art. 259, 1° du CGI).",
            "(art. 259, 1° CGI).",
        ),
    ] {
        let tax = decided(country, postal_code, "2026-01-15T12:00:00Z");
        assert!(tax.reason.text(Locale::Fr).ends_with(french));
        assert!(tax.reason.text(Locale::En).ends_with(english));
    }
}

#[test]
fn a_decision_is_stored_with_the_names_of_the_api() {
    let tax = decided("FR", "75001", "2026-01-15T12:00:00Z");
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
