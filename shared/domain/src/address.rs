//! Billing addresses: the buyer block of an invoice.

use crate::text::Line;
use crate::vat::CountryCode;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who is billed and where. Personal data: it rests sealed and has no `Debug`
/// that shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingAddress {
    /// Person or contact.
    pub name: Line<200>,
    /// Company, if the buyer is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Line<200>>,
    /// Street and number.
    pub line1: Line<200>,
    /// Building, floor, suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<Line<200>>,
    /// Postal code.
    pub postal_code: Line<16>,
    /// City.
    pub city: Line<100>,
    /// Region or state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Line<100>>,
    /// Country.
    pub country: CountryCode,
    /// VAT number, shown on the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<Line<20>>,
}

impl fmt::Debug for BillingAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BillingAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_does_not_show_in_debug_output() {
        let json = r#"{"name":"Ada","line1":"1 rue X","postal_code":"75001","city":"Paris","country":"FR"}"#;
        let address: BillingAddress = serde_json::from_str(json).unwrap();
        assert_eq!(format!("{address:?}"), "BillingAddress(…)");
        assert_eq!(serde_json::to_string(&address).unwrap(), json);
    }
}
