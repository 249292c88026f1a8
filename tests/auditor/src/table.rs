//! The table as it was left by the commits so far, and one step of it.

use crate::item::Item;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

type Partition = BTreeMap<String, Arc<Item>>;

/// Every item there is. A clone shares what neither changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    partitions: BTreeMap<String, Arc<Partition>>,
}

impl Table {
    /// Writes or deletes an item; what was there before.
    pub(crate) fn write(
        &mut self,
        pk: &str,
        sk: &str,
        item: Option<Arc<Item>>,
    ) -> Option<Arc<Item>> {
        let partition = Arc::make_mut(self.partitions.entry(pk.to_owned()).or_default());
        match item {
            Some(item) => partition.insert(sk.to_owned(), item),
            None => partition.remove(sk),
        }
    }

    /// An item.
    pub(crate) fn get(&self, pk: &str, sk: &str) -> Option<&Item> {
        self.partitions.get(pk)?.get(sk).map(Arc::as_ref)
    }

    /// The items of a partition whose sort keys begin alike, in order.
    pub(crate) fn range<'a>(
        &'a self,
        pk: &str,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Item)> {
        self.partitions
            .get(pk)
            .into_iter()
            .flat_map(move |partition| {
                partition
                    .range(prefix.to_owned()..)
                    .take_while(move |(sk, _)| sk.starts_with(prefix))
            })
            .map(|(sk, item)| (sk.as_str(), item.as_ref()))
    }

    /// The partitions whose keys begin alike.
    pub(crate) fn partitions<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.partitions
            .range(prefix.to_owned()..)
            .map(|(pk, _)| pk.as_str())
            .take_while(move |pk| pk.starts_with(prefix))
    }

    /// Every item.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str, &Item)> {
        self.partitions.iter().flat_map(|(pk, partition)| {
            partition
                .iter()
                .map(move |(sk, item)| (pk.as_str(), sk.as_str(), item.as_ref()))
        })
    }
}

/// One item that a commit wrote.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    /// Partition key.
    pub(crate) pk: String,
    /// Sort key.
    pub(crate) sk: String,
    /// Before.
    pub(crate) old: Option<Arc<Item>>,
    /// After.
    pub(crate) new: Option<Arc<Item>>,
}

impl Changed {
    /// The item after, or what it was when it is gone.
    fn any(&self) -> Option<&Item> {
        self.new.as_deref().or(self.old.as_deref())
    }

    /// Its `type`.
    pub(crate) fn kind(&self) -> &str {
        self.any().map_or("", |item| item.text("type"))
    }

    /// Where it lies, for a person.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.pk, self.sk)
    }

    /// True when only its place in the timers' index moved: a sweep put it
    /// off, whatever it is, because it failed and could not do so itself.
    pub(crate) fn is_put_off(&self) -> bool {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => {
                new.at("version") == old.at("version") && old.differences(new) == ["due_at"]
            }
            _ => false,
        }
    }
}

/// A commit on the table it left.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    /// When.
    pub(crate) at: Timestamp,
    /// Operation id of the function that wrote, or nothing.
    pub(crate) by: &'a str,
    /// What it changed; without what was only put off.
    pub(crate) changes: Vec<Changed>,
    /// The table after it.
    pub(crate) table: &'a Table,
}

impl Step<'_> {
    /// What of one type was put or replaced: before, if anything, and after.
    pub(crate) fn written<'s>(
        &'s self,
        kind: &'s str,
    ) -> impl Iterator<Item = (&'s Changed, Option<&'s Item>, &'s Item)> {
        self.changes.iter().filter_map(move |change| {
            let new = change
                .new
                .as_deref()
                .filter(|new| new.text("type") == kind)?;
            Some((change, change.old.as_deref(), new))
        })
    }

    /// What of one type was put that was not there.
    pub(crate) fn put<'s>(
        &'s self,
        kind: &'s str,
    ) -> impl Iterator<Item = (&'s Changed, &'s Item)> {
        self.written(kind)
            .filter(|(_, old, _)| old.is_none())
            .map(|(change, _, new)| (change, new))
    }

    /// What happened to one item, if anything.
    pub(crate) fn change(&self, pk: &str, sk: &str) -> Option<&Changed> {
        self.changes
            .iter()
            .find(|change| change.pk == pk && change.sk == sk)
    }

    /// True when an event of this name that says this of a field was put.
    pub(crate) fn tells(&self, event: &str, field: &str, value: &str) -> bool {
        self.put("event")
            .any(|(_, item)| item.text("event") == event && item.text(field) == value)
    }

    /// An item of the partition of a change.
    pub(crate) fn beside(&self, change: &Changed, sk: &str) -> Option<&Item> {
        self.table.get(&change.pk, sk)
    }
}
