//! The cart.

pub mod clear_cart;
pub mod get_cart;
pub mod remove_cart_item;
pub mod set_cart_item;
