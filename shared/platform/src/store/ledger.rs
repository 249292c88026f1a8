//! The ledger's items.

use super::item::{Entity, Item, key_of};
use super::keys::{self, Key, Listed};
use super::{PageRequest, Store, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::AccountId;
use domain::ledger::{LedgerEntry, LedgerHead};
use jiff::civil::Date;

impl Entity for LedgerEntry {
    const TYPE: &'static str = "ledger_entry";

    fn key(&self) -> Key {
        keys::ledger_entry(self.account, self.sequence)
    }

    fn listed(&self) -> Option<Listed> {
        Some(keys::listed_entry(self))
    }
}

impl Entity for LedgerHead {
    const TYPE: &'static str = "ledger_head";

    fn key(&self) -> Key {
        keys::ledger_head(self.account)
    }
}

/// Before every place of a day in the index: those begin with a year.
const FIRST: &str = "0";

/// Part of what was booked on a day.
#[derive(Debug)]
pub struct LedgerDay {
    /// The entries of all accounts, oldest first.
    pub entries: Vec<LedgerEntry>,
    /// After which place in the index the day goes on; none where it ends.
    pub next: Option<String>,
}

impl Store {
    /// AP-74: the entries of all ledgers booked on a day (UTC), oldest first, at
    /// most `limit`. The index finds them and may lag behind by moments, so that
    /// what was just booked may be missing; the entries themselves are read
    /// strongly.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn ledger_day(
        &self,
        day: Date,
        after: Option<&str>,
        limit: usize,
    ) -> Result<LedgerDay, StoreError> {
        let mut found = self
            .listed_on(day, after.unwrap_or(FIRST), limit.saturating_add(1))
            .await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let keys: Vec<Key> = found.iter().filter_map(key_of).collect();
        let mut batch = self.batch(&keys).await?;
        let mut entries = Vec::with_capacity(keys.len());
        for key in &keys {
            let entry = batch.take::<LedgerEntry>(key)?;
            let entry = entry.ok_or_else(|| StoreError::unexpected("a ledger entry is gone"))?;
            entries.push(entry.value);
        }
        let last = entries.last().filter(|_| more);
        let next = last.map(|entry| keys::listed_entry(entry).sk);
        Ok(LedgerDay { entries, next })
    }

    /// What the index lists of a day after a place in it.
    async fn listed_on(
        &self,
        day: Date,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let mut found: Vec<Item> = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let got = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("list")
                .key_condition_expression("list_pk = :day AND list_sk > :after")
                .expression_attribute_values(":day", AttributeValue::S(keys::ledger_day(day)))
                .expression_attribute_values(":after", AttributeValue::S(after.to_owned()))
                .set_exclusive_start_key(start.take())
                .limit(i32::try_from(limit.saturating_sub(found.len())).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(|error| StoreError::from_sdk("Query list", error))?;
            found.extend(got.items.unwrap_or_default());
            start = got.last_evaluated_key;
            if found.len() >= limit || start.is_none() {
                return Ok(found);
            }
        }
    }

    /// AP-20: every entry of an account's ledger, from the first.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn ledger_of(&self, account: AccountId) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut entries = Vec::new();
        let mut after = None;
        loop {
            let request = PageRequest {
                limit: 100,
                after,
                descending: false,
            };
            let page = self
                .page::<LedgerEntry>(&keys::ledger_partition(account), "", &request)
                .await?;
            entries.extend(page.items.into_iter().map(|entry| entry.value));
            after = page.next;
            if after.is_none() {
                return Ok(entries);
            }
        }
    }
}
