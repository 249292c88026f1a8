//! The books, for finance.

mod day_books;
mod day_view;
pub mod export_ledger;
pub mod get_ledger_day;
pub mod get_series;
mod references;
mod rows;
mod series_view;
pub mod verify_ledger;
