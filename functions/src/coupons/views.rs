//! Coupons as administrators see them.

use domain::coupon::{Coupon, CouponDuration, Reduction};
use platform::http::views::MoneyView;
use serde::Serialize;

/// A coupon.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct CouponView {
    /// The code, in upper case.
    pub code: String,
    /// `percent` or `amount`.
    pub kind: &'static str,
    /// What a percentage takes off, in basis points: 2000 is a fifth.
    pub basis_points: Option<u32>,
    /// What an amount takes off.
    pub amount: Option<MoneyView>,
    /// `once`, `repeating` or `forever`.
    pub duration: &'static str,
    /// How many periods a repeating one takes off.
    pub periods: Option<u32>,
    /// The products it is for; empty for all.
    pub products: Vec<String>,
    /// From when it can be redeemed.
    pub starts_at: Option<String>,
    /// From when it cannot be redeemed any more. Where it was redeemed before,
    /// it goes on.
    pub ends_at: Option<String>,
    /// How often it can be redeemed in all.
    pub max_redemptions: Option<u64>,
    /// How often by one account.
    pub per_customer: Option<u64>,
    /// The one account it is for; null for everybody.
    pub account_id: Option<String>,
    /// True when only who never paid anything may redeem it.
    pub first_purchase_only: bool,
    /// Orders it is redeemed by: paid, or waiting for their payment.
    pub redemptions: u64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: String,
}

impl CouponView {
    /// A coupon.
    pub fn of(coupon: &Coupon) -> Self {
        let terms = &coupon.terms;
        let (basis_points, amount) = match terms.reduction {
            Reduction::Percent { basis_points } => (Some(basis_points), None),
            Reduction::Amount { value } => (None, Some(value.into())),
        };
        let periods = match terms.duration {
            CouponDuration::Repeating { periods } => Some(periods.get()),
            CouponDuration::Once | CouponDuration::Forever => None,
        };
        Self {
            code: terms.code.to_string(),
            kind: terms.reduction.name(),
            basis_points,
            amount,
            duration: terms.duration.name(),
            periods,
            products: terms.products.iter().map(ToString::to_string).collect(),
            starts_at: coupon.starts_at.map(|at| at.to_string()),
            ends_at: coupon.ends_at.map(|at| at.to_string()),
            max_redemptions: coupon.max_redemptions,
            per_customer: coupon.per_customer,
            account_id: coupon.account.map(|account| account.to_string()),
            first_purchase_only: coupon.first_purchase_only,
            redemptions: coupon.redemptions,
            created_by: coupon.created_by.to_string(),
            created_at: coupon.created_at.to_string(),
        }
    }
}
