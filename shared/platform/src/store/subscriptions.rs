//! Subscriptions and billing periods.

use super::item::{Entity, Stored};
use super::keys::{self, Due, Job, Key};
use super::{Page, PageRequest, Store, StoreError};
use domain::id::{AccountId, SubscriptionId};
use domain::subscription::{BillingPeriod, Subscription};

impl Entity for Subscription {
    const TYPE: &'static str = "subscription";

    fn key(&self) -> Key {
        keys::subscription(self.account, self.id)
    }

    fn due(&self) -> Option<Due> {
        self.next_action_at.map(|at| Due {
            job: Job::Renew,
            at,
        })
    }
}

impl Entity for BillingPeriod {
    const TYPE: &'static str = "period";

    fn key(&self) -> Key {
        keys::period(self.account, self.subscription, self.bounds.index)
    }
}

impl Store {
    /// AP-12: one subscription of an account.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn subscription(
        &self,
        account: AccountId,
        id: SubscriptionId,
    ) -> Result<Option<Stored<Subscription>>, StoreError> {
        self.get(&keys::subscription(account, id)).await
    }

    /// AP-13: the subscriptions of an account, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn subscriptions_of(
        &self,
        account: AccountId,
        page: &PageRequest,
    ) -> Result<Page<Subscription>, StoreError> {
        self.page(&keys::account_partition(account), keys::SUBSCRIPTIONS, page)
            .await
    }

    /// AP-14: the billing periods of a subscription, from index 0 upward.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn periods_of(
        &self,
        account: AccountId,
        id: SubscriptionId,
        page: &PageRequest,
    ) -> Result<Page<BillingPeriod>, StoreError> {
        self.page(&keys::account_partition(account), &keys::periods(id), page)
            .await
    }
}
