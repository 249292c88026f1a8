//! The catalogue: one item per product, and a snapshot of all of them that
//! every function keeps in memory.
//!
//! Browsing reads no table: a snapshot is loaded once per environment, and
//! only its head is looked at again from time to time. The snapshot is JSON
//! Lines, one product a line, in chunks that fit an item.

mod publish;

pub use publish::ConcurrentPublication;

use super::item::Entity;
use super::keys::{self, Key};
use super::{Store, StoreError};
use crate::app::App;
use domain::catalogue::{Plan, Product};
use domain::id::PlanId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::Mutex;

/// How old what is known of the head may be.
const REREAD_AFTER: SignedDuration = SignedDuration::from_secs(15);

/// Everything that is for sale, at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Rises with every publication; 0 before the first.
    pub version: u64,
    /// The products in the order they were published in, drafts included.
    pub products: Vec<Product>,
    /// Changes whenever the products do. Without quotes.
    pub etag: String,
}

impl Snapshot {
    /// The product customers see under this slug.
    pub fn listed(&self, slug: &str) -> Option<&Product> {
        self.products
            .iter()
            .find(|product| product.slug == slug && product.is_listed())
    }

    /// The plan with this id, on sale or not, with its product.
    pub fn plan(&self, id: PlanId) -> Option<(&Product, &Plan)> {
        self.products.iter().find_map(|product| {
            let plan = product.plans.iter().find(|plan| plan.id == id)?;
            Some((product, plan))
        })
    }
}

/// The snapshot in memory.
#[derive(Debug, Default)]
pub struct CatalogueCache {
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    snapshot: Arc<Snapshot>,
    checked_at: Timestamp,
}

impl CatalogueCache {
    /// The snapshot, at most some seconds behind the table. While the table
    /// cannot be read, the one in memory goes on serving.
    ///
    /// # Errors
    /// [`StoreError`] when there is none in memory and it cannot be read.
    pub async fn products(&self, app: &App) -> Result<Arc<Snapshot>, StoreError> {
        let now = app.now();
        let mut held = self.held.lock().await;
        let known = match &*held {
            Some(held) if now.duration_since(held.checked_at) < REREAD_AFTER => {
                return Ok(Arc::clone(&held.snapshot));
            }
            Some(held) => Some(Arc::clone(&held.snapshot)),
            None => None,
        };
        let snapshot = match (app.store().snapshot(known.as_ref()).await, known) {
            (Ok(snapshot), _) => snapshot,
            (Err(error), Some(known)) => {
                tracing::warn!(%error, "the catalogue could not be read again");
                known
            }
            (Err(error), None) => return Err(error),
        };
        *held = Some(Held {
            snapshot: Arc::clone(&snapshot),
            checked_at: now,
        });
        Ok(snapshot)
    }
}

impl Entity for Product {
    const TYPE: &'static str = "product";

    fn key(&self) -> Key {
        keys::product(self.id)
    }
}

/// Which snapshot is the published one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SnapshotHead {
    published: Chunks,
    /// The one before: functions may still be loading it.
    previous: Option<Chunks>,
    products: usize,
    digest: String,
}

/// The chunks of one snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Chunks {
    snapshot: u64,
    count: usize,
}

impl Chunks {
    fn keys(self) -> Vec<Key> {
        (0..self.count)
            .map(|index| keys::snapshot_chunk(self.snapshot, index))
            .collect()
    }
}

impl Entity for SnapshotHead {
    const TYPE: &'static str = "catalogue_snapshot";

    fn key(&self) -> Key {
        keys::snapshot_head()
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct SnapshotChunk {
    snapshot: u64,
    index: usize,
    lines: String,
}

impl Entity for SnapshotChunk {
    const TYPE: &'static str = "catalogue_chunk";

    fn key(&self) -> Key {
        keys::snapshot_chunk(self.snapshot, self.index)
    }
}

impl Store {
    /// The published snapshot: `known` when it still is that one (one read),
    /// else loaded (two).
    async fn snapshot(&self, known: Option<&Arc<Snapshot>>) -> Result<Arc<Snapshot>, StoreError> {
        let Some(head) = self.get::<SnapshotHead>(&keys::snapshot_head()).await? else {
            return Ok(Arc::default());
        };
        let etag = etag(&head.value);
        if let Some(known) = known.filter(|known| known.etag == etag) {
            return Ok(Arc::clone(known));
        }
        let products = self.load(&head.value).await?;
        Ok(Arc::new(Snapshot {
            version: head.value.published.snapshot,
            products,
            etag,
        }))
    }

    async fn load(&self, head: &SnapshotHead) -> Result<Vec<Product>, StoreError> {
        let corrupt = |what: String| StoreError::Corrupt {
            entity: SnapshotHead::TYPE,
            key: head.published.snapshot.to_string(),
            what,
        };
        let keys = head.published.keys();
        let mut batch = self.batch(&keys).await?;
        let mut products = Vec::with_capacity(head.products);
        for key in &keys {
            let chunk = batch
                .take::<SnapshotChunk>(key)?
                .ok_or_else(|| corrupt("a chunk is missing".to_owned()))?;
            for line in chunk.value.lines.lines() {
                products
                    .push(serde_json::from_str(line).map_err(|error| corrupt(error.to_string()))?);
            }
        }
        if products.len() != head.products {
            return Err(corrupt("products are missing".to_owned()));
        }
        Ok(products)
    }
}

fn etag(head: &SnapshotHead) -> String {
    format!(
        "{}-{}",
        head.published.snapshot,
        head.digest.get(..12).unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn products() -> Vec<Product> {
        serde_json::from_str(include_str!("../../../../infra/catalogue.json")).unwrap()
    }

    #[test]
    fn a_product_reads_back_from_its_item() {
        let act = domain::id::Id::from_bits(1);
        for product in products() {
            let item = super::super::item::encode(&product, 3, act).unwrap();
            let stored = super::super::item::decode::<Product>(item).unwrap();
            assert_eq!((stored.version, stored.value), (3, product));
        }
    }
}
