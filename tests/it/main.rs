//! Tests through the front door: every request goes through the gateway, a
//! real gateway event and the operation's own code; the table is real, the
//! provider keeps its own book, and the clock moves when a test says so.

#![recursion_limit = "512"]

mod support;

mod checkout;
mod renewals;
mod runtime_api;
mod storms;
