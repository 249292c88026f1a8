//! The ledger's items.

use super::item::Entity;
use super::keys::{self, Key};
use super::{PageRequest, Store, StoreError};
use domain::id::AccountId;
use domain::ledger::{LedgerEntry, LedgerHead};

impl Entity for LedgerEntry {
    const TYPE: &'static str = "ledger_entry";

    fn key(&self) -> Key {
        keys::ledger_entry(self.account, self.sequence)
    }
}

impl Entity for LedgerHead {
    const TYPE: &'static str = "ledger_head";

    fn key(&self) -> Key {
        keys::ledger_head(self.account)
    }
}

impl Store {
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
