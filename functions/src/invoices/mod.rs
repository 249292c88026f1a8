//! Invoices.

pub mod get_invoice;
pub mod list_invoices;
pub mod views;
