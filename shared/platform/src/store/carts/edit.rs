//! Changes of a cart: each is one conditional update that answers with the new
//! cart, or with the old one and so the reason.

use super::{CartOwner, KEPT_AFTER_END, StoredCart};
use crate::store::item::{Item, Stored, decode, key_item};
use crate::store::transaction::CommitError;
use crate::store::write::is_ours;
use crate::store::{Store, StoreError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure,
};
use domain::cart::{CART_LIFE, Cart, CartItem, MAX_LINES};
use domain::id::{ActId, PlanId};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Tries of a change that meets other changes of the same cart.
const TRIES: u32 = 4;

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
    /// Sets how much of one plan there is, and gives the new cart. One round trip;
    /// two for the first line of a new cart.
    ///
    /// # Errors
    /// See [`CartRefusal`].
    pub async fn set_cart_line(
        &self,
        owner: &CartOwner,
        edit: CartEdit,
        (plan, item): (PlanId, CartItem),
    ) -> Result<Stored<StoredCart>, CommitError<CartRefusal>> {
        let line: AttributeValue =
            serde_dynamo::to_attribute_value(item).map_err(|source| StoreError::Encode {
                entity: "cart",
                source: Box::new(source),
            })?;
        for _ in 0..TRIES {
            let update = self
                .cart_update(owner, edit)
                .update_expression("SET #items.#plan = :item, ends_at = :end, expires_at = :kept, act = :act ADD version :one")
                .condition_expression(conditions(
                    edit,
                    "(ends_at > :now OR size(#items) = :none) AND (attribute_exists(#items.#plan) OR size(#items) < :most)",
                ))
                .expression_attribute_names("#plan", plan.to_string())
                .expression_attribute_values(":item", line.clone())
                .expression_attribute_values(":now", number(edit.now.as_second()))
                .expression_attribute_values(":none", number(0))
                .expression_attribute_values(":most", number(MAX_LINES));
            match self.update_cart(update, edit).await? {
                Updated::Done(cart) => return Ok(cart),
                Updated::Unmet(Some(cart)) => {
                    let refusal = refusal(Some(&cart), edit).unwrap_or(CartRefusal::TooManyLines);
                    return Err(CommitError::Refused(refusal));
                }
                Updated::Unmet(None) => {
                    if let Some(cart) = self.begin_cart(owner, edit, (plan, item)).await? {
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
        (plan, item): (PlanId, CartItem),
    ) -> Result<Option<Stored<StoredCart>>, CommitError<CartRefusal>> {
        if let Some(refusal) = stale(None, edit) {
            return Err(CommitError::Refused(refusal));
        }
        let value = StoredCart {
            owner: owner.clone(),
            cart: Cart {
                items: BTreeMap::from([(plan, item)]),
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
            Updated::Unmet(found) => match refusal(found.as_ref(), edit) {
                Some(refusal) => Err(CommitError::Refused(refusal)),
                None => Ok(found),
            },
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
            Updated::Unmet(found) => match stale(found.as_ref(), edit) {
                Some(refusal) => Err(CommitError::Refused(refusal)),
                None => Ok(found),
            },
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

/// Why any change but emptying it is refused, if it is.
fn refusal(found: Option<&Stored<StoredCart>>, edit: CartEdit) -> Option<CartRefusal> {
    if found.is_some_and(|cart| cart.value.is_expired(edit.now)) {
        return Some(CartRefusal::Expired);
    }
    stale(found, edit)
}

/// Whether the cart, or that there is none, is not what was expected.
fn stale(found: Option<&Stored<StoredCart>>, edit: CartEdit) -> Option<CartRefusal> {
    let version = found.map_or(0, |cart| cart.version);
    let stale = edit.expected.is_some_and(|expected| expected != version);
    stale.then_some(CartRefusal::Stale)
}

/// When a cart that is touched now ends, in whole seconds.
fn end(now: Timestamp) -> Timestamp {
    let end = now.checked_add(CART_LIFE).unwrap_or(now);
    Timestamp::from_second(end.as_second()).unwrap_or(end)
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
