//! Typed, prefixed ids: `ord_018f…`, a UUIDv7 in 32 hexadecimal digits.
//!
//! The prefix makes an id readable in a log and keeps an order's id out of a
//! place that wants an account's; the time order of UUIDv7 makes sort keys
//! chronological. Making an id needs time and randomness, so it happens
//! outside this crate.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Why a text is no id of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_<32 hexadecimal digits>")]
pub struct IdError {
    prefix: &'static str,
}

/// What every id has in common.
pub trait Id: Sized + Copy + fmt::Display {
    /// The prefix before the underscore.
    const PREFIX: &'static str;

    /// The id with these 128 bits.
    fn from_bits(bits: u128) -> Self;

    /// Its 128 bits.
    fn bits(self) -> u128;

    /// Reads `<prefix>_<32 lower-case hexadecimal digits>`, nothing else.
    ///
    /// # Errors
    /// Any other text.
    fn parse(text: &str) -> Result<Self, IdError>;
}

fn parse_bits(prefix: &'static str, text: &str) -> Result<u128, IdError> {
    let error = IdError { prefix };
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(error)?;
    let canonical = digits.len() == 32
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !canonical {
        return Err(error);
    }
    u128::from_str_radix(digits, 16).map_err(|_| error)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;

            fn from_bits(bits: u128) -> Self {
                Self(bits)
            }

            fn bits(self) -> u128 {
                self.0
            }

            fn parse(text: &str) -> Result<Self, IdError> {
                parse_bits($prefix, text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{:032x}", $prefix, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A login identity.
    UserId = "usr";
    /// A customer: the billed party that owns carts, orders and subscriptions.
    AccountId = "acc";
    /// A session: one family of refresh tokens.
    SessionId = "ses";
    /// A product of the catalogue.
    ProductId = "prd";
    /// A plan of a product.
    PlanId = "pln";
    /// An order.
    OrderId = "ord";
    /// One thing to pay: an order, or one billing period.
    PaymentId = "pay";
    /// A subscription.
    SubscriptionId = "sub";
    /// An invoice or credit note.
    InvoiceId = "inv";
    /// Money given back.
    RefundId = "rfd";
    /// A saved payment method.
    CardId = "pm";
    /// A domain event.
    EventId = "evt";
    /// One logical act, stored in every item the act writes.
    ActId = "act";
    /// A request, for support.
    RequestId = "req";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_writes() {
        let id = OrderId::from_bits(0x018f_0000_0000_7000_8000_0000_0000_002a);
        assert_eq!(OrderId::parse(&id.to_string()), Ok(id));
        assert_eq!(id.to_string(), "ord_018f000000007000800000000000002a");
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in [
            "",
            "ord_",
            "acc_018f000000007000800000000000002a",
            "ord_018F000000007000800000000000002A",
            "ord_018f00000000700080000000000000",
            " ord_018f000000007000800000000000002a",
            "ord_018f000000007000800000000000002a ",
            "ord_+18f000000007000800000000000002a",
        ] {
            assert!(OrderId::parse(text).is_err(), "{text:?}");
        }
    }
}
