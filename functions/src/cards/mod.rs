//! Saved payment methods, as customers see them.

pub mod create_payment_method;
pub mod list_payment_methods;
pub mod remove_payment_method;
pub mod set_default_payment_method;
mod steps;
pub mod views;
