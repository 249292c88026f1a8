//! Subscriptions and their renewal.

pub mod get_subscription;
pub mod list_renewals;
pub mod list_subscriptions;
pub mod renew_subscriptions;
pub mod views;
