//! The HTTP edge: everything between a gateway event and an operation, once
//! for all operations.

pub mod cursor;
mod edge;
pub mod fields;
pub mod form;
pub mod guard;
mod incoming;
mod json;
mod object;
pub mod operation;
pub mod problem;
pub mod reply;
pub mod request;
pub mod signed;
pub mod views;

pub use edge::handle;
