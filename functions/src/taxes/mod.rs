//! Taxes: what is asked of others about them.

pub mod check_vat_numbers;
