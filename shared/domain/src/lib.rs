//! The business of the shop, pure.
//!
//! Nothing here is async, reads a clock, an environment or a random number,
//! or knows of HTTP, DynamoDB or a payment provider: `now` is an argument,
//! and a decision is a value. Types cannot hold nonsense: texts are parsed
//! once into newtypes, states are enums that carry their facts, and a
//! transition consumes the old state and gives the new one or a refusal.

pub mod account;
pub mod address;
pub mod agreement;
mod alignment;
pub mod allocation;
pub mod anchor;
mod another_page;
mod attempt;
mod billing;
pub mod card;
pub mod cart;
pub mod catalogue;
mod country;
pub mod coupon;
mod credit_note;
mod currency;
pub mod daybook;
pub mod decimal;
pub mod dispute;
pub mod dunning;
pub mod email;
pub mod event;
pub mod id;
pub mod interval;
pub mod invoice;
pub mod ledger;
pub mod locale;
pub mod localized;
mod luhn;
pub mod money;
pub mod new_card;
pub mod offer;
pub mod openings;
pub mod order;
pub mod payment;
mod period;
pub mod publishing;
pub mod refund;
mod retrying;
pub mod rounding;
pub mod sealed;
mod series;
pub mod series_audit;
mod settling;
pub mod subscription;
mod surplus;
pub mod text;
pub mod tiers;
pub mod timeline;
pub mod vat;
pub mod vat_check;
pub mod vat_number;
pub mod written;
