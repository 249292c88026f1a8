//! The operations of the shop, grouped by what they are about.
//!
//! One file is one operation: its facts ([`platform::http::operation::Spec`]),
//! its input and output, its refusals and its `run`, read from top to bottom:
//! who, what exists, decide, commit, answer. Its binary in `src/bin` is one
//! call.

pub mod auth;
pub mod cards;
pub mod cart;
pub mod catalogue;
pub mod coupons;
pub mod events;
pub mod invoices;
pub mod ledger;
pub mod listing;
pub mod mails;
pub mod orders;
pub mod payments;
pub mod profile;
pub mod refunds;
#[cfg(feature = "registry")]
pub mod registry;
pub mod subscriptions;
pub mod system;
pub mod taxes;
