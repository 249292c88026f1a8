//! Reading: single items, batches, pages.

use super::item::{Entity, Item, Stored, decode, key_item, key_of};
use super::keys::Key;
use super::{Store, StoreError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use std::collections::HashMap;

/// Rounds of asking again for keys a batch left out.
const BATCH_ROUNDS: u32 = 5;

/// The items a batch read found.
#[derive(Debug, Default)]
pub struct Batch {
    items: HashMap<Key, Item>,
}

impl Batch {
    /// The item with this key, if the table has it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is not what it should be.
    pub fn take<T: Entity>(&mut self, key: &Key) -> Result<Option<Stored<T>>, StoreError> {
        self.items.remove(key).map(decode).transpose()
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// Most items, 1 to 100.
    pub limit: u32,
    /// The sort key after which to go on.
    pub after: Option<String>,
    /// Newest first.
    pub descending: bool,
}

/// Which sort keys of a partition are meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum SortKeys<'a> {
    /// Those that begin so.
    Beginning(&'a str),
    /// Those from the first to the second, both included.
    Between(&'a str, &'a str),
}

/// Part of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<Stored<T>>,
    /// The sort key after which the next page begins; none on the last.
    pub next: Option<String>,
}

impl SortKeys<'_> {
    /// The query for no others.
    fn limit(self, query: QueryFluentBuilder) -> QueryFluentBuilder {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        match self {
            Self::Beginning(prefix) => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", text(prefix)),
            Self::Between(first, last) => query
                .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
                .expression_attribute_values(":first", text(first))
                .expression_attribute_values(":last", text(last)),
        }
    }
}

impl Store {
    /// One item, read strongly.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn get<T: Entity>(&self, key: &Key) -> Result<Option<Stored<T>>, StoreError> {
        let got = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("GetItem", error))?;
        got.item.map(decode).transpose()
    }

    /// Several items in one round trip, each read strongly.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn batch(&self, keys: &[Key]) -> Result<Batch, StoreError> {
        let mut batch = Batch::default();
        for hundred in keys.chunks(100) {
            self.read_batch(hundred, &mut batch).await?;
        }
        Ok(batch)
    }

    async fn read_batch(&self, keys: &[Key], batch: &mut Batch) -> Result<(), StoreError> {
        let mut wanted: Vec<Item> = keys.iter().map(key_item).collect();
        for round in 0..BATCH_ROUNDS {
            if round > 0 {
                self.back_off(round).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .consistent_read(true)
                .build()
                .map_err(StoreError::build)?;
            let got = self
                .client
                .batch_get_item()
                .request_items(&self.table, request)
                .send()
                .await
                .map_err(|error| StoreError::from_sdk("BatchGetItem", error))?;
            for item in got.responses.unwrap_or_default().into_values().flatten() {
                if let Some(key) = key_of(&item) {
                    batch.items.insert(key, item);
                }
            }
            wanted = got
                .unprocessed_keys
                .unwrap_or_default()
                .into_values()
                .flat_map(|left| left.keys)
                .collect();
            if wanted.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::Busy)
    }

    /// A page of the items of a partition whose sort key begins with `prefix`.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn page<T: Entity>(
        &self,
        partition: &str,
        prefix: &str,
        page: &PageRequest,
    ) -> Result<Page<T>, StoreError> {
        self.page_of(partition, SortKeys::Beginning(prefix), page)
            .await
    }

    /// A page of the items of a partition with these sort keys.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub(super) async fn page_of<T: Entity>(
        &self,
        partition: &str,
        sort_keys: SortKeys<'_>,
        page: &PageRequest,
    ) -> Result<Page<T>, StoreError> {
        let mut items = Vec::new();
        let mut after = page.after.clone();
        let limit = usize::try_from(page.limit).unwrap_or(100);
        loop {
            let start = after.take().map(|sk| {
                key_item(&Key {
                    pk: partition.to_owned(),
                    sk,
                })
            });
            let query = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()));
            let got = sort_keys
                .limit(query)
                .scan_index_forward(!page.descending)
                .set_exclusive_start_key(start)
                // One more than asked for, so that the last page is known as such.
                .limit(
                    i32::try_from(limit.saturating_add(1).saturating_sub(items.len()))
                        .unwrap_or(101),
                )
                .send()
                .await
                .map_err(|error| StoreError::from_sdk("Query", error))?;
            items.extend(got.items.unwrap_or_default());
            after = got
                .last_evaluated_key
                .as_ref()
                .and_then(key_of)
                .map(|key| key.sk);
            if items.len() > limit || after.is_none() {
                break;
            }
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more {
            items.last().and_then(key_of).map(|key| key.sk)
        } else {
            None
        };
        let items = items.into_iter().map(decode).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }
}
