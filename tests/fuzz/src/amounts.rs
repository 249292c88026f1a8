//! Money and exact decimals.

use crate::texts::stored;
use crate::{split, text};
use arbitrary::{Arbitrary as _, Unstructured};
use domain::decimal::{Decimal, line_net};
use domain::locale::Locale;
use domain::money::{Currency, Money};

/// A plain decimal is read exactly, and nothing else is read. A quantity (the
/// second line) times a price (the first) is the exact product, rounded once,
/// half away from zero.
pub(crate) fn decimal(data: &[u8]) {
    let (price, quantity) = split(data);
    let (price, quantity) = (text(price), text(quantity));
    let (read, plain) = (Decimal::parse(&price), exact(&price));
    let fits = plain.as_ref().is_some_and(|(value, _)| value.is_some());
    assert_eq!(read.is_ok(), fits, "{price:?}");
    let Some((Some(value), scale)) = plain else {
        return;
    };
    assert_eq!(read, Ok(Decimal::new(value, scale)), "{price:?}");
    let (Ok(price), Ok(count)) = (read, Decimal::parse(&quantity)) else {
        return;
    };
    let Some((Some(times), places)) = exact(&quantity) else {
        panic!("{quantity:?} is a decimal only here");
    };
    let Ok(net) = line_net(count, price, Currency::EUR) else {
        return;
    };
    // The product in cents is `numerator / divisor`.
    let numerator = value
        .checked_mul(times)
        .and_then(|product| product.checked_mul(100))
        .expect("a product that was computed");
    let divisor = 10_i128
        .checked_pow(scale.saturating_add(places))
        .expect("a divisor that was used");
    let doubled = numerator.unsigned_abs().saturating_mul(2);
    let rounded = (doubled.saturating_add(divisor.unsigned_abs())) / divisor.unsigned_abs() / 2;
    if doubled < u128::MAX / 2 {
        assert_eq!(
            u128::from(net.unsigned_abs()),
            rounded,
            "{price:?} x {quantity:?}"
        );
        assert!(net == 0 || (net < 0) == (numerator < 0));
    }
}

/// A decimal by its digits: the value, if it fits, and how many places it has.
fn exact(text: &str) -> Option<(Option<i128>, u32)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let mut parts = digits.split('.');
    let (whole, fraction) = (parts.next()?, parts.next());
    if parts.next().is_some() || whole.is_empty() || fraction == Some("") {
        return None;
    }
    let fraction = fraction.unwrap_or("0");
    let mut value = Some(0_i128);
    for c in whole.chars().chain(fraction.chars()) {
        let digit = i128::from(c.to_digit(10)?);
        let signed = if negative { -digit } else { digit };
        value = value.and_then(|value| value.checked_mul(10)?.checked_add(signed));
    }
    Some((value, u32::try_from(fraction.len()).ok()?))
}

/// An amount read from JSON is written back the same; a printed amount has
/// the amount's digits and sign; sums and products are exact or refused.
pub(crate) fn money(data: &[u8]) {
    if let Ok(money) = serde_json::from_slice::<Money>(data) {
        stored(&money);
        printed(money);
    }
    let mut input = Unstructured::new(data);
    let mut next =
        || -> Option<(i64, i64, u64, bool)> { <(i64, i64, u64, bool)>::arbitrary(&mut input).ok() };
    let Some((a, b, times, same)) = next() else {
        return;
    };
    let yen = Currency::parse("JPY").expect("a currency");
    let other = if same { Currency::EUR } else { yen };
    let (left, right) = (Money::new(a, Currency::EUR), Money::new(b, other));
    printed(left);
    printed(right);
    let fits = |wanted: i128| i64::try_from(wanted).ok().filter(|_| same);
    let amount = |money: Money| money.amount();
    let (wide, wide_b) = (i128::from(a), i128::from(b));
    assert_eq!(
        left.checked_add(right).ok().map(amount),
        fits(wide + wide_b)
    );
    assert_eq!(
        left.checked_sub(right).ok().map(amount),
        fits(wide - wide_b)
    );
    assert_eq!(
        left.checked_neg().ok().map(amount),
        i64::try_from(-wide).ok()
    );
    let product = i64::try_from(wide * i128::from(times)).ok();
    assert_eq!(left.checked_mul(times).ok().map(amount), product);
    let sum = Money::sum([left, right], Currency::EUR);
    assert_eq!(sum.ok().map(amount), fits(wide + wide_b));
}

/// `parse(print(x)) = x`, with a parser of this test's own, in all three
/// forms.
fn printed(money: Money) {
    let places = usize::from(money.currency().minor_unit_digits());
    for print in [
        money.to_string(),
        money.format(Locale::Fr),
        money.format(Locale::En),
    ] {
        let digits: String = print.chars().filter(char::is_ascii_digit).collect();
        let magnitude: u64 = digits.parse().expect("digits");
        assert_eq!(magnitude, money.amount().unsigned_abs(), "{print}");
        assert_eq!(print.starts_with('-'), money.is_negative(), "{print}");
        let mark = if print.contains('\u{202f}') || print.contains(',') && !print.contains('.') {
            ','
        } else {
            '.'
        };
        if places > 0 {
            let after = print.rsplit(mark).next().unwrap_or_default();
            let after = after.chars().filter(char::is_ascii_digit).count();
            assert_eq!(after, places, "{print}");
        }
    }
}
