//! Orders.

use super::item::{Entity, Stored};
use super::keys::{self, Key};
use super::{Page, PageRequest, Store, StoreError};
use domain::id::{AccountId, OrderId};
use domain::order::Order;

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

    /// AP-11: the orders of an account, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn orders_of(
        &self,
        account: AccountId,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.page(&keys::account_partition(account), keys::ORDERS, page)
            .await
    }
}
