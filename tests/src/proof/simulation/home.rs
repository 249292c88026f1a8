//! Who lives where: not all pay the same tax, nor in euros.

use crate::shop::address;
use serde_json::{Value, json};

/// Where somebody lives, and the money they pay in.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Home {
    country: &'static str,
    postal_code: &'static str,
    pub(super) currency: &'static str,
    pub(super) vat_number: Option<&'static str>,
}

const HOMES: [Home; 4] = [
    home("FR", "75001", "EUR", None),
    home("FR", "97400", "USD", None),
    home("DE", "10115", "EUR", Some("DE136695976")),
    home("IT", "20121", "EUR", None),
];

const fn home(
    country: &'static str,
    postal_code: &'static str,
    currency: &'static str,
    vat_number: Option<&'static str>,
) -> Home {
    Home {
        country,
        postal_code,
        currency,
        vat_number,
    }
}

impl Home {
    /// That of the customer with this number.
    pub(super) fn of(index: usize) -> Self {
        HOMES[index % HOMES.len()]
    }

    /// The billing address.
    pub(super) fn address(&self) -> Value {
        let mut address = address();
        address["country"] = json!(self.country);
        address["postalCode"] = json!(self.postal_code);
        address
    }
}
