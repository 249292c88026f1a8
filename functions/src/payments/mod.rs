//! The payment provider, and payments as customers see them.

pub(crate) mod disputes;
pub mod find_payments;
pub mod list_payments;
pub mod payment_webhook;
pub(crate) mod reasons;
pub mod reconcile_payments;
pub mod views;
