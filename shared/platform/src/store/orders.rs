//! Orders.

use super::item::{Entity, Stored};
use super::keys::{self, Key};
use super::read::SortKeys;
use super::{Page, PageRequest, Store, StoreError};
use domain::id::{AccountId, OrderId};
use domain::order::Order;
use jiff::Timestamp;

impl Entity for Order {
    const TYPE: &'static str = "order";

    fn key(&self) -> Key {
        keys::order(self.account, self.id)
    }
}

impl Store {
    /// AP-10: one order of an account.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn order(
        &self,
        account: AccountId,
        order: OrderId,
    ) -> Result<Option<Stored<Order>>, StoreError> {
        self.get(&keys::order(account, order)).await
    }

    /// AP-11: the orders of an account, newest first; AP-21: those placed from
    /// one moment on and before another. An order's key is some moments younger
    /// than the order: those of a minute after `to` are among them.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn orders_of(
        &self,
        account: AccountId,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let (first, last) = keys::orders_between(from, to);
        let sort_keys = SortKeys::Between(&first, &last);
        self.page_of(&keys::account_partition(account), sort_keys, page)
            .await
    }
}
