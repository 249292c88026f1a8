//! Exact decimals, for unit prices finer than a cent and quantities finer
//! than one.

use crate::money::Currency;
use crate::rounding::{ArithmeticError, div_round};

/// `value / 10^scale`, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    value: i128,
    scale: u32,
}

/// The text is not a plain decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a decimal number")]
pub struct NotADecimal;

impl Decimal {
    /// `value / 10^scale`.
    pub const fn new(value: i128, scale: u32) -> Self {
        Self { value, scale }
    }

    /// Reads digits with an optional sign and an optional `.` between digits,
    /// as `-25.025`.
    ///
    /// # Errors
    /// [`NotADecimal`] for anything else, or more digits than fit.
    pub fn parse(text: &str) -> Result<Self, NotADecimal> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(fraction) {
            return Err(NotADecimal);
        }
        let value = format!("{sign}{whole}{fraction}")
            .parse()
            .map_err(|_| NotADecimal)?;
        Ok(Self {
            value,
            scale: u32::try_from(fraction.len()).map_err(|_| NotADecimal)?,
        })
    }
}

impl From<u64> for Decimal {
    fn from(value: u64) -> Self {
        Self::new(i128::from(value), 0)
    }
}

/// The net amount of a document line in minor units: quantity x unit price,
/// the price in major units (euros), rounded once, half away from zero.
///
/// # Errors
/// [`ArithmeticError::Overflow`].
pub fn line_net(
    quantity: Decimal,
    unit_price: Decimal,
    currency: Currency,
) -> Result<i64, ArithmeticError> {
    let overflow = ArithmeticError::Overflow;
    let power = |exponent| 10_i128.checked_pow(exponent).ok_or(overflow);
    let minor_units = power(u32::from(currency.minor_unit_digits()))?;
    let product = quantity
        .value
        .checked_mul(unit_price.value)
        .ok_or(overflow)?;
    let scale = quantity
        .scale
        .checked_add(unit_price.scale)
        .ok_or(overflow)?;
    let numerator = product.checked_mul(minor_units).ok_or(overflow)?;
    Ok(i64::try_from(div_round(numerator, power(scale)?)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_decimals_are_read_exactly() {
        for (text, value, scale) in [
            ("33.335", 33_335, 3),
            ("-25.025", -25_025, 3),
            ("7", 70, 1),
            ("0.005", 5, 3),
        ] {
            assert_eq!(
                Decimal::parse(text),
                Ok(Decimal::new(value, scale)),
                "{text}"
            );
        }
        for text in [
            "", "-", ".", "1.", ".5", "1e3", "+1", "1,5", " 1", "--1", "1.2.3", "٣",
        ] {
            assert_eq!(Decimal::parse(text), Err(NotADecimal), "{text:?}");
        }
    }

    #[test]
    fn a_line_out_of_range_is_an_error() {
        let huge = Decimal::new(i128::MAX, 0);
        assert_eq!(
            line_net(huge, huge, Currency::EUR),
            Err(ArithmeticError::Overflow)
        );
        assert_eq!(
            line_net(u64::MAX.into(), 1.into(), Currency::EUR),
            Err(ArithmeticError::Overflow)
        );
        assert_eq!(
            line_net(1.into(), Decimal::new(1, 200), Currency::EUR),
            Err(ArithmeticError::Overflow)
        );
    }
}
