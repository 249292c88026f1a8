//! The check digits of each country, as its tax office computes them.
//! Sources: the countries' own algorithms as the public validators
//! python-stdnum and valvat document them.

use crate::luhn::{self, is_luhn};
use jiff::civil::Date;

/// True when the digits of a number in the format of its country are good.
pub(super) fn are_good(prefix: &str, body: &str) -> bool {
    let digits: Vec<u32> = body.chars().filter_map(|c| c.to_digit(10)).collect();
    let good = match prefix {
        "AT" => austria(&digits),
        "BE" => belgium(&digits),
        "BG" => bulgaria(&digits),
        "CY" => cyprus(body, &digits),
        "CZ" => czechia(&digits),
        "DE" | "HR" => Some(iso_7064_mod_11_10(&digits)),
        "DK" => Some(weighted(&digits, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)),
        "EE" => Some(weighted(&digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)),
        "EL" => greece(&digits),
        "ES" => spain(body),
        "FI" => Some(weighted(&digits, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11)),
        "FR" => france(body),
        "HU" => Some(weighted(&digits, &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10)),
        "IE" => ireland(body),
        "IT" => italy(&digits),
        "LT" => lithuania(&digits),
        "LU" => luxembourg(&digits),
        "LV" => latvia(&digits),
        "MT" => Some(weighted(&digits, &[3, 4, 6, 7, 8, 9, 10, 1]).is_multiple_of(37)),
        "NL" => netherlands(body, &digits),
        "PL" => poland(&digits),
        "PT" => portugal(&digits),
        "RO" => romania(&digits),
        "SE" => digits.get(..10).map(luhn),
        "SI" => slovenia(&digits),
        "SK" => slovakia(&digits),
        "XI" => northern_ireland(body, &digits),
        _ => None,
    };
    good.unwrap_or(false)
}

/// Weights from 8 down to 2.
const EIGHT_TO_TWO: [u32; 7] = [8, 7, 6, 5, 4, 3, 2];

/// Weights from 9 down to 2.
const NINE_TO_TWO: [u32; 8] = [9, 8, 7, 6, 5, 4, 3, 2];

/// Digits times weights, as far as there are both.
fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}

fn number(digits: &[u32]) -> u64 {
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + u64::from(*digit))
}

fn luhn(digits: &[u32]) -> bool {
    is_luhn(digits.iter().copied())
}

fn iso_7064_mod_11_10(digits: &[u32]) -> bool {
    let Some((last, first)) = digits.split_last() else {
        return false;
    };
    let product = first.iter().fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + last) % 10 == 1
}

/// A day that exists.
fn is_date(year: u32, month: u32, day: u32) -> bool {
    let (year, month, day) = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let (Ok(year), Ok(month), Ok(day)) = (year, month, day) else {
        return false;
    };
    Date::new(year, month, day).is_ok()
}

fn austria(digits: &[u32]) -> Option<bool> {
    let (last, first) = digits.split_last()?;
    Some((96 - luhn::sum(first.iter().copied())) % 10 == *last)
}

fn belgium(digits: &[u32]) -> Option<bool> {
    let (first, last) = digits.split_at_checked(8)?;
    Some(97 - number(first) % 97 == number(last))
}

fn bulgaria(digits: &[u32]) -> Option<bool> {
    let (last, first) = digits.split_last()?;
    if first.len() == 8 {
        let check = match weighted(first, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
            10 => weighted(first, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10,
            check => check,
        };
        return Some(check == *last);
    }
    let person = weighted(first, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == *last
        && is_bulgarian_birthday(first)?;
    let foreigner = weighted(first, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == *last;
    let other = (11 - weighted(first, &[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == *last;
    Some(person || foreigner || other)
}

/// The month tells the century: plus 20 before 1900, plus 40 from 2000 on.
fn is_bulgarian_birthday(digits: &[u32]) -> Option<bool> {
    let [y, z, m, n, d, e, ..] = *digits else {
        return None;
    };
    let (year, month) = match m * 10 + n {
        month @ 41.. => (2000, month - 40),
        month @ 21.. => (1800, month - 20),
        month => (1900, month),
    };
    Some(is_date(year + y * 10 + z, month, d * 10 + e))
}

fn cyprus(body: &str, digits: &[u32]) -> Option<bool> {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let mut sum = 0;
    for (place, digit) in digits.iter().enumerate() {
        sum += match place % 2 {
            0 => *ODD.get(usize::try_from(*digit).ok()?)?,
            _ => *digit,
        };
    }
    let letter = char::from_u32(u32::from('A') + sum % 26)?;
    Some(!body.starts_with("12") && body.ends_with(letter))
}

fn czechia(digits: &[u32]) -> Option<bool> {
    let (last, first) = digits.split_last()?;
    Some(match *digits {
        // A company.
        [leading, .., _] if digits.len() == 8 => {
            let check = match (11 - weighted(first, &EIGHT_TO_TWO) % 11) % 11 {
                0 => 1,
                10 => 0,
                check => check,
            };
            leading != 9 && check == *last
        }
        // A person without a birth number.
        [6, ..] if digits.len() == 9 => {
            let check = weighted(first.get(1..)?, &EIGHT_TO_TWO) % 11;
            (18 - (21 - check) % 11) % 10 == *last
        }
        _ => czech_birth_number(digits)?,
    })
}

/// Nine digits were given out until 1953, ten with a check digit since. The
/// month may have 20, 50 or 70 added.
fn czech_birth_number(digits: &[u32]) -> Option<bool> {
    let [y, z, m, n, d, e, ..] = *digits else {
        return None;
    };
    let short = y * 10 + z;
    let is_new = digits.len() == 10;
    let year = match (is_new, short) {
        (true, 0..54) => 2000 + short,
        (true, _) | (false, 0..54) => 1900 + short,
        (false, 80..) => 1800 + short,
        (false, _) => return Some(false),
    };
    let (last, first) = digits.split_last()?;
    let is_checked = !is_new || number(first) % 11 % 10 == u64::from(*last);
    Some(is_checked && is_date(year, (m * 10 + n) % 50 % 20, d * 10 + e))
}

fn greece(digits: &[u32]) -> Option<bool> {
    let (last, first) = digits.split_last()?;
    Some(weighted(first, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == *last)
}

fn spain(body: &str) -> Option<bool> {
    const PEOPLE: &str = "TRWAGMYFPDXBNJZSQVHLCKE";
    const BODIES: &str = "JABCDEFGHI";
    let first = body.chars().next()?;
    let last = body.chars().next_back()?;
    let middle = body.get(1..body.len().checked_sub(1)?)?;
    let of_a_person = |digits: &str| -> Option<bool> {
        let place = usize::try_from(digits.parse::<u64>().ok()? % 23).ok()?;
        Some(PEOPLE.chars().nth(place)? == last)
    };
    match first {
        '0'..='9' => of_a_person(body.get(..8)?),
        'K' | 'L' | 'M' => of_a_person(middle),
        'X' => of_a_person(middle),
        'Y' => of_a_person(&format!("1{middle}")),
        'Z' => of_a_person(&format!("2{middle}")),
        'A'..='H' | 'J' | 'N' | 'P'..='S' | 'U'..='W' => {
            let digits: Vec<u32> = middle.chars().filter_map(|c| c.to_digit(10)).collect();
            let check = (0..10).find(|check| {
                let with: Vec<u32> = digits.iter().copied().chain([*check]).collect();
                luhn(&with)
            })?;
            let letter = BODIES.chars().nth(usize::try_from(check).ok()?)?;
            Some(last.to_digit(10) == Some(check) || last == letter)
        }
        _ => None,
    }
}

fn france(body: &str) -> Option<bool> {
    const PLACES: &str = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let (key, company) = body.split_at_checked(2)?;
    let digits: Vec<u32> = company.chars().filter_map(|c| c.to_digit(10)).collect();
    // Monaco's companies have no French register number.
    if !company.starts_with("000") && !luhn(&digits) {
        return Some(false);
    }
    let company = number(&digits);
    if let Ok(key) = key.parse::<u64>() {
        return Some((12 + 3 * (company % 97)) % 97 == key);
    }
    let place = |c: char| PLACES.find(c).and_then(|place| u64::try_from(place).ok());
    let mut letters = key.chars();
    let (first, second) = (letters.next()?, letters.next()?);
    let sum = match first.is_ascii_digit() {
        true => (24 * place(first)? + place(second)?).checked_sub(10)?,
        false => (34 * place(first)? + place(second)?).checked_sub(100)?,
    };
    Some((company + 1 + sum / 11) % 11 == sum % 11)
}

fn ireland(body: &str) -> Option<bool> {
    const LETTERS: &str = "WABCDEFGHIJKLMNOPQRSTUV";
    let place = |c: char| LETTERS.find(c).and_then(|place| u32::try_from(place).ok());
    let chars: Vec<char> = body.chars().collect();
    let (serial, letters) = chars.split_at_checked(7)?;
    let digits: Vec<u32> = serial.iter().filter_map(|c| c.to_digit(10)).collect();
    let ordered = match *digits.as_slice() {
        // The old form: a digit, a letter or sign, five digits.
        [first, a, b, c, d, e] => vec![0, a, b, c, d, e, first],
        _ => digits,
    };
    let (check, second) = match *letters {
        [check] => (check, 0),
        [check, second] => (check, place(second)?),
        _ => return None,
    };
    let sum = weighted(&ordered, &EIGHT_TO_TWO) + 9 * second;
    Some(place(check)? == sum % 23)
}

fn italy(digits: &[u32]) -> Option<bool> {
    let (company, rest) = digits.split_at_checked(7)?;
    let office = number(rest.get(..3)?);
    let is_office = matches!(office, 1..=100 | 120 | 121 | 888 | 999);
    Some(luhn(digits) && number(company) != 0 && is_office)
}

fn lithuania(digits: &[u32]) -> Option<bool> {
    let (last, first) = digits.split_last()?;
    let sum = |weights: [u32; 11]| weighted(first, &weights) % 11;
    let check = match sum([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2]) {
        10 => sum([3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4]) % 10,
        check => check,
    };
    Some(check == *last)
}

fn luxembourg(digits: &[u32]) -> Option<bool> {
    let (first, last) = digits.split_at_checked(6)?;
    Some(number(first) % 89 == number(last))
}

fn latvia(digits: &[u32]) -> Option<bool> {
    let [d, e, m, n, y, z, century, ..] = *digits else {
        return None;
    };
    if d > 3 {
        return Some(weighted(digits, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3);
    }
    let (last, first) = digits.split_last()?;
    let check = (1 + weighted(first, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10;
    // Since 2017 personal numbers begin with 32 and tell no birthday.
    let is_person = (d, e) == (3, 2)
        || (century < 3 && is_date(1800 + century * 100 + y * 10 + z, m * 10 + n, d * 10 + e));
    Some(check == *last && is_person)
}

fn netherlands(body: &str, digits: &[u32]) -> Option<bool> {
    let (company, suffix) = digits.split_at_checked(9)?;
    if number(company) == 0 || number(suffix) == 0 {
        return Some(false);
    }
    let (last, first) = company.split_last()?;
    let of_a_company = weighted(first, &NINE_TO_TWO) % 11 == *last;
    // Of a person since 2020: the whole of it, letters as 10 to 35, mod 97.
    let of_a_person = "NL".chars().chain(body.chars()).try_fold(0, |rest, c| {
        let value = c.to_digit(36)?;
        Some((rest * if value > 9 { 100 } else { 10 } + value) % 97)
    })? == 1;
    Some(of_a_company || of_a_person)
}

fn poland(digits: &[u32]) -> Option<bool> {
    let (last, first) = digits.split_last()?;
    Some(weighted(first, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == *last)
}

fn portugal(digits: &[u32]) -> Option<bool> {
    let (last, first) = digits.split_last()?;
    let check = match 11 - weighted(first, &NINE_TO_TWO) % 11 {
        10.. => 0,
        check => check,
    };
    Some(check == *last)
}

fn romania(digits: &[u32]) -> Option<bool> {
    let (last, first) = digits.split_last()?;
    // As if zeros stood before it.
    let weights = [7, 5, 3, 2, 1, 7, 5, 3, 2];
    let weights = weights.get(9_usize.checked_sub(first.len())?..)?;
    Some(10 * weighted(first, weights) % 11 % 10 == *last)
}

fn slovenia(digits: &[u32]) -> Option<bool> {
    let (last, first) = digits.split_last()?;
    // 11 is no digit: such numbers are not given out.
    let check = match 11 - weighted(first, &EIGHT_TO_TWO) % 11 {
        10 => 0,
        check => check,
    };
    Some(check == *last)
}

fn slovakia(digits: &[u32]) -> Option<bool> {
    let [first, _, third, ..] = *digits else {
        return None;
    };
    Some(first != 0 && matches!(third, 2..=4 | 7..=9) && number(digits).is_multiple_of(11))
}

fn northern_ireland(body: &str, digits: &[u32]) -> Option<bool> {
    if body.starts_with("GD") {
        return Some(number(digits) < 500);
    }
    if body.starts_with("HA") {
        return Some(number(digits) >= 500);
    }
    let company = digits.get(..9)?;
    let sum = weighted(company, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97;
    let is_new = number(company.get(..3)?) >= 100;
    Some(sum == 0 || (is_new && matches!(sum, 42 | 55)))
}
