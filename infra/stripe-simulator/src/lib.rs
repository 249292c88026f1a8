//! A payment provider in a box: the part of Stripe the shop uses, in process.
//!
//! # What it is
//!
//! [`Simulator`] answers Stripe's REST API ([`Simulator::handle`]), serves the
//! model of the hosted payment page ([`Simulator::checkout`],
//! [`Simulator::pay`], [`Simulator::authenticate`]), and sends signed webhooks
//! ([`Simulator::due_deliveries`]). Its [`Simulator::book`] is the truth that
//! auditors compare the shop with.
//!
//! It is pure and synchronous. It has no clock, no threads and no chance of its
//! own: every act states its time, ids are counted, faults follow a seed. The
//! same acts give the same bytes, which is what makes a failing history
//! replayable.
//!
//! # What it answers
//!
//! | Path | |
//! |---|---|
//! | `/v1/customers` | create, get, update, delete, list by `email` |
//! | `/v1/checkout/sessions` | create (`payment`, `setup`), get, list, expire |
//! | `/v1/payment_intents` | create, confirm, get, list, cancel |
//! | `/v1/setup_intents/:id`, `/v1/charges/:id` | get |
//! | `/v1/payment_methods` | get, list by `customer`, detach |
//! | `/v1/refunds` | create, get, list |
//! | `/v1/disputes` | get, list, answer with evidence, close |
//! | `/v1/balance_transactions` | get, list by `type`, `source`, `currency`, `created` |
//! | `/v1/events` | get, list by `type` |
//!
//! Unknown parameters are refused, as at the provider. `expand` is accepted and
//! ignored, but for the `source` of balance transactions: answers carry ids. Idempotency keys live 24 hours; see the
//! `idempotency` module for the rules.
//!
//! # What it guarantees
//!
//! - An intent captures once, and only a succeeded intent has captured.
//! - Refunds of a charge never exceed its capture.
//! - A session has one intent, made when the first card is tried; a decline
//!   leaves the session open and the intent is used again.
//! - The session's metadata stays with the session; the intent carries
//!   `payment_intent_data[metadata]` only.
//! - An event is a snapshot of its object at that moment, and the same bytes
//!   every time it is sent.
//!
//! # Where it differs from the provider
//!
//! - It speaks one version of the API, and refuses whoever names another or
//!   none where [`Config::api_version`] says which. The provider answers those
//!   as well, in another shape.
//! - The hosted page takes cards only, also where it offers more.
//! - Ids are short and counted; `url`s point at the local hosted page.
//! - The card `4000000000000341` pays on the hosted page and declines off
//!   session. At the provider it declines on every charge.
//! - Saving a card needs a customer; the provider would make one.
//! - A refund that is returned or under way ends an hour after it was made;
//!   a dispute takes what is left of a charge, and ends when it is answered.
//! - No search, payouts or fees: a balance transaction says 0, and is available
//!   at once.
//! - Only events about payments, sessions, refunds, disputes, saved cards and
//!   new customers are sent, as to an endpoint that chose them.
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use stripe_simulator::{Config, PayStatus, Reply, Simulator};
//!
//! let simulator = Simulator::new(Config { api_key: "sk_test".into(), ..Config::default() });
//! let now = jiff::Timestamp::from_second(1_800_000_000)?;
//! let request = http::Request::post("/v1/checkout/sessions")
//!     .header("Authorization", "Bearer sk_test")
//!     .body(Bytes::from_static(
//!         b"mode=payment&success_url=https://shop.test\
//!           &line_items[0][price_data][currency]=eur\
//!           &line_items[0][price_data][unit_amount]=129900\
//!           &line_items[0][price_data][product_data][name]=SOC",
//!     ))?;
//! let Reply::Answer(response) = simulator.handle(now, &request) else { panic!("no answer") };
//! let session: serde_json::Value = serde_json::from_slice(response.body())?;
//! let id = session["id"].as_str().ok_or("no id")?;
//!
//! let outcome = simulator.pay(now, id, "4242 4242 4242 4242")?;
//! assert_eq!(outcome.status, PayStatus::Paid);
//! assert_eq!(simulator.book()["payments"][0]["amountCaptured"], 129_900);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod api;
mod balance;
mod book;
mod cards;
mod checkout;
mod clock;
mod courier;
mod customers;
mod disputes;
mod error;
mod faults;
mod form;
mod idempotency;
mod ids;
mod intent_requests;
mod intents;
mod list;
mod payment_methods;
mod refunds;
mod session_requests;
mod sessions;
mod setup_intents;
mod signature;
mod simulator;
mod state;
#[cfg(test)]
mod tests;

pub use api::Reply;
pub use checkout::{CheckoutView, PayError, PayOutcome, PayStatus};
pub use courier::Delivery;
pub use faults::{ApiFault, ApiFaults, WebhookFaults};
pub use sessions::{CheckoutLine, SessionMode, SessionStatus};
pub use simulator::{Config, Simulator};
