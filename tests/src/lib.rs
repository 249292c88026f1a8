//! What tests stand on: a shop to talk to, through its front door, and what
//! runs functions as they are deployed, as processes that ask a Lambda Runtime
//! API for events.

#![recursion_limit = "512"]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what cannot be fails, and says where"
)]

pub mod binaries;
pub mod event;
pub mod function;
pub mod runtime_api;
pub mod stack;

mod answer;
mod audit;
mod conduct;
pub mod documented;
pub mod proof;
pub mod shop;
pub mod stage;
