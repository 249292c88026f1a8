//! Splitting an amount without losing a cent, and the discounts built on it.

use crate::rounding::{ArithmeticError, BASIS_POINTS, mul_ratio};
use std::cmp::Reverse;

/// Spreads `total` over the positive weights by largest remainder: every part
/// first gets the floor of its exact share, then the largest remainders get
/// one unit more each, ties to the earlier part. Weights at or below zero get
/// nothing. The parts sum to the total; a negative total is split like its
/// opposite.
///
/// # Errors
/// [`ArithmeticError::NoWeight`] when an amount other than zero meets no
/// positive weight, [`ArithmeticError::Overflow`] beyond 2^64 parts.
pub fn allocate(total: i64, weights: &[i64]) -> Result<Vec<i64>, ArithmeticError> {
    let weights: Vec<i128> = weights
        .iter()
        .map(|weight| i128::from((*weight).max(0)))
        .collect();
    let whole: i128 = weights.iter().sum();
    if whole == 0 {
        return match total {
            0 => Ok(vec![0; weights.len()]),
            _ => Err(ArithmeticError::NoWeight),
        };
    }
    let magnitude = i128::from(total.unsigned_abs());
    let overflow = ArithmeticError::Overflow;
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (place, weight) in weights.iter().enumerate() {
        let exact = magnitude.checked_mul(*weight).ok_or(overflow)?;
        parts.push(exact.checked_div(whole).ok_or(overflow)?);
        remainders.push((Reverse(exact.checked_rem(whole).ok_or(overflow)?), place));
    }
    remainders.sort_unstable();
    let missing = magnitude.checked_sub(parts.iter().sum()).ok_or(overflow)?;
    for (_, place) in remainders.into_iter().take(usize::try_from(missing)?) {
        if let Some(part) = parts.get_mut(place) {
            *part = part.checked_add(1).ok_or(overflow)?;
        }
    }
    let sign = i128::from(total.signum());
    parts
        .into_iter()
        .map(|part| Ok(i64::try_from(part.checked_mul(sign).ok_or(overflow)?)?))
        .collect()
}

/// A discount over the lines of a document, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// What is taken off in all; never negative, never more than the lines
    /// above zero.
    pub total: i64,
    /// What is taken off each line; sums to the total.
    pub shares: Vec<i64>,
}

/// Why a discount cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiscountError {
    /// A percentage outside 0.01 % to 100 %.
    #[error("a percentage is 1 to 10000 basis points")]
    Percentage,
    /// A negative discount would be a surcharge.
    #[error("a discount is not negative")]
    Negative,
    /// The amounts are out of range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

/// A percentage off the lines above zero, rounded once on their sum and then
/// spread over them.
///
/// # Errors
/// [`DiscountError::Percentage`] outside 1 to 10,000 basis points, or
/// [`DiscountError::Arithmetic`].
pub fn percent_discount(amounts: &[i64], basis_points: u32) -> Result<Discount, DiscountError> {
    let basis_points = i64::from(basis_points);
    if !(1..=BASIS_POINTS).contains(&basis_points) {
        return Err(DiscountError::Percentage);
    }
    let total = mul_ratio(discountable(amounts)?, basis_points, BASIS_POINTS)?;
    Ok(Discount {
        total,
        shares: allocate(total, amounts)?,
    })
}

/// A fixed amount off the lines above zero, spread over them; what exceeds
/// their sum is lost.
///
/// # Errors
/// [`DiscountError::Negative`] for a negative value, or
/// [`DiscountError::Arithmetic`].
pub fn fixed_discount(amounts: &[i64], value: i64) -> Result<Discount, DiscountError> {
    if value < 0 {
        return Err(DiscountError::Negative);
    }
    let total = value.min(discountable(amounts)?);
    Ok(Discount {
        total,
        shares: allocate(total, amounts)?,
    })
}

fn discountable(amounts: &[i64]) -> Result<i64, ArithmeticError> {
    amounts
        .iter()
        .try_fold(0_i64, |sum, amount| sum.checked_add((*amount).max(0)))
        .ok_or(ArithmeticError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn equal_remainders_go_to_the_earlier_parts() {
        assert_eq!(allocate(2, &[1, 1, 1]), Ok(vec![1, 1, 0]));
        assert_eq!(allocate(-2, &[1, 1, 1]), Ok(vec![-1, -1, 0]));
    }

    #[test]
    fn money_is_never_spread_over_nothing() {
        assert_eq!(allocate(1, &[]), Err(ArithmeticError::NoWeight));
        assert_eq!(allocate(1, &[0, -5]), Err(ArithmeticError::NoWeight));
        assert_eq!(allocate(0, &[0, -5]), Ok(vec![0, 0]));
    }

    #[test]
    fn the_extremes_are_split_exactly() {
        assert_eq!(allocate(i64::MIN, &[1]), Ok(vec![i64::MIN]));
        assert_eq!(
            allocate(i64::MAX, &[i64::MAX, i64::MAX]),
            Ok(vec![i64::MAX / 2 + 1, i64::MAX / 2])
        );
    }

    #[test]
    fn a_discount_is_neither_a_surcharge_nor_more_than_everything() {
        assert_eq!(percent_discount(&[100], 0), Err(DiscountError::Percentage));
        assert_eq!(
            percent_discount(&[100], 10_001),
            Err(DiscountError::Percentage)
        );
        assert_eq!(fixed_discount(&[100], -1), Err(DiscountError::Negative));
        assert_eq!(
            fixed_discount(&[100], 0),
            Ok(Discount {
                total: 0,
                shares: vec![0]
            })
        );
        assert_eq!(
            fixed_discount(&[-100], 50),
            Ok(Discount {
                total: 0,
                shares: vec![0]
            })
        );
        assert_eq!(
            fixed_discount(&[i64::MAX, 1], 5),
            Err(DiscountError::Arithmetic(ArithmeticError::Overflow))
        );
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole_and_stay_within_one_of_the_exact_share(
            total in any::<i64>(),
            weights in vec(any::<i64>(), 1..12),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let parts = allocate(total, &weights).unwrap();
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
            let whole: i128 = weights.iter().map(|weight| i128::from((*weight).max(0))).sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let error = i128::from(*part) * whole - i128::from(total) * i128::from((*weight).max(0));
                prop_assert!(error.abs() < whole);
                if *weight <= 0 {
                    prop_assert_eq!(*part, 0);
                }
            }
        }

        #[test]
        fn a_discount_leaves_no_line_below_zero(
            amounts in vec(-1_000_000_i64..1_000_000, 0..8),
            value in 0_i64..5_000_000,
            basis_points in 1_u32..=10_000,
        ) {
            let fixed = fixed_discount(&amounts, value).unwrap();
            let percent = percent_discount(&amounts, basis_points).unwrap();
            for discount in [fixed, percent] {
                prop_assert_eq!(discount.shares.iter().sum::<i64>(), discount.total);
                for (amount, share) in amounts.iter().zip(discount.shares) {
                    prop_assert!((0..=(*amount).max(0)).contains(&share));
                }
            }
        }
    }
}
