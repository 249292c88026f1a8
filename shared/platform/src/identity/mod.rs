//! Who calls: passwords, mailed tokens, sessions, access tokens, and the
//! limits that keep guessing slow.

pub mod access;
pub(crate) mod derive;
mod jwt;
pub mod mailed_token;
pub mod password;
pub mod password_policy;
pub mod refresh_token;
pub mod registration;
pub mod session;
pub mod signing;
pub mod throttle;

pub use registration::seed_user;
