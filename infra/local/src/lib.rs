//! The whole cloud in one process, offline.
//!
//! [`Cloud`] holds an HTTP gateway with the routes of `template.yaml`, the
//! functions behind them (the same code the Lambdas run, behind the same
//! gateway events), the table, the table's stream, the schedules, secrets,
//! mail, the payment provider, and one clock over all of it. Two things use
//! it: `make run`, which puts sockets in front ([`server`]); the integration
//! tests, which call [`Cloud::request`] and add faults ([`Cloud::set_faults`],
//! [`Cloud::plan_fault`]).
//!
//! Functions know nothing of it. What they call ends in the connector, the one
//! place where effects are counted ([`Cloud::take_trace`]) and faults made.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use local::{Cloud, Options};
//!
//! let cloud = Cloud::new(Options::test()).await?;
//! let request = http::Request::get("/v1/products").body(bytes::Bytes::new())?;
//! assert_eq!(cloud.request(request).await.status(), 200);
//! cloud.advance("P1M").await?;
//! # Ok(())
//! # }
//! ```

mod backends;
mod canonical;
mod chance;
mod clock;
mod cloud;
mod conductor;
mod connector;
pub mod duration;
mod endpoints;
mod engine;
mod entropy;
mod event;
mod faults;
mod functions;
mod gateway;
mod journal;
mod lock;
mod log;
mod mailbox;
pub mod openapi;
mod options;
mod outlet;
mod pages;
pub mod publish;
mod register;
mod replica;
mod router;
mod saved;
mod schedule;
mod seed;
pub mod server;
mod snapshot;
mod start;
mod stream;
mod template;
mod trace;
mod vault;

pub use chance::Chance;
pub use clock::VirtualClock;
pub use cloud::{ClockError, Cloud, Ran};
pub use connector::{Condition, Halt};
pub use engine::{Engine, EngineError, TABLE};
pub use event::SourceIp;
pub use faults::{
    Fault, Faults, ProviderFaults, ServiceFaults, Share, StreamFaults, TableFaults, Webhooks,
};
pub use functions::FunctionError;
pub use journal::Commit;
pub use mailbox::Mail;
pub use options::{Options, StreamDelivery};
pub use outlet::{Elsewhere, Outlet};
pub use saved::SaveError;
pub use seed::{Login, SeedError};
pub use snapshot::{Snapshot, SnapshotError};
pub use start::StartError;
pub use stream::Change;
pub use template::TemplateError;
pub use trace::{Access, Effect, Outcome, Service, Touch};
