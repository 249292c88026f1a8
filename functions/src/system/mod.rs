//! The API about itself.

pub mod docs;
pub mod health;
pub mod no_route;
pub mod openapi;
