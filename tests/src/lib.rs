//! What tests and benches need to run functions as they are deployed: as
//! processes that ask a Lambda Runtime API for events.

pub mod binaries;
pub mod event;
pub mod function;
pub mod runtime_api;
pub mod stack;
