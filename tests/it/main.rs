//! Tests through the front door: every request goes through the gateway, a
//! real gateway event and the operation's own code; the table is real, the
//! provider keeps its own book, and the clock moves when a test says so.

#![recursion_limit = "512"]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets what cannot be fails, and says where"
)]

mod cost;
mod days;
mod deployment;
mod journey;

mod authorization;
mod back_office;
mod bad_inputs;
mod bills;
mod books;
mod budgets;
mod cards;
mod carts;
mod chargebacks;
mod checkout;
mod contract;
mod coupons;
mod crash_points;
mod disputes;
mod documents;
mod dunning;
mod edge;
mod events;
mod expiring;
mod finance;
mod finding;
mod forms;
mod idempotency;
mod identity;
mod killed;
mod languages;
mod logs;
mod lookups;
mod merging;
mod numbering;
mod outages;
mod pages;
mod parked;
mod pay_order;
mod payments;
mod permissions;
mod prices;
mod provider;
mod publishing;
mod quotes;
mod refunds;
mod refusals;
mod register;
mod renewals;
mod returns;
mod routes;
mod runtime_api;
mod series;
mod simulation;
mod storms;
mod surplus;
mod sweeps;
mod taxes;
mod timeline;
mod told;
mod webhooks;
mod wire;
