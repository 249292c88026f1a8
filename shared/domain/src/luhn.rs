//! The check digit of cards, French companies and several VAT numbers
//! (ISO/IEC 7812-1).

/// True when the digits, every second one doubled from the last but one on, add
/// up to a multiple of ten.
pub(crate) fn is_luhn(digits: impl DoubleEndedIterator<Item = u32>) -> bool {
    sum(digits.rev()).is_multiple_of(10)
}

/// The sum of digits of which the second, the fourth and so on are doubled and
/// their own digits added up.
pub(crate) fn sum(digits: impl Iterator<Item = u32>) -> u32 {
    digits
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => digit,
            _ if digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        })
        .sum()
}
