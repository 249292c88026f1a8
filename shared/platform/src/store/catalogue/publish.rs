//! Publishing: products are saved, then a new snapshot is written beside the
//! old one, and the head moves to it last.

use super::{Chunks, SnapshotChunk, SnapshotHead};
use crate::store::item::{Entity as _, key_item};
use crate::store::keys;
use crate::store::transaction::CommitError;
use crate::store::{PageRequest, Store, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::catalogue::Product;
use domain::id::{ActId, ProductId};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// Largest text of one chunk, in bytes; an item holds 400 KB.
const CHUNK_BYTES: usize = 300_000;

/// Somebody else published, or changed a product, at the same time. Nothing
/// was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConcurrentPublication;

impl Store {
    /// Makes these products the catalogue, in this order, and gives the
    /// version of the new snapshot. Products that changed are saved; stored
    /// ones that are not among these are kept, unpublished.
    ///
    /// # Errors
    /// [`ConcurrentPublication`] when somebody else publishes at the same
    /// time; [`StoreError`] when the table cannot do it. What customers see
    /// has then not changed.
    pub async fn publish_catalogue(
        &self,
        act: ActId,
        products: &[Product],
    ) -> Result<u64, CommitError<ConcurrentPublication>> {
        self.save_products(act, products).await?;
        let lines = chunk(products)?;
        let read = self.get::<SnapshotHead>(&keys::snapshot_head()).await?;
        let old = read.as_ref().map(|head| &head.value);
        let after = old.map_or(0, |head| head.published.snapshot);
        let snapshot = self.write_chunks(act, after, &lines).await?;
        if let Some(outdated) = old.and_then(|head| head.previous) {
            self.forget_chunks(outdated).await?;
        }
        let head = SnapshotHead {
            published: Chunks {
                snapshot,
                count: lines.len(),
            },
            previous: old.map(|head| head.published),
            products: products.len(),
            digest: digest(&lines),
        };
        if !self
            .put_one(read.as_ref().map(|head| head.version), &head, act)
            .await?
        {
            return Err(CommitError::Refused(ConcurrentPublication));
        }
        Ok(snapshot)
    }

    async fn save_products(
        &self,
        act: ActId,
        products: &[Product],
    ) -> Result<(), CommitError<ConcurrentPublication>> {
        let stored = self.stored_products().await?;
        for product in products {
            let version = match stored.get(&product.id) {
                Some((_, same)) if same == product => continue,
                Some((version, _)) => Some(*version),
                None => None,
            };
            if !self.put_one(version, product, act).await? {
                return Err(CommitError::Refused(ConcurrentPublication));
            }
        }
        Ok(())
    }

    async fn stored_products(&self) -> Result<HashMap<ProductId, (u64, Product)>, StoreError> {
        let mut products = HashMap::new();
        let mut page = PageRequest {
            limit: 100,
            after: None,
            descending: false,
        };
        loop {
            let read = self
                .page::<Product>(keys::CATALOGUE, keys::PRODUCTS, &page)
                .await?;
            products.extend(
                read.items
                    .into_iter()
                    .map(|stored| (stored.value.id, (stored.version, stored.value))),
            );
            if read.next.is_none() {
                return Ok(products);
            }
            page.after = read.next;
        }
    }

    /// Writes the chunks under the first number after `after` that nobody
    /// began: a publication may have failed half-way, or be under way.
    async fn write_chunks(
        &self,
        act: ActId,
        after: u64,
        chunks: &[String],
    ) -> Result<u64, StoreError> {
        let mut snapshot = after;
        'number: loop {
            snapshot = snapshot.saturating_add(1);
            for (index, lines) in chunks.iter().enumerate() {
                let chunk = SnapshotChunk {
                    snapshot,
                    index,
                    lines: lines.clone(),
                };
                if !self.put_one(None, &chunk, act).await? {
                    continue 'number;
                }
            }
            return Ok(snapshot);
        }
    }

    async fn forget_chunks(&self, chunks: Chunks) -> Result<(), StoreError> {
        for key in chunks.keys() {
            self.client
                .delete_item()
                .table_name(&self.table)
                .set_key(Some(key_item(&key)))
                .condition_expression("attribute_not_exists(pk) OR #snapshot = :snapshot")
                .expression_attribute_names("#snapshot", "snapshot")
                .expression_attribute_values(
                    ":snapshot",
                    AttributeValue::N(chunks.snapshot.to_string()),
                )
                .send()
                .await
                .map_err(|error| StoreError::from_sdk("DeleteItem", error))?;
        }
        Ok(())
    }
}

/// Products as lines of JSON, in chunks.
fn chunk(products: &[Product]) -> Result<Vec<String>, StoreError> {
    let mut chunks: Vec<String> = Vec::new();
    for product in products {
        let line = serde_json::to_string(product).map_err(|source| StoreError::Encode {
            entity: SnapshotChunk::TYPE,
            source: Box::new(source),
        })?;
        match chunks.last_mut() {
            Some(chunk) if chunk.len().saturating_add(line.len()) < CHUNK_BYTES => {
                chunk.push('\n');
                chunk.push_str(&line);
            }
            Some(_) | None => chunks.push(line),
        }
    }
    Ok(chunks)
}

fn digest(chunks: &[String]) -> String {
    let mut hasher = Sha256::new();
    for chunk in chunks {
        hasher.update(chunk.as_bytes());
        hasher.update(b"\n");
    }
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_fit_an_item_and_hold_every_product_in_order() {
        let seed: Vec<Product> =
            serde_json::from_str(include_str!("../../../../../infra/catalogue.json")).unwrap();
        let many: Vec<Product> = std::iter::repeat_n(seed, 40).flatten().collect();
        let chunks = chunk(&many).unwrap();
        assert!(chunks.len() > 1);
        assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK_BYTES));
        let read: Vec<Product> = chunks
            .iter()
            .flat_map(|chunk| chunk.lines())
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(read, many);
    }
}
