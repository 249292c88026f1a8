//! What is for sale.

pub mod get_product;
pub mod list_products;
