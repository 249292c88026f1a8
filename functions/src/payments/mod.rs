//! The payment provider.

pub mod payment_webhook;
pub mod reconcile_payments;
