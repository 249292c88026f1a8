//! Orders.

pub mod answering;
pub mod cancel_order;
mod couponing;
pub mod create_order;
pub(crate) mod filter;
pub mod find_orders;
pub mod get_order;
pub mod get_order_timeline;
mod honouring;
pub mod list_orders;
pub mod offering;
pub mod pay_order;
pub mod placing;
pub mod quote_order;
mod quote_token;
pub mod quote_view;
mod taxing;
pub mod timeline_view;
pub mod views;
