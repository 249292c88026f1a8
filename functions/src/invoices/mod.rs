//! Invoices.

pub mod get_invoice;
pub mod get_invoice_pdf;
pub mod list_invoices;
mod reading;
pub mod views;
