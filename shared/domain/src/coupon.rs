//! Coupons: a code that takes something off an order, and off the renewals of
//! what it bought.
//!
//! What a coupon takes off is frozen with the order that redeems it: ending or
//! exhausting a coupon changes nothing for who has redeemed it before. What
//! counts against its limits is an order that is not canceled or expired.

mod code;
mod refusal;
mod running;

pub use code::{CodeError, CouponCode};
pub use refusal::CouponRefusal;
pub use running::{RunningCoupon, first_period};

use crate::allocation::{Discount, DiscountError, fixed_discount, percent_discount};
use crate::id::{AccountId, OrderId, ProductId, UserId};
use crate::money::{Currency, Money};
use crate::order::OrderLine;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// How much is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reduction {
    /// A part of the lines it is for.
    Percent {
        /// 1 to 10,000: 2,000 is a fifth.
        basis_points: u32,
    },
    /// A fixed amount, in this currency only; what exceeds the lines is lost.
    Amount {
        /// The amount, above zero.
        value: Money,
    },
}

/// For how many periods it takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CouponDuration {
    /// The first one.
    Once,
    /// That one and the following.
    Repeating {
        /// How many in all.
        periods: NonZeroU32,
    },
    /// All of them.
    Forever,
}

impl CouponDuration {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Repeating { .. } => "repeating",
            Self::Forever => "forever",
        }
    }

    /// True when it covers the period this many places after the first one it
    /// takes off.
    pub fn covers(self, place: u32) -> bool {
        match self {
            Self::Once => place == 0,
            Self::Repeating { periods } => place < periods.get(),
            Self::Forever => true,
        }
    }
}

/// What a coupon takes off, of what and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponTerms {
    /// The code.
    pub code: CouponCode,
    /// How much.
    pub reduction: Reduction,
    /// For how long.
    pub duration: CouponDuration,
    /// The products it is for; empty for all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub products: BTreeSet<ProductId>,
}

/// A coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// What it takes off.
    pub terms: CouponTerms,
    /// From when it can be redeemed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// When that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// How often it can be redeemed in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_redemptions: Option<u64>,
    /// How often by one account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_customer: Option<u64>,
    /// The one account it is for; none for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// True when only who never paid anything may redeem it.
    pub first_purchase_only: bool,
    /// How often it is redeemed.
    pub redemptions: u64,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// How often an account has redeemed a coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemptions {
    /// The coupon.
    pub code: CouponCode,
    /// The account.
    pub account: AccountId,
    /// How often.
    pub redemptions: u64,
}

/// The last order of an account that redeemed a coupon for a first purchase:
/// while it may be paid no other one is a first purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstPurchase {
    /// The account.
    pub account: AccountId,
    /// The order.
    pub order: OrderId,
}

/// Who would redeem a coupon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redeemer {
    /// The account.
    pub account: AccountId,
    /// How often it did so before.
    pub redemptions: u64,
    /// True once it has paid anything, or may still pay what it ordered with
    /// another coupon for a first purchase.
    pub has_paid: bool,
}

/// What a coupon takes off some lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedCoupon {
    /// Its terms.
    pub terms: CouponTerms,
    /// What the lines it is for come to before.
    pub base: Money,
}

impl Coupon {
    /// Whether it can be redeemed now, in a currency; a guest's own limits are
    /// judged once it is known who it is. What belongs to another customer is
    /// as unknown as what is not there.
    ///
    /// # Errors
    /// [`CouponRefusal`], the first reason in the order of that type.
    pub fn check(
        &self,
        currency: Currency,
        by: Option<&Redeemer>,
        now: Timestamp,
    ) -> Result<(), CouponRefusal> {
        if let Some(owner) = self.account
            && by.is_none_or(|by| by.account != owner)
        {
            return Err(CouponRefusal::Unknown);
        }
        match self.terms.reduction {
            Reduction::Amount { value } if value.currency() != currency => {
                return Err(CouponRefusal::CurrencyMismatch);
            }
            Reduction::Amount { .. } | Reduction::Percent { .. } => {}
        }
        if self.starts_at.is_some_and(|start| now < start) {
            return Err(CouponRefusal::NotStarted);
        }
        if self.ends_at.is_some_and(|end| now >= end) {
            return Err(CouponRefusal::Expired);
        }
        if self
            .max_redemptions
            .is_some_and(|most| self.redemptions >= most)
        {
            return Err(CouponRefusal::Exhausted);
        }
        let Some(by) = by else {
            return Ok(());
        };
        if self.per_customer.is_some_and(|most| by.redemptions >= most) {
            return Err(CouponRefusal::CustomerLimit);
        }
        if self.first_purchase_only && by.has_paid {
            return Err(CouponRefusal::FirstPurchaseOnly);
        }
        Ok(())
    }

    /// The coupon that can be redeemed no more from now on. Where its end is
    /// over, that stays.
    pub fn end(self, now: Timestamp) -> Self {
        let ends_at = Some(self.ends_at.map_or(now, |end| end.min(now)));
        Self { ends_at, ..self }
    }
}

impl CouponTerms {
    /// True when it takes something off this product.
    pub fn is_for(&self, product: ProductId) -> bool {
        self.products.is_empty() || self.products.contains(&product)
    }

    /// Takes it off the lines it is for, spread by largest remainder; each
    /// share lowers the taxable base of its line (Directive 2006/112/EC, art.
    /// 79).
    ///
    /// # Errors
    /// [`CouponRefusal::NotApplicable`] when it is for none of the lines, or a
    /// sum is out of range.
    pub fn take_off(
        &self,
        lines: Vec<OrderLine>,
        currency: Currency,
    ) -> Result<(Vec<OrderLine>, AppliedCoupon), CouponRefusal> {
        let amount = |line: &OrderLine| match self.is_for(line.product) {
            true => line.subtotal.amount(),
            false => 0,
        };
        let amounts: Vec<i64> = lines.iter().map(amount).collect();
        let base = Money::sum(
            amounts.iter().map(|amount| Money::new(*amount, currency)),
            currency,
        );
        let base = base.map_err(|_| CouponRefusal::NotApplicable)?;
        let discount = self.reduction.of(&amounts);
        let Discount { total, shares } = discount.map_err(|_| CouponRefusal::NotApplicable)?;
        if total == 0 {
            return Err(CouponRefusal::NotApplicable);
        }
        let lines = lines.into_iter().zip(shares).map(|(line, share)| {
            let discount = Money::new(share, currency);
            let total = line.subtotal.checked_sub(discount)?;
            Ok(OrderLine {
                discount,
                total,
                ..line
            })
        });
        let lines: Result<_, crate::rounding::ArithmeticError> = lines.collect();
        let terms = self.clone();
        Ok((
            lines.map_err(|_| CouponRefusal::NotApplicable)?,
            AppliedCoupon { terms, base },
        ))
    }
}

impl Reduction {
    /// What is taken off amounts of one currency, and its share of each.
    ///
    /// # Errors
    /// [`DiscountError`] when it is none, or a sum is out of range.
    pub fn of(self, amounts: &[i64]) -> Result<Discount, DiscountError> {
        match self {
            Self::Percent { basis_points } => percent_discount(amounts, basis_points),
            Self::Amount { value } => fixed_discount(amounts, value.amount()),
        }
    }

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Percent { .. } => "percent",
            Self::Amount { .. } => "amount",
        }
    }
}
