//! The cart: what a customer intends to buy.

use crate::attempt::after;
use crate::id::PlanId;
use crate::money::Money;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most lines a cart or an order may have. Settling an order writes a
/// subscription and a billing period for each, and one transaction holds at
/// most 100 items.
pub const MAX_LINES: usize = 20;

/// How long an untouched cart is kept.
pub const CART_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How much of a plan is in a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartItem {
    /// How many.
    pub quantity: u64,
    /// What they came to when they were put in, without VAT: the customer is
    /// told when that is something else now.
    pub shown: Money,
}

/// A cart: quantities by plan. Prices are looked up when it is shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    /// How much of each plan.
    pub items: BTreeMap<PlanId, CartItem>,
    /// When it is forgotten; none for a cart that was never filled.
    pub expires_at: Option<Timestamp>,
}

impl Cart {
    /// The cart with what another holds: of each plan the larger quantity,
    /// since whoever put it into both meant it once. None when that is more
    /// than a cart holds.
    pub fn merged(&self, other: &Self, now: Timestamp) -> Option<Self> {
        let mut items = self.items.clone();
        for (plan, theirs) in &other.items {
            let mine = items.entry(*plan).or_insert(*theirs);
            if theirs.quantity > mine.quantity {
                *mine = *theirs;
            }
        }
        (items.len() <= MAX_LINES).then(|| Self {
            items,
            expires_at: Some(after(now, CART_LIFE)),
        })
    }

    /// True when its time is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id as _;
    use crate::money::Currency;

    /// Each comes to ten times its quantity.
    fn item(quantity: u64) -> CartItem {
        let amount = i64::try_from(quantity * 10).unwrap();
        CartItem {
            quantity,
            shown: Money::new(amount, Currency::EUR),
        }
    }

    fn cart(items: &[(u128, u64)]) -> Cart {
        let items = items.iter();
        Cart {
            items: items
                .map(|(plan, quantity)| (PlanId::from_bits(*plan), item(*quantity)))
                .collect(),
            expires_at: None,
        }
    }

    #[test]
    fn of_two_carts_each_plan_keeps_its_larger_quantity() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let merged = cart(&[(1, 3), (2, 5)]).merged(&cart(&[(2, 4), (3, 1)]), now);
        let merged = merged.unwrap();
        assert_eq!(merged.items, cart(&[(1, 3), (2, 5), (3, 1)]).items);
        assert_eq!(merged.expires_at, Some(after(now, CART_LIFE)));
    }

    #[test]
    fn no_line_is_lost_where_a_cart_cannot_hold_them() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let lines = |from: u128| (from..from + 20).map(|plan| (plan, 1)).collect::<Vec<_>>();
        assert!(cart(&lines(0)).merged(&cart(&[(19, 2)]), now).is_some());
        assert!(cart(&lines(0)).merged(&cart(&[(20, 1)]), now).is_none());
    }
}
