//! Orders.

pub mod answering;
pub mod cancel_order;
pub mod create_order;
pub mod get_order;
pub mod list_orders;
pub mod placing;
mod taxing;
pub mod views;
