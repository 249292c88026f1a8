//! The cart: what a customer intends to buy.

use crate::id::PlanId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most lines a cart or an order may have. Settling an order writes a
/// subscription and a billing period for each, and one transaction holds at
/// most 100 items.
pub const MAX_LINES: usize = 20;

/// How long an untouched cart is kept.
pub const CART_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A cart: quantities by plan. Prices are looked up when it is shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    /// Quantity of each plan.
    pub items: BTreeMap<PlanId, u64>,
    /// When it is forgotten; none for a cart that was never filled.
    pub expires_at: Option<Timestamp>,
}

impl Cart {
    /// True when its time is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}
