//! Which rate of VAT a buyer pays, written anew and not taken from the shop.

use crate::item::Item;

/// France since 2014 (CGI 278), in basis points. What is sold to other
/// countries is taxed so too, until the shop has their rules.
const STANDARD: i128 = 2000;

/// Guadeloupe, Martinique and La Réunion (CGI 296).
const OVERSEAS: i128 = 850;

/// The rate for the buyer that an order names.
pub(crate) fn rate_for(order: &Item) -> i128 {
    let postal_code: String = order.text("postal_code").split_whitespace().collect();
    let code = postal_code.as_str();
    // Saint-Barthélemy and Saint-Martin left Guadeloupe and kept its codes.
    let has_left = matches!(code, "97133" | "97150");
    let is_overseas = match order.text("country") {
        "FR" => ["971", "972", "974"]
            .iter()
            .any(|island| code.starts_with(island)),
        "GP" | "MQ" | "RE" => true,
        _ => false,
    };
    if is_overseas && !has_left {
        OVERSEAS
    } else {
        STANDARD
    }
}

#[cfg(test)]
mod tests {
    use super::rate_for;
    use crate::item::Item;
    use serde_json::json;

    #[test]
    fn islands_pay_less_and_those_that_left_do_not() {
        for (country, postal_code, rate) in [
            ("FR", "75001", 2000),
            ("FR", "97400", 850),
            ("FR", "97 110", 850),
            ("FR", "97150", 2000),
            ("RE", "97400", 850),
            ("FR", "97300", 2000),
            ("DE", "97400", 2000),
        ] {
            let order = json!({"country": {"S": country}, "postal_code": {"S": postal_code}});
            let order = Item::read(&order).unwrap();
            assert_eq!(rate_for(&order), rate, "{country} {postal_code}");
        }
    }
}
