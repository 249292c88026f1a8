//! Coupons, as administrators make and end them.

pub mod create_coupon;
pub mod end_coupon;
pub mod get_coupon;
pub mod list_coupons;
mod reading;
pub mod views;
