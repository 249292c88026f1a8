//! How a value becomes an item of the table and back.

use super::StoreError;
use super::keys::{Due, Key, Listed};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::ActId;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// An item as the SDK knows it.
pub type Item = HashMap<String, AttributeValue>;

/// Schema version written into every item.
const SCHEMA: u32 = 1;

/// Something that is stored as one item.
pub trait Entity: Serialize + DeserializeOwned {
    /// The item's `type`: a second guard against reading one thing as another.
    const TYPE: &'static str;

    /// Where it is stored.
    fn key(&self) -> Key;

    /// Its timer, if something must happen to it later.
    fn due(&self) -> Option<Due> {
        None
    }

    /// Where staff find it, if they look for such things by id.
    fn listed(&self) -> Option<Listed> {
        None
    }

    /// When the table may forget it. Code checks expiry itself: the table
    /// deletes days late.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// A value read from the table, with the version it was read at.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    /// The value.
    pub value: T,
    /// Its version: 1 when put, one more with every change.
    pub version: u64,
}

/// A key as the SDK wants it.
pub(super) fn key_item(key: &Key) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

/// The item of a value at a version, written by an act.
pub(super) fn encode<T: Entity>(value: &T, version: u64, act: ActId) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(|source| StoreError::Encode {
        entity: T::TYPE,
        source: Box::new(source),
    })?;
    let key = value.key();
    if let Some(due) = value.due() {
        item.insert("due_shard".to_owned(), AttributeValue::S(due.shard(&key)));
        item.insert("due_at".to_owned(), AttributeValue::S(due.sort_key(&key)));
    }
    if let Some(listed) = value.listed() {
        item.insert("list_pk".to_owned(), AttributeValue::S(listed.pk));
        item.insert("list_sk".to_owned(), AttributeValue::S(listed.sk));
    }
    if let Some(at) = value.expires_at() {
        item.insert(
            "expires_at".to_owned(),
            AttributeValue::N(at.as_second().to_string()),
        );
    }
    item.insert("pk".to_owned(), AttributeValue::S(key.pk));
    item.insert("sk".to_owned(), AttributeValue::S(key.sk));
    item.insert("type".to_owned(), AttributeValue::S(T::TYPE.to_owned()));
    item.insert("v".to_owned(), AttributeValue::N(SCHEMA.to_string()));
    item.insert("version".to_owned(), AttributeValue::N(version.to_string()));
    item.insert("act".to_owned(), AttributeValue::S(act.to_string()));
    Ok(item)
}

/// Reads an item. One that cannot be read is an error, never skipped.
pub(super) fn decode<T: Entity>(item: Item) -> Result<Stored<T>, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt {
        entity: T::TYPE,
        key: describe_key(&item),
        what: what.to_owned(),
    };
    match item.get("type") {
        Some(AttributeValue::S(kind)) if kind == T::TYPE => {}
        Some(_) | None => return Err(corrupt("another type")),
    }
    let version = match item.get("version") {
        Some(AttributeValue::N(text)) => text.parse().map_err(|_| corrupt("no version"))?,
        Some(_) | None => return Err(corrupt("no version")),
    };
    let key = describe_key(&item);
    let value = serde_dynamo::from_item(item).map_err(|source| StoreError::Corrupt {
        entity: T::TYPE,
        key,
        what: source.to_string(),
    })?;
    Ok(Stored { value, version })
}

/// The key of an item.
pub(super) fn key_of(item: &Item) -> Option<Key> {
    match (item.get("pk"), item.get("sk")) {
        (Some(AttributeValue::S(pk)), Some(AttributeValue::S(sk))) => Some(Key {
            pk: pk.clone(),
            sk: sk.clone(),
        }),
        _ => None,
    }
}

fn describe_key(item: &Item) -> String {
    key_of(item).map_or_else(
        || "without key".to_owned(),
        |key| format!("{}/{}", key.pk, key.sk),
    )
}
