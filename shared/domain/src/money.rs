//! Money: integer minor units of one currency, checked at every step.

pub use crate::currency::{Currency, UnknownCurrency};
use crate::locale::Locale;
use crate::rounding::ArithmeticError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount in minor units (cents for EUR) and its currency. Negative amounts
/// are credits. No operation wraps, saturates or mixes currencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    amount: i64,
    currency: Currency,
}

impl Money {
    /// An amount in minor units.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Minor units.
    pub const fn amount(&self) -> i64 {
        self.amount
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// True for nothing.
    pub const fn is_zero(&self) -> bool {
        self.amount == 0
    }

    /// True below zero.
    pub const fn is_negative(&self) -> bool {
        self.amount < 0
    }

    /// The sum of both.
    ///
    /// # Errors
    /// [`ArithmeticError::CurrencyMismatch`] or [`ArithmeticError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, ArithmeticError> {
        self.combine(other, i64::checked_add)
    }

    /// This less the other.
    ///
    /// # Errors
    /// [`ArithmeticError::CurrencyMismatch`] or [`ArithmeticError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, ArithmeticError> {
        self.combine(other, i64::checked_sub)
    }

    /// The opposite amount.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`] for `i64::MIN`.
    pub fn checked_neg(self) -> Result<Self, ArithmeticError> {
        let amount = self.amount.checked_neg().ok_or(ArithmeticError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// This many times the amount.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`].
    pub fn checked_mul(self, quantity: u64) -> Result<Self, ArithmeticError> {
        // The product of an i64 and a u64 always fits an i128.
        let product = i128::from(self.amount).checked_mul(i128::from(quantity));
        let amount = i64::try_from(product.ok_or(ArithmeticError::Overflow)?)?;
        Ok(Self { amount, ..self })
    }

    /// The sum of all; zero of `currency` for none.
    ///
    /// # Errors
    /// [`ArithmeticError::CurrencyMismatch`] or [`ArithmeticError::Overflow`].
    pub fn sum(
        amounts: impl IntoIterator<Item = Self>,
        currency: Currency,
    ) -> Result<Self, ArithmeticError> {
        amounts
            .into_iter()
            .try_fold(Self::zero(currency), Self::checked_add)
    }

    /// The amount as customers read it: `1 299,00 €` in French, with a narrow
    /// no-break space between thousands and a no-break space before the sign;
    /// `€1,299.00` in English. Other currencies than the euro show their code,
    /// since `$` and `£` name several.
    pub fn format(self, locale: Locale) -> String {
        let sign = if self.is_negative() { "-" } else { "" };
        let (whole, fraction) = self.digits();
        let symbol = if self.currency == Currency::EUR {
            "€"
        } else {
            self.currency.as_str()
        };
        match locale {
            Locale::Fr => {
                let number = decimal(&grouped(&whole, '\u{202f}'), ',', &fraction);
                format!("{sign}{number}\u{a0}{symbol}")
            }
            Locale::En => {
                let number = decimal(&grouped(&whole, ','), '.', &fraction);
                let gap = if symbol == "€" { "" } else { "\u{a0}" };
                format!("{sign}{symbol}{gap}{number}")
            }
        }
    }

    /// The amount in major units as a plain decimal, as `-1299.00`: ASCII,
    /// ungrouped, with the digits of the currency's minor unit.
    pub fn plain(self) -> String {
        let sign = if self.is_negative() { "-" } else { "" };
        let (whole, fraction) = self.digits();
        format!("{sign}{}", decimal(&whole, '.', &fraction))
    }

    fn combine(
        self,
        other: Self,
        operation: fn(i64, i64) -> Option<i64>,
    ) -> Result<Self, ArithmeticError> {
        if self.currency != other.currency {
            return Err(ArithmeticError::CurrencyMismatch);
        }
        let amount = operation(self.amount, other.amount).ok_or(ArithmeticError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The digits before and after the decimal mark, without sign.
    fn digits(self) -> (String, String) {
        let places = usize::from(self.currency.minor_unit_digits());
        let mut whole = format!(
            "{:0>width$}",
            self.amount.unsigned_abs(),
            width = places.saturating_add(1)
        );
        let fraction = whole.split_off(whole.len().saturating_sub(places));
        (whole, fraction)
    }
}

/// For logs: ASCII, ungrouped, as `-1299.00 EUR`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.plain(), self.currency)
    }
}

fn decimal(whole: &str, mark: char, fraction: &str) -> String {
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}{mark}{fraction}")
    }
}

fn grouped(digits: &str, separator: char) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(place);
        if place > 0 && left.is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(amount: i64, currency: &str) -> Money {
        Money::new(amount, Currency::parse(currency).unwrap())
    }

    #[test]
    fn customers_read_amounts_in_their_language() {
        for (amount, currency, french, english) in [
            (129_900, "EUR", "1\u{202f}299,00\u{a0}€", "€1,299.00"),
            (-129_900, "EUR", "-1\u{202f}299,00\u{a0}€", "-€1,299.00"),
            (5, "EUR", "0,05\u{a0}€", "€0.05"),
            (99_999, "EUR", "999,99\u{a0}€", "€999.99"),
            (0, "EUR", "0,00\u{a0}€", "€0.00"),
            (
                1_234_567,
                "JPY",
                "1\u{202f}234\u{202f}567\u{a0}JPY",
                "JPY\u{a0}1,234,567",
            ),
            (1_234, "KWD", "1,234\u{a0}KWD", "KWD\u{a0}1.234"),
        ] {
            assert_eq!(money(amount, currency).format(Locale::Fr), french);
            assert_eq!(money(amount, currency).format(Locale::En), english);
        }
    }

    #[test]
    fn logs_show_plain_decimals() {
        assert_eq!(money(-129_905, "EUR").to_string(), "-1299.05 EUR");
        assert_eq!(money(7, "KWD").to_string(), "0.007 KWD");
        assert_eq!(
            money(i64::MIN, "JPY").to_string(),
            "-9223372036854775808 JPY"
        );
    }

    #[test]
    fn nothing_is_neither_a_debt_nor_a_credit() {
        for (amount, is_zero, is_negative) in
            [(-1, false, true), (0, true, false), (1, false, false)]
        {
            let money = money(amount, "JPY");
            assert_eq!(
                (money.is_zero(), money.is_negative()),
                (is_zero, is_negative)
            );
            assert_eq!(money.checked_neg().map(|it| it.amount()), Ok(-amount));
            assert_eq!(
                money.checked_neg().map(|it| it.currency()),
                Ok(money.currency())
            );
        }
    }

    #[test]
    fn currencies_never_mix() {
        let (euro, yen) = (money(1, "EUR"), money(1, "JPY"));
        assert_eq!(
            euro.checked_add(yen),
            Err(ArithmeticError::CurrencyMismatch)
        );
        assert_eq!(
            euro.checked_sub(yen),
            Err(ArithmeticError::CurrencyMismatch)
        );
        assert_eq!(
            Money::sum([euro, yen], Currency::EUR),
            Err(ArithmeticError::CurrencyMismatch)
        );
        assert_eq!(
            Money::sum([yen], Currency::EUR),
            Err(ArithmeticError::CurrencyMismatch)
        );
        assert_eq!(
            Money::sum([], Currency::EUR),
            Ok(Money::zero(Currency::EUR))
        );
    }

    #[test]
    fn nothing_wraps() {
        let (least, most) = (money(i64::MIN, "EUR"), money(i64::MAX, "EUR"));
        let one = money(1, "EUR");
        assert_eq!(most.checked_add(one), Err(ArithmeticError::Overflow));
        assert_eq!(least.checked_sub(one), Err(ArithmeticError::Overflow));
        assert_eq!(least.checked_neg(), Err(ArithmeticError::Overflow));
        assert_eq!(most.checked_mul(2), Err(ArithmeticError::Overflow));
        assert_eq!(least.checked_mul(u64::MAX), Err(ArithmeticError::Overflow));
        assert_eq!(
            money(4_990, "EUR").checked_mul(12),
            Ok(money(59_880, "EUR"))
        );
    }

    #[test]
    fn json_is_an_amount_and_a_currency() {
        let json = r#"{"amount":129900,"currency":"EUR"}"#;
        let money: Money = serde_json::from_str(json).unwrap();
        assert_eq!(money, Money::new(129_900, Currency::EUR));
        assert_eq!(serde_json::to_string(&money).unwrap(), json);
        for bad in [
            r#"{"amount":1.5,"currency":"EUR"}"#,
            r#"{"amount":"1","currency":"EUR"}"#,
            r#"{"amount":1,"currency":"eur"}"#,
            r#"{"amount":9223372036854775808,"currency":"EUR"}"#,
            r#"{"amount":1}"#,
        ] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_added_can_be_taken_away(a in any::<i64>(), b in any::<i64>()) {
            let (a, b) = (money(a, "EUR"), money(b, "EUR"));
            if let Ok(sum) = a.checked_add(b) {
                prop_assert_eq!(sum.checked_sub(b), Ok(a));
            }
        }

        #[test]
        fn formats_only_decorate_the_digits(amount in any::<i64>()) {
            let digits = |text: String| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let money = money(amount, "EUR");
            prop_assert_eq!(digits(money.format(Locale::Fr)), digits(money.to_string()));
            prop_assert_eq!(digits(money.format(Locale::En)), digits(money.to_string()));
        }
    }
}
