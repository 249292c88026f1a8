//! How the domain's types are read from a request.

use super::form::Field;
use super::problem::Reason;
use domain::coupon::CouponCode;
use domain::email::{EmailAddress, EmailError};
use domain::id::{Id, IdError};
use domain::locale::Locale;
use domain::money::Currency;
use domain::refund::RefundReason;
use domain::text::{Line, TextError};
use domain::vat::CountryCode;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn text(value: &Value) -> Result<&str, Reason> {
    value.as_str().ok_or(Reason::WrongType)
}

/// A text of 1 to `MAX` bytes as it was typed, without control characters:
/// tokens, codes, search words.
#[derive(Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize>(pub String);

impl<const MAX: usize> Field for Text<MAX> {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let text = text(value)?;
        if text.chars().any(domain::text::is_unsafe) {
            return Err(Reason::ControlCharacter);
        }
        match text.len() {
            0 => Err(Reason::TooShort),
            length if length > MAX => Err(Reason::TooLong),
            _ => Ok(Self(text.to_owned())),
        }
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": MAX})
    }
}

/// A text this API made itself, such as a cursor. Any text is read: whoever
/// opens it says whether it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque(pub String);

impl Field for Opaque {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        text(value).map(|text| Self(text.to_owned()))
    }

    fn schema() -> Value {
        json!({"type": "string"})
    }
}

/// A password as it was typed. It has no `Debug`.
pub struct Password(pub String);

impl Field for Password {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let text = text(value)?;
        if text.contains('\0') {
            return Err(Reason::ControlCharacter);
        }
        if text.is_empty() {
            return Err(Reason::TooShort);
        }
        if text.len() > 512 || text.chars().count() > 128 {
            return Err(Reason::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": 128, "format": "password"})
    }
}

impl Field for bool {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        value.as_bool().ok_or(Reason::WrongType)
    }

    fn from_text(text: &str) -> Result<Self, Reason> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Reason::WrongType),
        }
    }

    fn schema() -> Value {
        json!({"type": "boolean"})
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const MIN: u64, const MAX: u64>(pub u64);

impl<const MIN: u64, const MAX: u64> Field for Whole<MIN, MAX> {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let number = value.as_number().ok_or(Reason::WrongType)?;
        match number.as_u64() {
            Some(number) if (MIN..=MAX).contains(&number) => Ok(Self(number)),
            Some(_) => Err(Reason::OutOfRange),
            None if number.is_i64() => Err(Reason::OutOfRange),
            None => Err(Reason::WrongType),
        }
    }

    fn from_text(text: &str) -> Result<Self, Reason> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Reason::WrongType);
        }
        match text.parse::<u64>() {
            Ok(number) if (MIN..=MAX).contains(&number) => Ok(Self(number)),
            Ok(_) | Err(_) => Err(Reason::OutOfRange),
        }
    }

    fn schema() -> Value {
        json!({"type": "integer", "minimum": MIN, "maximum": MAX})
    }
}

impl<const MAX: usize> Field for Line<MAX> {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        Self::parse(text(value)?).map_err(|error| match error {
            TextError::Empty => Reason::TooShort,
            TextError::TooLong(_) => Reason::TooLong,
            TextError::Control => Reason::ControlCharacter,
            TextError::CardNumber => Reason::CardNumber,
        })
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": MAX})
    }
}

impl Field for EmailAddress {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        Self::parse(text(value)?).map_err(|error| match error {
            EmailError::Malformed => Reason::Malformed,
            EmailError::TooLong => Reason::TooLong,
            EmailError::Disposable => Reason::DisposableEmail,
        })
    }

    fn schema() -> Value {
        json!({"type": "string", "format": "email", "maxLength": 254})
    }
}

impl Field for Locale {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        Self::parse(text(value)?).ok_or(Reason::UnknownValue)
    }

    fn schema() -> Value {
        json!({"type": "string", "enum": ["fr", "en"]})
    }
}

impl Field for Currency {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        Self::parse(text(value)?).map_err(|_| Reason::UnknownValue)
    }

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[A-Z]{3}$"})
    }
}

impl Field for CouponCode {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        Self::parse(text(value)?).map_err(|_| Reason::Malformed)
    }

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[A-Za-z0-9-]{4,32}$"})
    }
}

impl Field for RefundReason {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let name = text(value)?;
        let mut all = Self::ALL.into_iter();
        let found = all.find(|reason| reason.name() == name);
        found.ok_or(Reason::UnknownValue)
    }

    fn schema() -> Value {
        json!({"type": "string", "enum": Self::ALL.map(Self::name)})
    }
}

impl Field for CountryCode {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        Self::parse(text(value)?).map_err(|_| Reason::UnknownValue)
    }

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[A-Z]{2}$"})
    }
}

/// A day, which begins at midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub Timestamp);

impl Field for Day {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let text = text(value)?;
        let date: Date = text.parse().map_err(|_| Reason::Malformed)?;
        // Written in full, as RFC 3339 has it: no other form, no sign.
        if text.len() != 10 || date.to_string() != text {
            return Err(Reason::Malformed);
        }
        let midnight = date.to_zoned(TimeZone::UTC);
        let midnight = midnight.map_err(|_| Reason::OutOfRange)?;
        Ok(Self(midnight.timestamp()))
    }

    fn schema() -> Value {
        json!({"type": "string", "format": "date"})
    }
}

/// A moment, as RFC 3339 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub Timestamp);

impl Field for Instant {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let text = text(value)?;
        text.parse().map(Self).map_err(|_| Reason::Malformed)
    }

    fn schema() -> Value {
        json!({"type": "string", "format": "date-time"})
    }
}

/// One to `MAX` ids, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids<T, const MAX: usize>(pub BTreeSet<T>);

impl<T: Id + Ord, const MAX: usize> Field for Ids<T, MAX> {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let listed = value.as_array().ok_or(Reason::WrongType)?;
        if listed.is_empty() || listed.len() > MAX {
            return Err(Reason::OutOfRange);
        }
        let mut ids = BTreeSet::new();
        for value in listed {
            if !ids.insert(IdField::<T>::from_json(value)?.0) {
                return Err(Reason::Duplicate);
            }
        }
        Ok(Self(ids))
    }

    fn schema() -> Value {
        let items = IdField::<T>::schema();
        json!({"type": "array", "items": items, "minItems": 1, "maxItems": MAX, "uniqueItems": true})
    }
}

/// An id in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdField<T>(pub T);

impl<T: Id> Field for IdField<T> {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        T::parse(text(value)?)
            .map(Self)
            .map_err(|_: IdError| Reason::Malformed)
    }

    fn schema() -> Value {
        json!({"type": "string", "pattern": format!("^{}_[0-9a-f]{{32}}$", T::PREFIX)})
    }
}

/// `true`, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted;

impl Field for Accepted {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        match value {
            Value::Bool(true) => Ok(Self),
            Value::Bool(false) => Err(Reason::MustBeAccepted),
            Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => Err(Reason::WrongType),
        }
    }

    fn schema() -> Value {
        json!({"type": "boolean", "const": true})
    }
}
