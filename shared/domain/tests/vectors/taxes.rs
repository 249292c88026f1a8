//! VAT: numbers, and who pays which.

use crate::rows::rows;
use domain::anchor::Zone;
use domain::vat::{Buyer, CountryCode, CrossBorderSales, Registration, decide};
use domain::vat_number::{VatNumber, begins_elsewhere};
use jiff::civil::Date;

fn registration(text: &str) -> Registration {
    match text {
        "valid" => Registration::Valid,
        "invalid" => Registration::Invalid,
        "pending" | "" => Registration::Pending,
        answer => panic!("VIES says {answer}"),
    }
}

#[test]
fn sales_are_taxed_by_buyer_register_and_threshold() {
    for row in rows("vat_decision.csv", 58) {
        let number = VatNumber::parse(row.text("vat_number")).ok();
        let buyer = Buyer {
            country: CountryCode::parse(row.text("country")).unwrap(),
            postal_code: row.text("postcode"),
            number: number
                .as_ref()
                .map(|number| (number, registration(row.text("vies")))),
        };
        let sales = CrossBorderSales {
            one_stop_shop: row.text("oss") == "yes",
            year_before: row.get::<i64>("b2c_prev_eur") * 100,
            this_year: row.get::<i64>("b2c_curr_eur") * 100,
        };
        let noon = row.get::<Date>("tax_point").at(12, 0, 0, 0);
        let tax_point = Zone::parse("Europe/Paris").unwrap().instant(noon).unwrap();
        let tax = decide(&buyer, &sales, tax_point);
        let treatment = serde_json::to_value(tax.treatment).unwrap();
        assert_eq!(treatment, row.text("treatment"), "{row:?}");
        assert_eq!(tax.rate_basis_points, row.get::<u32>("rate_bp"), "{row:?}");
        assert_eq!(tax.category.code(), row.text("category"), "{row:?}");
        assert_eq!(tax.provisional, row.text("provisional") == "yes", "{row:?}");
    }
}

#[test]
fn vat_numbers_are_read_as_typed_and_their_digits_checked() {
    for row in rows("vat_numbers.csv", 112) {
        let number = VatNumber::parse(row.text("number"));
        let is_good = number.as_ref().is_ok_and(VatNumber::has_good_digits);
        assert_eq!(is_good, row.text("valid") == "yes", "{row:?}");
        if let Ok(number) = number {
            assert_eq!(number.as_str(), row.text("normalised"), "{row:?}");
        }
    }
}

#[test]
fn vat_numbers_have_the_format_of_their_country() {
    for row in rows("vat_syntax.csv", 53) {
        let is_number = VatNumber::parse(row.text("number")).is_ok();
        assert_eq!(is_number, row.text("valid") == "yes", "{row:?}");
    }
}

#[test]
fn check_digits_are_those_another_validator_finds_good() {
    for row in rows("vat_digits.csv", 1818) {
        let number = VatNumber::parse(row.text("number"));
        let is_good = number.is_ok_and(|number| number.has_good_digits());
        assert_eq!(is_good, row.text("valid") == "yes", "{row:?}");
    }
}

#[test]
fn a_text_begins_like_a_number_of_another_country_or_is_a_wrong_one_of_this() {
    for (country, typed, expected) in [
        ("DE", "CHE-116.281.710", true),
        ("DE", "at u1", true),
        ("DE", "XI12", true),
        ("DE", "DE1", false),
        ("DE", "12345678", false),
        ("DE", "yes", false),
        ("DE", "é1", false),
        ("GR", "GR1", false),
        ("GR", "EL1", false),
        ("MC", "FR1", false),
        ("MC", "MC1", false),
        ("FR", "MC1", true),
        ("ES", "B1234567", false),
        ("AT", "U1234567", false),
    ] {
        let country = CountryCode::parse(country).unwrap();
        let told = begins_elsewhere(country, typed);
        assert_eq!(told, expected, "{country} {typed}");
    }
}
