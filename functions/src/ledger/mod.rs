//! The books, for finance.

pub mod export_ledger;
mod references;
mod rows;
pub mod verify_ledger;
