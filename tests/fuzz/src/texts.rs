//! Texts that people and programs type: ids, addresses, lines, numbers.

use crate::text;
use domain::email::EmailAddress;
use domain::id::{
    AccountId, ActId, EventId, Id, InvoiceId, OrderId, PaymentId, PlanId, ProductId, RequestId,
    SessionId, SubscriptionId, UserId,
};
use domain::text::Line;
use platform::http::fields::{Opaque, Text, Whole};
use platform::http::form::Field;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What is read is printed as it was written, by exactly one kind of id; and
/// every 128 bits are printed so that they are read back.
pub(crate) fn ids(data: &[u8]) {
    let text = text(data);
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(data) {
        *to = *from;
    }
    let bits = u128::from_be_bytes(bytes);
    let kinds = [
        id::<UserId>(&text, bits),
        id::<AccountId>(&text, bits),
        id::<SessionId>(&text, bits),
        id::<ProductId>(&text, bits),
        id::<PlanId>(&text, bits),
        id::<OrderId>(&text, bits),
        id::<PaymentId>(&text, bits),
        id::<SubscriptionId>(&text, bits),
        id::<InvoiceId>(&text, bits),
        id::<EventId>(&text, bits),
        id::<ActId>(&text, bits),
        id::<RequestId>(&text, bits),
    ];
    let kinds = kinds.into_iter().filter(|is_one| *is_one).count();
    assert_eq!(kinds, usize::from(is_id(&text)), "{text:?}");
}

/// True for three letters of a known kind and 32 lower-case hexadecimal
/// digits.
fn is_id(text: &str) -> bool {
    const KINDS: [&str; 12] = [
        "usr", "acc", "ses", "prd", "pln", "ord", "pay", "sub", "inv", "evt", "act", "req",
    ];
    text.split_once('_').is_some_and(|(kind, digits)| {
        KINDS.contains(&kind)
            && digits.len() == 32
            && digits.chars().all(|c| "0123456789abcdef".contains(c))
    })
}

fn id<T>(text: &str, bits: u128) -> bool
where
    T: Id + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let made = T::from_bits(bits);
    assert_eq!(T::parse(&made.to_string()), Ok(made));
    let read = T::parse(text);
    if let Ok(id) = read {
        assert_eq!(id.to_string(), text);
        stored(&id);
    }
    read.is_ok()
}

/// What is stored is read back as it was: an item that cannot be read again
/// would be lost.
pub(crate) fn stored<T>(value: &T)
where
    T: PartialEq + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let json = serde_json::to_value(value).expect("a value that can be written");
    let read: Result<T, _> = serde_json::from_value(json.clone());
    match read {
        Ok(read) => assert_eq!(&read, value, "{json}"),
        Err(error) => panic!("{json} does not read back: {error}"),
    }
}

/// An accepted address has one form, which reads as itself, can stand in a
/// mail header and keeps to the lengths of RFC 5321.
pub(crate) fn email(data: &[u8]) {
    let text = text(data);
    let Ok(address) = EmailAddress::parse(&text) else {
        return;
    };
    let form = address.as_str();
    assert_eq!(EmailAddress::parse(form).as_ref(), Ok(&address), "{text:?}");
    stored(&address);
    assert!(form.len() <= 254, "{form}");
    let harmless = |c: char| c.is_ascii_graphic() && !"()<>[]:;@\\,\"".contains(c);
    let (local, domain) = form.split_once('@').expect("an @");
    assert!(
        local.chars().all(harmless) && domain.chars().all(harmless),
        "{form:?}"
    );
    assert!((1..=64).contains(&local.len()), "{form}");
    assert!(domain.split('.').count() > 1, "{form}");
    for label in domain.split('.') {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(label.bytes().all(plain), "{form}");
        assert!((1..=63).contains(&label.len()), "{form}");
    }
    assert_eq!(form, form.to_ascii_lowercase());
    assert_eq!(address.local_part(), local);
    // One mailbox, one form.
    for other in [text.to_uppercase(), text.to_lowercase()] {
        if text.is_ascii() {
            assert_eq!(
                EmailAddress::parse(&other).as_ref(),
                Ok(&address),
                "{other:?}"
            );
        }
    }
}

/// An accepted line is within its length, trimmed, without invisible
/// characters or card numbers, and reads as itself.
pub(crate) fn line(data: &[u8]) {
    let text = text(data);
    lines::<16>(&text);
    lines::<20>(&text);
    lines::<100>(&text);
    lines::<200>(&text);
}

fn lines<const MAX: usize>(text: &str) {
    let Ok(line) = Line::<MAX>::parse(text) else {
        return;
    };
    let found = line.as_str();
    assert!((1..=MAX).contains(&found.chars().count()), "{found:?}");
    assert_eq!(found, found.trim(), "{text:?}");
    let hidden = |c: char| {
        c.is_control()
            || ('\u{200b}'..='\u{200f}').contains(&c)
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
            || ('\u{2028}'..='\u{2029}').contains(&c)
            || c == '\u{feff}'
    };
    assert!(!found.chars().any(hidden), "{found:?}");
    assert!(!holds_card(found), "{found:?}");
    assert_eq!(Line::<MAX>::parse(found).as_ref(), Ok(&line), "{text:?}");
    stored(&line);
}

/// True when the digits alone, blanks and hyphens left out, hold a run of 16
/// digits that is a Visa or Mastercard number by its Luhn sum.
fn holds_card(text: &str) -> bool {
    let joined: String = text.chars().filter(|c| *c != ' ' && *c != '-').collect();
    joined
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| run.len() == 16 && (run.starts_with('4') || run.starts_with("55")))
        .any(|run| luhn(run) == 0)
}

fn luhn(digits: &str) -> u32 {
    let digits = digits.chars().rev().filter_map(|c| c.to_digit(10));
    let sum = digits.enumerate().fold(0, |sum: u32, (place, digit)| {
        let worth = if place % 2 == 1 { digit * 2 } else { digit };
        sum + worth / 10 + worth % 10
    });
    sum % 10
}

/// A number in a query is read when it is plain digits within the bounds, and
/// printed as it was but for leading zeros; a JSON value is read by its type.
pub(crate) fn fields(data: &[u8]) {
    let text = text(data);
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.trim_start_matches('0').parse::<u64>().ok();
    let number = if plain && text.bytes().all(|byte| byte == b'0') {
        Some(0)
    } else {
        number
    };
    let wanted = number.filter(|number| plain && (1..=100).contains(number));
    let read = <Whole<1, 100>>::from_text(&text).ok().map(|whole| whole.0);
    assert_eq!(read, wanted, "{text:?}");
    if let Ok(Text(read)) = <Text<64>>::from_text(&text) {
        assert_eq!(read, text);
        assert!((1..=64).contains(&read.len()));
        assert!(!read.chars().any(char::is_control), "{read:?}");
    }
    assert_eq!(
        Opaque::from_text(&text).map(|opaque| opaque.0),
        Ok(text.to_string())
    );
    let value: Value = serde_json::from_slice(data).unwrap_or_else(|_| json!(text));
    let whole = <Whole<1, 1_000_000>>::from_json(&value)
        .ok()
        .map(|whole| whole.0);
    let wanted = value
        .as_u64()
        .filter(|number| (1..=1_000_000).contains(number));
    assert_eq!(whole, wanted, "{value}");
    assert_eq!(bool::from_json(&value).ok(), value.as_bool());
    assert_eq!(bool::from_text(&text).ok(), text.parse().ok());
}
