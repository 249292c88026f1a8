//! Saved cards, and cards that are about to be saved.

use super::item::{Entity, Stored};
use super::keys::{self, Due, Job, Key};
use super::{PageRequest, Store, StoreError};
use domain::card::Wallet;
use domain::id::AccountId;
use domain::new_card::{NewCard, NewCardState};
use domain::subscription::Subscription;
use jiff::{SignedDuration, Timestamp};

/// How long it is remembered how a card came: longer than any event of the
/// provider is sent again.
const KEPT: SignedDuration = SignedDuration::from_hours(45 * 24);

impl Entity for Wallet {
    const TYPE: &'static str = "wallet";

    fn key(&self) -> Key {
        keys::wallet(self.account)
    }

    fn due(&self) -> Option<Due> {
        self.check_at.map(|at| Due {
            job: Job::Reconcile,
            at,
        })
    }
}

impl Entity for NewCard {
    const TYPE: &'static str = "new_card";

    fn key(&self) -> Key {
        keys::new_card(self.account, self.id)
    }

    fn due(&self) -> Option<Due> {
        self.check_at.map(|at| Due {
            job: Job::Reconcile,
            at,
        })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        match self.status {
            NewCardState::Expected => None,
            NewCardState::Saved { at } | NewCardState::Missed { at, .. } => {
                at.checked_add(KEPT).ok()
            }
        }
    }
}

impl Store {
    /// AP-77: the saved cards of an account.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub async fn wallet(&self, account: AccountId) -> Result<Option<Stored<Wallet>>, StoreError> {
        self.get(&keys::wallet(account)).await
    }

    /// AP-13: the subscriptions of an account that will be charged again.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn renewing(
        &self,
        account: AccountId,
    ) -> Result<Vec<Stored<Subscription>>, StoreError> {
        let mut found = Vec::new();
        let mut page = PageRequest {
            limit: 100,
            after: None,
            descending: false,
        };
        loop {
            let read = self.subscriptions_of(account, &page).await?;
            found.extend(read.items);
            match read.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        found.retain(|subscription| subscription.value.renews());
        Ok(found)
    }
}
