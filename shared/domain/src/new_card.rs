//! Cards that are about to be saved: one was asked for on a page of the
//! provider, or one paid there. Each becomes one card of the wallet, once.

use crate::attempt::after;
use crate::card::Given;
use crate::id::{AccountId, CardId, PaymentId};
use crate::locale::Locale;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How often an open page is looked up.
const PAGE_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// How soon a card that paid is read again; then as long after as it is old.
const SOONEST: SignedDuration = SignedDuration::from_mins(1);
/// The longest it is left alone.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);
/// The provider refuses to open a page for less than 30 minutes.
const SHORTEST_PAGE: SignedDuration = SignedDuration::from_mins(31);

/// A page of the provider on which a card is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPage {
    /// The provider's id of the page.
    pub session: String,
    /// Its address.
    pub url: String,
}

/// How a card comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum CardSource {
    /// The customer gives it on a page of the provider.
    Page {
        /// Where the page sends the customer afterwards.
        return_url: String,
        /// Language of the page.
        locale: Locale,
        /// When the page closes.
        closes_at: Timestamp,
        /// The page, once the provider made it.
        page: Option<CardPage>,
    },
    /// It paid on a payment page, and was saved there.
    Payment {
        /// What it paid.
        payment: PaymentId,
        /// The provider's payment method.
        method: String,
        /// True when it paid for a renewal another card could not pay.
        takes_over: bool,
    },
}

/// How the saving stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum NewCardState {
    /// It may still come.
    Expected,
    /// It is in the wallet.
    Saved {
        /// Since when.
        at: Timestamp,
    },
    /// It will not come.
    Missed {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: String,
    },
}

/// A card that is about to be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCard {
    /// The id of the card it becomes.
    pub id: CardId,
    /// Whose.
    pub account: AccountId,
    /// How it comes.
    #[serde(flatten)]
    pub source: CardSource,
    /// How it stands.
    pub status: NewCardState,
    /// Since when it is expected.
    pub created_at: Timestamp,
    /// When the provider is asked for it next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_at: Option<Timestamp>,
}

impl NewCard {
    /// A card that is expected from now on.
    pub fn expected(id: CardId, account: AccountId, source: CardSource, now: Timestamp) -> Self {
        Self {
            id,
            account,
            source,
            status: NewCardState::Expected,
            created_at: now,
            check_at: None,
        }
        .checked(now)
    }

    /// True while it may still come.
    pub fn is_expected(&self) -> bool {
        self.status == NewCardState::Expected
    }

    /// True once it was put into the wallet.
    pub fn is_saved(&self) -> bool {
        matches!(self.status, NewCardState::Saved { .. })
    }

    /// True while its page can still be opened.
    pub fn can_open(&self, now: Timestamp) -> bool {
        match &self.source {
            CardSource::Page {
                closes_at,
                page: None,
                ..
            } => self.is_expected() && closes_at.duration_since(now) >= SHORTEST_PAGE,
            CardSource::Page { .. } | CardSource::Payment { .. } => false,
        }
    }

    /// Its page, once the provider made it, and when it closes.
    pub fn page(&self) -> Option<(&CardPage, Timestamp)> {
        match &self.source {
            CardSource::Page {
                page: Some(page),
                closes_at,
                ..
            } => Some((page, *closes_at)),
            CardSource::Page { .. } | CardSource::Payment { .. } => None,
        }
    }

    /// The same with its page.
    pub fn with_page(mut self, made: CardPage) -> Self {
        if let CardSource::Page { page, .. } = &mut self.source {
            page.get_or_insert(made);
        }
        self
    }

    /// The same once it is in the wallet.
    pub fn saved(self, now: Timestamp) -> Self {
        Self {
            status: NewCardState::Saved { at: now },
            check_at: None,
            ..self
        }
    }

    /// The same once it will not come.
    pub fn missed(self, reason: &str, now: Timestamp) -> Self {
        Self {
            status: NewCardState::Missed {
                at: now,
                reason: reason.to_owned(),
            },
            check_at: None,
            ..self
        }
    }

    /// The same, looked up now in vain: when it is looked up next.
    pub fn checked(self, now: Timestamp) -> Self {
        let wait = match &self.source {
            CardSource::Page { .. } => PAGE_EVERY,
            CardSource::Payment { .. } => {
                now.duration_since(self.created_at).clamp(SOONEST, LONGEST)
            }
        };
        Self {
            check_at: Some(after(now, wait)),
            ..self
        }
    }

    /// Where it was given.
    pub fn given(&self) -> Given {
        match &self.source {
            CardSource::Page { .. } => Given::Alone,
            CardSource::Payment {
                takes_over: true, ..
            } => Given::ForRenewal,
            CardSource::Payment { .. } => Given::WithOrder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id as _;

    const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);

    fn later(minutes: i64) -> Timestamp {
        after(NOW, SignedDuration::from_mins(minutes))
    }

    fn asked() -> NewCard {
        let source = CardSource::Page {
            return_url: "https://shop.example/".to_owned(),
            locale: Locale::Fr,
            closes_at: later(60),
            page: None,
        };
        NewCard::expected(CardId::from_bits(1), AccountId::from_bits(2), source, NOW)
    }

    #[test]
    fn a_page_is_opened_once_and_early_enough() {
        let page = CardPage {
            session: "cs_1".to_owned(),
            url: "https://pay.example/cs_1".to_owned(),
        };
        assert!(asked().can_open(later(29)));
        assert!(!asked().can_open(later(30)));
        assert!(!asked().with_page(page.clone()).can_open(NOW));
        assert!(!asked().missed("expired", NOW).can_open(NOW));
        let other = CardPage {
            session: "cs_2".to_owned(),
            ..page.clone()
        };
        let shown = asked().with_page(page.clone()).with_page(other);
        assert_eq!(shown.page(), Some((&page, later(60))));
    }

    #[test]
    fn a_card_that_paid_is_read_again_ever_later_and_a_page_steadily() {
        let source = CardSource::Payment {
            payment: PaymentId::from_bits(3),
            method: "pm_1".to_owned(),
            takes_over: false,
        };
        let id = CardId::from_bits(1);
        let paid = NewCard::expected(id, AccountId::from_bits(2), source, NOW);
        assert_eq!(paid.check_at, Some(later(1)));
        assert_eq!(paid.clone().checked(later(40)).check_at, Some(later(80)));
        let days = later(3 * 24 * 60);
        let longest = days.checked_add(LONGEST).ok();
        assert_eq!(paid.clone().checked(days).check_at, longest);
        assert_eq!(paid.saved(NOW).check_at, None);
        assert_eq!(asked().checked(later(40)).check_at, Some(later(50)));
    }
}
