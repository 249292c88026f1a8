//! What an operation stands on.
//!
//! [`app::App`] holds everything that was built at the cold start;
//! [`http`] is the edge every request goes through; [`store`] is the one table;
//! [`payments`] is the one way money moves; [`identity`] says who calls. Every
//! input from outside (time, randomness, settings, HTTP) comes in through
//! [`app::Parts`].

pub mod app;
pub mod clock;
pub mod config;
pub mod connector;
pub mod http;
pub mod identity;
pub mod job;
pub mod lambda;
pub mod mail;
pub mod payments;
pub mod sealing;
pub mod secrets;
pub mod store;
pub mod sweep;
pub mod telemetry;
pub mod vies;
