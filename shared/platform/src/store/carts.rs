//! Carts, of accounts and of guests.

mod edit;

pub use edit::{CartEdit, CartRefusal};

use super::item::{Entity, Stored};
use super::keys::{self, Key};
use super::{Store, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::cart::{Cart, CartItem};
use domain::id::{AccountId, PlanId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// How long the table keeps a cart after its end, so that its owner is told
/// that it has ended and not that there never was one.
const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Whose cart it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartOwner {
    /// An account's.
    Account(AccountId),
    /// A guest's, by the SHA-256 of its token.
    Guest(String),
}

impl CartOwner {
    /// Where the cart is stored.
    pub fn key(&self) -> Key {
        match self {
            Self::Account(account) => keys::account_cart(*account),
            Self::Guest(token_hash) => keys::guest_cart(token_hash),
        }
    }
}

/// What a guest holds: whoever has it has the cart. The table knows only its
/// SHA-256. It has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestToken(String);

impl GuestToken {
    /// A token of 256 random bits.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a token of the form this API gives.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// The text the guest keeps.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The owner this token makes.
    pub fn owner(&self) -> CartOwner {
        CartOwner::Guest(hex::encode(Sha256::digest(self.0.as_bytes())))
    }
}

/// A cart in the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Record", into = "Record")]
pub struct StoredCart {
    /// Whose it is.
    pub owner: CartOwner,
    /// What is in it.
    pub cart: Cart,
    /// The version that was ordered last, if any was: who orders it again is
    /// told so.
    pub ordered_version: Option<u64>,
}

impl StoredCart {
    /// The cart after the version `ordered` of it was ordered.
    pub fn emptied(&self, ordered: u64) -> Self {
        Self {
            owner: self.owner.clone(),
            cart: Cart {
                items: BTreeMap::new(),
                expires_at: self.cart.expires_at,
            },
            ordered_version: Some(ordered),
        }
    }

    /// An account's cart with what a guest had; none when a cart does not hold
    /// it all.
    pub fn merged(
        account: AccountId,
        own: Option<&Self>,
        guest: &Self,
        now: Timestamp,
    ) -> Option<Self> {
        let cart = own.map(|own| own.cart.clone()).unwrap_or_default();
        Some(Self {
            owner: CartOwner::Account(account),
            cart: cart.merged(&guest.cart, now)?,
            ordered_version: own.and_then(|own| own.ordered_version),
        })
    }

    /// A guest's cart after an account took everything in it.
    pub fn taken(&self) -> Self {
        Self {
            cart: Cart {
                items: BTreeMap::new(),
                expires_at: self.cart.expires_at,
            },
            ..self.clone()
        }
    }

    /// True when there was something in it and its time is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        !self.cart.items.is_empty() && self.cart.is_expired(now)
    }
}

impl Entity for StoredCart {
    const TYPE: &'static str = "cart";

    fn key(&self) -> Key {
        self.owner.key()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        let end = self.cart.expires_at?;
        Some(end.checked_add(KEPT_AFTER_END).unwrap_or(end))
    }
}

/// A cart as attributes: the end is a number, which conditions compare.
#[derive(Serialize, Deserialize)]
struct Record {
    owner: CartOwner,
    items: BTreeMap<PlanId, CartItem>,
    ends_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ordered_version: Option<u64>,
}

impl TryFrom<Record> for StoredCart {
    type Error = jiff::Error;

    fn try_from(record: Record) -> Result<Self, jiff::Error> {
        let expires_at = Some(Timestamp::from_second(record.ends_at)?);
        Ok(Self {
            owner: record.owner,
            cart: Cart {
                items: record.items,
                expires_at,
            },
            ordered_version: record.ordered_version,
        })
    }
}

impl From<StoredCart> for Record {
    fn from(stored: StoredCart) -> Self {
        Self {
            owner: stored.owner,
            items: stored.cart.items,
            ends_at: stored.cart.expires_at.map_or(0, Timestamp::as_second),
            ordered_version: stored.ordered_version,
        }
    }
}

impl Store {
    /// A cart, if there is one. One round trip.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn cart_of(
        &self,
        owner: &CartOwner,
    ) -> Result<Option<Stored<StoredCart>>, StoreError> {
        self.get(&owner.key()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::item::{decode, encode};
    use domain::id::{ActId, Id as _};
    use domain::money::{Currency, Money};

    fn twelve() -> BTreeMap<PlanId, CartItem> {
        let shown = Money::new(5_880, Currency::EUR);
        let quantity = 12;
        BTreeMap::from([(PlanId::from_bits(5), CartItem { quantity, shown })])
    }

    fn cart(items: BTreeMap<PlanId, CartItem>) -> StoredCart {
        StoredCart {
            owner: GuestToken::from_random([7; 32]).owner(),
            cart: Cart {
                items,
                expires_at: Some("2026-01-31T09:00:00Z".parse().unwrap()),
            },
            ordered_version: None,
        }
    }

    #[test]
    fn a_cart_reads_back_from_its_item() {
        let filled = cart(twelve());
        let account = StoredCart {
            owner: CartOwner::Account(AccountId::from_bits(9)),
            ..filled.clone()
        };
        for value in [filled.clone(), account, filled.emptied(4)] {
            let item = encode(&value, 4, ActId::from_bits(1)).unwrap();
            let read = decode::<StoredCart>(item).unwrap();
            assert_eq!((read.version, read.value), (4, value));
        }
    }

    #[test]
    fn an_emptied_cart_remembers_the_version_that_was_ordered_and_never_expires() {
        let emptied = cart(twelve()).emptied(4);
        assert_eq!(emptied.ordered_version, Some(4));
        assert!(emptied.cart.items.is_empty());
        assert!(!emptied.is_expired("2027-01-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_filled_cart_ends_at_its_last_second() {
        let filled = cart(twelve());
        assert!(!filled.is_expired("2026-01-31T08:59:59Z".parse().unwrap()));
        assert!(filled.is_expired("2026-01-31T09:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_guest_token_has_256_bits_and_only_its_hash_is_a_key() {
        let token = GuestToken::from_random([7; 32]);
        assert!(GuestToken::parse(token.as_str()).is_some_and(|read| read == token));
        let key = token.owner().key();
        assert!(!key.pk.contains(token.as_str()));
        for text in [
            "",
            "abc",
            &token.as_str()[1..],
            &format!("{}A", token.as_str()),
            &format!("{}=", token.as_str()),
        ] {
            assert!(GuestToken::parse(text).is_none(), "{text:?}");
        }
    }
}
