//! Giving money back, by staff.

pub mod approve_refund;
pub mod get_payment;
pub mod refund;
mod steps;
pub mod views;
