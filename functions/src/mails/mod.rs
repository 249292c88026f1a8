//! The mails customers get, in French and English.
//!
//! A mail is a [`Letter`]: paragraphs, perhaps a statement of what was billed,
//! perhaps one thing to do. One layout turns it into plain text and HTML, so
//! the two never say different things. The texts stand here, one function
//! for each mail.

mod letter;
pub mod logins;
pub mod purchases;
pub mod renewals;
#[cfg(test)]
pub(crate) mod samples;
mod statement;
#[cfg(test)]
mod tests;
pub(crate) mod words;

pub use letter::{Addressee, Letter};
