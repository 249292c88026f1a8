//! The books, for finance.

pub mod verify_ledger;
