//! The cart.
//!
//! A cart belongs to an account or to a guest's token. It lives 30 days after
//! the last change; then every operation but [`clear_cart`], which begins it
//! anew, says that it has expired.

pub mod clear_cart;
pub mod get_cart;
pub mod merge_cart;
pub mod remove_cart_item;
pub mod set_cart_item;
pub(crate) mod shopper;
mod view;
