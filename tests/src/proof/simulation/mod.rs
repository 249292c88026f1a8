//! Histories of a whole shop under faults, each decided by one number.

mod banks;
mod deeds;
mod forger;
mod home;
pub mod hunt;
mod person;
mod plan;
mod play;
mod sessions;
mod staff;
mod tabs;
mod weather;

pub use plan::{History, Step};
pub use play::{Outcome, Stand};
