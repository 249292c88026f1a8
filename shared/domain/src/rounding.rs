//! The one rounding of the shop: half away from zero, on exact integers.

use std::num::TryFromIntError;

/// Basis points in a whole: 10,000 are 100 %.
pub const BASIS_POINTS: i64 = 10_000;

/// Why an amount cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArithmeticError {
    /// The result does not fit its type.
    #[error("the amount is out of range")]
    Overflow,
    /// Amounts of different currencies meet.
    #[error("the currencies differ")]
    CurrencyMismatch,
    /// A share of nothing.
    #[error("division by zero")]
    DivisionByZero,
    /// An amount to spread, and nothing to spread it over.
    #[error("there is nothing to spread the amount over")]
    NoWeight,
}

impl From<TryFromIntError> for ArithmeticError {
    fn from(_: TryFromIntError) -> Self {
        Self::Overflow
    }
}

/// `numerator / denominator`, rounded half away from zero: 5/2 is 3, -5/2 is -3.
///
/// # Errors
/// [`ArithmeticError::DivisionByZero`], or [`ArithmeticError::Overflow`] for
/// `i128::MIN / -1`.
pub fn div_round(numerator: i128, denominator: i128) -> Result<i128, ArithmeticError> {
    if denominator == 0 {
        return Err(ArithmeticError::DivisionByZero);
    }
    let overflow = ArithmeticError::Overflow;
    let quotient = numerator.checked_div(denominator).ok_or(overflow)?;
    let rest = numerator
        .checked_rem(denominator)
        .ok_or(overflow)?
        .unsigned_abs();
    // Compared this way round, because twice the rest could overflow.
    let to_next = denominator.unsigned_abs().abs_diff(rest);
    if rest < to_next {
        return Ok(quotient);
    }
    let away = if numerator.signum() == denominator.signum() {
        1
    } else {
        -1
    };
    quotient.checked_add(away).ok_or(overflow)
}

/// `amount x numerator / denominator`, exact until its one rounding, half away
/// from zero. The product of two `i64` always fits in between.
///
/// # Errors
/// [`ArithmeticError::DivisionByZero`], or [`ArithmeticError::Overflow`] when
/// the result does not fit.
pub fn mul_ratio(amount: i64, numerator: i64, denominator: i64) -> Result<i64, ArithmeticError> {
    let product = i128::from(amount)
        .checked_mul(i128::from(numerator))
        .ok_or(ArithmeticError::Overflow)?;
    Ok(i64::try_from(div_round(product, i128::from(denominator))?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_move_away_from_zero() {
        for (numerator, denominator, rounded) in [
            (465, 2, 233),
            (-465, 2, -233),
            (465, -2, -233),
            (-465, -2, 233),
            (464, 3, 155),
            (-464, 3, -155),
            (1, 3, 0),
            (0, 7, 0),
        ] {
            assert_eq!(
                div_round(numerator, denominator),
                Ok(rounded),
                "{numerator}/{denominator}"
            );
        }
    }

    #[test]
    fn the_extremes_do_not_wrap() {
        assert_eq!(div_round(1, 0), Err(ArithmeticError::DivisionByZero));
        assert_eq!(div_round(i128::MIN, -1), Err(ArithmeticError::Overflow));
        assert_eq!(div_round(i128::MAX, i128::MIN), Ok(-1));
        assert_eq!(div_round(i128::MIN, i128::MIN), Ok(1));
        assert_eq!(div_round(i128::MAX, 1), Ok(i128::MAX));
        assert_eq!(mul_ratio(i64::MAX, 2, 1), Err(ArithmeticError::Overflow));
        assert_eq!(mul_ratio(i64::MAX, i64::MAX, i64::MAX), Ok(i64::MAX));
    }

    proptest! {
        #[test]
        fn rounding_is_symmetric_about_zero(n in any::<i64>(), d in 1..=i64::MAX) {
            let (n, d) = (i128::from(n), i128::from(d));
            prop_assert_eq!(div_round(-n, d).unwrap(), -div_round(n, d).unwrap());
            prop_assert_eq!(div_round(n, -d).unwrap(), -div_round(n, d).unwrap());
        }

        #[test]
        fn the_result_is_the_nearest_integer_and_a_half_the_farther_one(n in any::<i64>(), d in 1..=i64::MAX) {
            let (n, d) = (i128::from(n), i128::from(d));
            let rounded = div_round(n, d).unwrap();
            let twice_the_error = 2 * (rounded * d - n).abs();
            prop_assert!(twice_the_error <= d);
            if twice_the_error == d {
                prop_assert!(rounded.abs() * d > n.abs());
            }
        }
    }
}
