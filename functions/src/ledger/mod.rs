//! The books, for finance.

mod day_books;
mod day_view;
pub mod export_ledger;
pub mod get_ledger_day;
mod references;
mod rows;
pub mod verify_ledger;
