//! A coupon on a subscription.

use super::{CouponCode, CouponDuration, CouponTerms, Reduction};
use crate::allocation::DiscountError;
use crate::anchor::{Anchor, DateError};
use crate::money::Money;
use crate::order::OrderLine;
use crate::rounding::ArithmeticError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a redeemed coupon takes off the periods of a subscription.
///
/// Each renewal is an invoice of one subscription. So of a fixed amount that
/// was spread over the lines of an order, each subscription keeps its line's
/// share: taking the whole amount off each of them would multiply it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningCoupon {
    /// The code.
    pub code: CouponCode,
    /// How much.
    pub reduction: Reduction,
    /// For how long.
    pub duration: CouponDuration,
    /// Index of the first period it takes off.
    pub first: u32,
}

impl RunningCoupon {
    /// What of a coupon goes on with the subscription a line becomes; nothing
    /// where it takes nothing off that line.
    ///
    /// # Errors
    /// [`DateError`] when a date is out of range.
    pub fn begin(
        terms: &CouponTerms,
        line: &OrderLine,
        anchor: &Anchor,
        redeemed_at: Timestamp,
    ) -> Result<Option<Self>, DateError> {
        if !terms.is_for(line.product) {
            return Ok(None);
        }
        Ok(Some(Self {
            code: terms.code.clone(),
            reduction: terms.of_line(line),
            duration: terms.duration,
            first: first_period(anchor, redeemed_at)?,
        }))
    }

    /// True when it takes something off the period of this index.
    pub fn covers(&self, index: u32) -> bool {
        index
            .checked_sub(self.first)
            .is_some_and(|place| self.duration.covers(place))
    }

    /// What it takes off the price of the period of this index.
    ///
    /// # Errors
    /// [`DiscountError`] when an amount is out of range.
    pub fn discount(&self, index: u32, price: Money) -> Result<Money, DiscountError> {
        let off = match self.covers(index) {
            true => self.reduction.of(&[price.amount()])?.total,
            false => 0,
        };
        Ok(Money::new(off, price.currency()))
    }
}

impl CouponTerms {
    /// What goes on with the subscription of a line this is for.
    fn of_line(&self, line: &OrderLine) -> Reduction {
        match self.reduction {
            Reduction::Amount { .. } => Reduction::Amount {
                value: line.discount,
            },
            percent @ Reduction::Percent { .. } => percent,
        }
    }

    /// What is taken off a line this is for when it renews, alone.
    ///
    /// # Errors
    /// [`ArithmeticError`] when an amount is out of range.
    pub fn share_alone(&self, line: &OrderLine) -> Result<Money, ArithmeticError> {
        let off = self.of_line(line).of(&[line.subtotal.amount()]);
        let off = off.map_err(|_| ArithmeticError::Overflow)?;
        Ok(Money::new(off.total, line.subtotal.currency()))
    }
}

/// The index of the first period a coupon takes off: the first one that starts
/// at or after its redemption.
///
/// # Errors
/// [`DateError`] when a date is out of range.
pub fn first_period(anchor: &Anchor, redeemed_at: Timestamp) -> Result<u32, DateError> {
    let mut first = 0;
    while anchor.period(first)?.0 < redeemed_at {
        first = first.checked_add(1).ok_or(DateError::OutOfRange)?;
    }
    Ok(first)
}
