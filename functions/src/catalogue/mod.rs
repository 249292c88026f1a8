//! What is for sale.

mod caching;
pub mod get_product;
pub mod list_products;
mod product_view;
pub(crate) mod search;

#[cfg(test)]
mod seed_tests;
