//! Carts. Every change is one conditional update that answers with the new
//! cart, or with the old one and so the reason.

use super::item::{Entity, Item, Stored, decode, key_item};
use super::keys::{self, Key};
use super::transaction::CommitError;
use super::write::is_ours;
use super::{Store, StoreError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::cart::{CART_LIFE, Cart, MAX_LINES};
use domain::id::{AccountId, ActId, PlanId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};

/// How long the table keeps a cart after its end, so that its owner is told
/// that it has ended and not that there never was one.
const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Tries of a change that meets other changes of the same cart.
const TRIES: u32 = 4;

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
    items: BTreeMap<PlanId, u64>,
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

/// One change of a cart.
#[derive(Debug, Clone, Copy)]
pub struct CartEdit {
    /// The act that changes it.
    pub act: ActId,
    /// When.
    pub now: Timestamp,
    /// The version the customer saw, if it was said; 0 for no cart.
    pub expected: Option<u64>,
}

/// Why a cart was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CartRefusal {
    /// Its time is over.
    Expired,
    /// It is not the version the customer saw.
    Stale,
    /// One more line than a cart holds.
    TooManyLines,
}

/// What an update came to.
enum Updated {
    /// Done: the new cart.
    Done(Stored<StoredCart>),
    /// A condition did not hold: the cart as it is, if there is one.
    Unmet(Option<Stored<StoredCart>>),
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

    /// Sets the quantity of one plan and gives the new cart. One round trip;
    /// two for the first line of a new cart.
    ///
    /// # Errors
    /// See [`CartRefusal`].
    pub async fn set_cart_line(
        &self,
        owner: &CartOwner,
        edit: CartEdit,
        (plan, quantity): (PlanId, u64),
    ) -> Result<Stored<StoredCart>, CommitError<CartRefusal>> {
        for _ in 0..TRIES {
            let update = self
                .cart_update(owner, edit)
                .update_expression("SET #items.#plan = :quantity, ends_at = :end, expires_at = :kept, act = :act ADD version :one")
                .condition_expression(conditions(
                    edit,
                    "(ends_at > :now OR size(#items) = :none) AND (attribute_exists(#items.#plan) OR size(#items) < :most)",
                ))
                .expression_attribute_names("#plan", plan.to_string())
                .expression_attribute_values(":quantity", number(quantity))
                .expression_attribute_values(":now", number(edit.now.as_second()))
                .expression_attribute_values(":none", number(0))
                .expression_attribute_values(":most", number(MAX_LINES));
            match self.update_cart(update, edit).await? {
                Updated::Done(cart) => return Ok(cart),
                Updated::Unmet(Some(cart)) => {
                    let refusal = refusal(&cart, edit).unwrap_or(CartRefusal::TooManyLines);
                    return Err(CommitError::Refused(refusal));
                }
                Updated::Unmet(None) => {
                    if let Some(cart) = self.begin_cart(owner, edit, (plan, quantity)).await? {
                        return Ok(cart);
                    }
                }
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Puts a new cart with one line; none when there is a cart already. One
    /// round trip.
    ///
    /// # Errors
    /// [`CartRefusal::Stale`] when a cart was expected.
    pub async fn begin_cart(
        &self,
        owner: &CartOwner,
        edit: CartEdit,
        (plan, quantity): (PlanId, u64),
    ) -> Result<Option<Stored<StoredCart>>, CommitError<CartRefusal>> {
        if edit.expected.is_some_and(|version| version != 0) {
            return Err(CommitError::Refused(CartRefusal::Stale));
        }
        let value = StoredCart {
            owner: owner.clone(),
            cart: Cart {
                items: BTreeMap::from([(plan, quantity)]),
                expires_at: Some(end(edit.now)),
            },
            ordered_version: None,
        };
        let begun = self.put_one(None, &value, edit.act).await?;
        Ok(begun.then_some(Stored { value, version: 1 }))
    }

    /// Takes one plan out and gives the new cart: the same when it was not in
    /// it, none when there is no cart. One round trip.
    ///
    /// # Errors
    /// [`CartRefusal::Expired`] or [`CartRefusal::Stale`].
    pub async fn remove_cart_line(
        &self,
        owner: &CartOwner,
        edit: CartEdit,
        plan: PlanId,
    ) -> Result<Option<Stored<StoredCart>>, CommitError<CartRefusal>> {
        let update = self
            .cart_update(owner, edit)
            .update_expression("REMOVE #items.#plan SET ends_at = :end, expires_at = :kept, act = :act ADD version :one")
            .condition_expression(conditions(edit, "ends_at > :now AND attribute_exists(#items.#plan)"))
            .expression_attribute_names("#plan", plan.to_string())
            .expression_attribute_values(":now", number(edit.now.as_second()));
        match self.update_cart(update, edit).await? {
            Updated::Done(cart) => Ok(Some(cart)),
            Updated::Unmet(found) => unchanged(found, edit),
        }
    }

    /// Takes everything out and gives the empty cart; none when there is no
    /// cart. A cart whose time is over may be emptied: so it begins anew. One
    /// round trip.
    ///
    /// # Errors
    /// [`CartRefusal::Stale`].
    pub async fn clear_cart(
        &self,
        owner: &CartOwner,
        edit: CartEdit,
    ) -> Result<Option<Stored<StoredCart>>, CommitError<CartRefusal>> {
        let update = self
            .cart_update(owner, edit)
            .update_expression("SET #items = :empty, ends_at = :end, expires_at = :kept, act = :act ADD version :one")
            .condition_expression(conditions(edit, "size(#items) > :none"))
            .expression_attribute_values(":empty", AttributeValue::M(HashMap::new()))
            .expression_attribute_values(":none", number(0));
        match self.update_cart(update, edit).await? {
            Updated::Done(cart) => Ok(Some(cart)),
            Updated::Unmet(found) => unchanged(found, edit),
        }
    }

    /// What every change of a cart has in common.
    fn cart_update(&self, owner: &CartOwner, edit: CartEdit) -> UpdateItemFluentBuilder {
        let end = end(edit.now);
        let kept = end.checked_add(KEPT_AFTER_END).unwrap_or(end);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(&owner.key())))
            .expression_attribute_names("#items", "items")
            .expression_attribute_values(":act", AttributeValue::S(edit.act.to_string()))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":end", number(end.as_second()))
            .expression_attribute_values(":kept", number(kept.as_second()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        match edit.expected {
            Some(version) => update.expression_attribute_values(":expected", number(version)),
            None => update,
        }
    }

    /// Runs an update. A try of the SDK that meets an earlier one of its own
    /// finds the cart as that one left it.
    async fn update_cart(
        &self,
        update: UpdateItemFluentBuilder,
        edit: CartEdit,
    ) -> Result<Updated, StoreError> {
        let missing = || StoreError::unexpected("an update without its new item");
        let error = match update.send().await {
            Ok(updated) => {
                return Ok(Updated::Done(decode(
                    updated.attributes.ok_or_else(missing)?,
                )?));
            }
            Err(error) => error,
        };
        let old: Option<Item> = match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                failed.item().cloned()
            }
            _ => return Err(StoreError::from_sdk("UpdateItem", error)),
        };
        let ours = is_ours(old.as_ref(), edit.act);
        match old.map(decode).transpose()? {
            Some(cart) if ours => Ok(Updated::Done(cart)),
            found => Ok(Updated::Unmet(found)),
        }
    }
}

/// The condition of a change: there is a cart, this act has not changed it
/// yet, it is the version expected, and what the change itself needs.
fn conditions(edit: CartEdit, own: &str) -> String {
    let expected = if edit.expected.is_some() {
        " AND version = :expected"
    } else {
        ""
    };
    format!("attribute_exists(pk) AND act <> :act{expected} AND {own}")
}

/// Why any change of this cart is refused, if it is.
fn refusal(cart: &Stored<StoredCart>, edit: CartEdit) -> Option<CartRefusal> {
    if cart.value.is_expired(edit.now) {
        return Some(CartRefusal::Expired);
    }
    let stale = edit.expected.is_some_and(|version| version != cart.version);
    stale.then_some(CartRefusal::Stale)
}

/// What a removal answers that found nothing to remove.
fn unchanged(
    found: Option<Stored<StoredCart>>,
    edit: CartEdit,
) -> Result<Option<Stored<StoredCart>>, CommitError<CartRefusal>> {
    let refused = match &found {
        Some(cart) => refusal(cart, edit),
        None if edit.expected.is_some_and(|version| version != 0) => Some(CartRefusal::Stale),
        None => None,
    };
    refused.map_or(Ok(found), |refusal| Err(CommitError::Refused(refusal)))
}

/// When a cart that is touched now ends, in whole seconds.
fn end(now: Timestamp) -> Timestamp {
    let end = now.checked_add(CART_LIFE).unwrap_or(now);
    Timestamp::from_second(end.as_second()).unwrap_or(end)
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::item::encode;
    use domain::id::Id as _;

    fn cart(items: BTreeMap<PlanId, u64>) -> StoredCart {
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
        let filled = cart(BTreeMap::from([(PlanId::from_bits(5), 12)]));
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
        let emptied = cart(BTreeMap::from([(PlanId::from_bits(5), 12)])).emptied(4);
        assert_eq!(emptied.ordered_version, Some(4));
        assert!(emptied.cart.items.is_empty());
        assert!(!emptied.is_expired("2027-01-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_filled_cart_ends_at_its_last_second() {
        let filled = cart(BTreeMap::from([(PlanId::from_bits(5), 12)]));
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
