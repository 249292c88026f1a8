//! The user itself.

pub mod get_profile;
