//! What is sold, ordered, billed and renewed, by the rules one can say aloud.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a sample that cannot be made fails its test"
)]

mod attempts;
mod catalogue;
mod credit_notes;
mod disputes;
mod dunning;
mod invoices;
mod offers;
mod orders;
mod publishing;
mod refunds;
mod samples;
mod settling;
mod subscriptions;
mod timeline;
