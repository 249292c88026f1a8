//! Bad inputs: requests and events that must be refused clearly and change
//! nothing.
//!
//! Each row has the id it is known by. Beside status, code and pointers, what
//! [`row::Row::judge`] asks for holds for every row: the envelope, nothing of
//! the input or of a secret in the answer or the log, a table that is as it
//! was, no call of the provider, no hash, and at most the reads the row names.

mod ask;
mod cards;
mod cart;
mod catalogue;
mod coverage;
mod every;
mod every_edge;
mod identity;
mod invoices;
mod orders;
mod row;
mod subscriptions;
mod tokens;
mod webhooks;
mod webhooks_aside;
mod world;
