//! Saved cards: what is known of each, and which one renewals are charged to.
//!
//! A card number is never known here. The provider keeps it and gives a
//! payment method in its place; of the card itself it tells the face: brand,
//! last digits, expiry, and a fingerprint that is the same for the same number.

mod face;

pub use face::{Card, Expiry, Face, WARNINGS};

use crate::attempt::after;
use crate::event::EventKind;
use crate::id::{AccountId, CardId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Most cards an account keeps.
pub const MOST_CARDS: usize = 20;

/// How soon what could not be done about a card is tried again.
const RETRY: SignedDuration = SignedDuration::from_mins(10);

/// How soon a card that expires is looked at again where nothing renews.
const IDLE: SignedDuration = SignedDuration::from_hours(24);

/// How long after a change of the default a charge of the one before may still
/// begin: no invocation that read the cards lives longer.
const QUIET: SignedDuration = SignedDuration::from_mins(15);

/// A payment method nobody wants any more, until the provider forgot it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// The provider's payment method.
    pub method: String,
    /// When the provider is asked to forget it.
    pub ask_at: Option<Timestamp>,
}

/// The cards of an account: one value, so that the default is always one of
/// them, and one card is there once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// Whose.
    pub account: AccountId,
    /// The cards, in the order they came.
    pub cards: Vec<Card>,
    /// The one renewals are charged to: there is one while there are cards.
    pub default: Option<CardId>,
    /// When another card or payment method was charged last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// When renewals that failed with another card are looked for, until they
    /// are tried with the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// Until when nobody is told of a card that expires, since nothing renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_until: Option<Timestamp>,
    /// What the provider is to forget.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaving: Vec<Leaving>,
    /// When something of this is to be done next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_at: Option<Timestamp>,
}

/// Where a card was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// On a page for a card alone.
    Alone,
    /// It paid an order.
    WithOrder,
    /// It paid, on a page, for a renewal the default could not pay.
    ForRenewal,
}

/// A wallet after a change, and what is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The wallet.
    pub wallet: Wallet,
    /// What happened.
    pub told: Vec<EventKind>,
}

/// Why the cards stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardRefusal {
    /// There is no such card.
    #[error("there is no such card")]
    Unknown,
    /// It has expired.
    #[error("the card has expired")]
    Expired,
    /// Subscriptions renew by it.
    #[error("subscriptions renew by this card")]
    Needed,
    /// There are [`MOST_CARDS`].
    #[error("there are too many cards")]
    TooMany,
}

impl Wallet {
    /// No cards yet.
    pub fn empty(account: AccountId) -> Self {
        Self {
            account,
            cards: Vec::new(),
            default: None,
            changed_at: None,
            retry_at: None,
            idle_until: None,
            leaving: Vec::new(),
            check_at: None,
        }
    }

    /// One of the cards.
    pub fn card(&self, id: CardId) -> Option<&Card> {
        self.cards.iter().find(|card| card.id == id)
    }

    /// The card renewals are charged to.
    pub fn default_card(&self) -> Option<&Card> {
        self.card(self.default?)
    }

    /// True when no further card fits.
    pub fn is_full(&self) -> bool {
        self.cards.len() >= MOST_CARDS
    }

    /// The wallet with one more card. The same card given again stays one: it
    /// is charged by the newer payment method from then on. The first card is
    /// the default, a later one where it paid for a renewal, or the default has
    /// expired and it has not.
    ///
    /// # Errors
    /// [`CardRefusal::TooMany`].
    pub fn add(mut self, card: Card, given: Given, now: Timestamp) -> Result<Changed, CardRefusal> {
        if self.cards.iter().any(|known| known.method == card.method) {
            return Ok(Changed {
                wallet: self,
                told: Vec::new(),
            });
        }
        let (before, is_full, is_first) = (self.charged(), self.is_full(), self.default.is_none());
        let is_good = !card.face.expires.is_over(now);
        let known = self
            .cards
            .iter_mut()
            .find(|known| known.face.is_same_card(&card.face));
        let (id, mut told) = match known {
            Some(known) => {
                let older = std::mem::replace(&mut known.method, card.method);
                (known.face, known.warned) = (card.face, 0);
                let id = known.id;
                self.leave(older);
                (id, vec![EventKind::CardUpdated { card: id }])
            }
            None if is_full => return Err(CardRefusal::TooMany),
            None => {
                let id = card.id;
                self.cards.push(card);
                (id, vec![EventKind::CardAdded { card: id }])
            }
        };
        let is_over = |card: &Card| card.face.expires.is_over(now);
        let replaces = is_good && self.default_card().is_some_and(is_over);
        if (given == Given::ForRenewal || is_first || replaces) && self.default != Some(id) {
            self.default = Some(id);
            told.push(EventKind::DefaultCardChanged { card: id });
        }
        if is_first && given != Given::WithOrder {
            // Renewals may have failed with a card that was never listed. A
            // purchase's own first card is not worth a timer.
            self.changed_at = Some(now);
        }
        Ok(self.changed(before, told, now))
    }

    /// The wallet with another default; nothing when it is the default already.
    ///
    /// # Errors
    /// [`CardRefusal::Unknown`], [`CardRefusal::Expired`].
    pub fn set_default(
        mut self,
        id: CardId,
        now: Timestamp,
    ) -> Result<Option<Changed>, CardRefusal> {
        let card = self.card(id).ok_or(CardRefusal::Unknown)?;
        if card.face.expires.is_over(now) {
            return Err(CardRefusal::Expired);
        }
        if self.default == Some(id) {
            return Ok(None);
        }
        let before = self.charged();
        self.default = Some(id);
        let told = vec![EventKind::DefaultCardChanged { card: id }];
        Ok(Some(self.changed(before, told, now)))
    }

    /// The wallet without a card, which the provider is to forget. `is_needed`
    /// says that subscriptions renew by the default.
    ///
    /// # Errors
    /// [`CardRefusal::Unknown`], [`CardRefusal::Needed`].
    pub fn remove(
        mut self,
        id: CardId,
        is_needed: bool,
        now: Timestamp,
    ) -> Result<Changed, CardRefusal> {
        let card = self.card(id).cloned().ok_or(CardRefusal::Unknown)?;
        if self.default == Some(id) && is_needed {
            return Err(CardRefusal::Needed);
        }
        self.leave(card.method);
        Ok(self.without(id, now))
    }

    /// The wallet that had no place for a card: the provider is to forget it.
    pub fn turned_away(mut self, method: String, now: Timestamp) -> Changed {
        let before = self.charged();
        self.leave(method);
        self.changed(before, Vec::new(), now)
    }

    /// The wallet after the provider forgot a payment method by itself;
    /// nothing when it was not known.
    pub fn forgotten(mut self, method: &str, now: Timestamp) -> Option<Changed> {
        let card = self.cards.iter().find(|card| card.method == method)?.id;
        self.leaving.retain(|leaving| leaving.method != method);
        Some(self.without(card, now))
    }

    /// The wallet with what the provider tells of a card now; nothing when it
    /// is the same as before, or of no card here.
    pub fn refreshed(mut self, method: &str, face: &Face, now: Timestamp) -> Option<Changed> {
        let card = self.cards.iter_mut().find(|card| card.method == method)?;
        if card.face == *face {
            return None;
        }
        (card.face, card.warned) = (face.clone(), 0);
        let told = vec![EventKind::CardUpdated { card: card.id }];
        let before = self.charged();
        Some(self.changed(before, told, now))
    }

    /// What the provider is to forget by now.
    pub fn to_forget(&self, now: Timestamp) -> Option<&str> {
        let due = self
            .leaving
            .iter()
            .find(|it| it.ask_at.is_some_and(|at| at <= now));
        due.map(|leaving| leaving.method.as_str())
    }

    /// The wallet once the provider forgot a payment method.
    pub fn left(mut self, method: &str) -> Self {
        self.leaving.retain(|leaving| leaving.method != method);
        self.timed()
    }

    /// The wallet whose payment method the provider is asked about later.
    pub fn left_later(mut self, method: &str, now: Timestamp) -> Self {
        for leaving in &mut self.leaving {
            if leaving.method == method {
                leaving.ask_at = Some(after(now, RETRY));
            }
        }
        self.timed()
    }

    /// The wallet whose failed renewals were looked for now. They are looked
    /// for again while a charge of another card is open, or may still begin.
    pub fn retried(self, is_open: bool, now: Timestamp) -> Self {
        let quiet = self.changed_at.is_none_or(|at| after(at, QUIET) <= now);
        let done = quiet && !is_open;
        Self {
            retry_at: (!done).then(|| after(now, RETRY)),
            ..self
        }
        .timed()
    }

    /// The default card, when its owner is to be told by now that it expires.
    pub fn expiring(&self, now: Timestamp) -> Option<&Card> {
        let card = self.default_card()?;
        self.warns_at().filter(|at| *at <= now).map(|_| card)
    }

    /// The wallet whose default expires while nothing renews by it: it is
    /// looked at again until the card is over, since something may.
    pub fn idle(self, now: Timestamp) -> Self {
        let over = |card: &Card| card.face.expires.is_over(now);
        if self.default_card().is_some_and(over) {
            return self.warned(now);
        }
        Self {
            idle_until: Some(after(now, IDLE)),
            ..self
        }
        .timed()
    }

    /// The wallet once its owner was told, as far as that is due by now: at
    /// most once at a time.
    pub fn warned(mut self, now: Timestamp) -> Self {
        self.idle_until = None;
        let default = self.default;
        for card in &mut self.cards {
            while Some(card.id) == default && card.warns_at().is_some_and(|at| at <= now) {
                card.warned = card.warned.saturating_add(1);
            }
        }
        self.timed()
    }

    /// The same, with its timer set right.
    pub fn timed(self) -> Self {
        let leaving = self.leaving.iter().filter_map(|leaving| leaving.ask_at);
        Self {
            check_at: leaving.chain(self.retry_at).chain(self.warns_at()).min(),
            ..self
        }
    }

    /// When it is looked at next whether the default expires.
    fn warns_at(&self) -> Option<Timestamp> {
        let at = self.default_card().and_then(Card::warns_at)?;
        Some(self.idle_until.map_or(at, |idle| idle.max(at)))
    }

    /// The payment method renewals are charged to.
    fn charged(&self) -> Option<String> {
        self.default_card().map(|card| card.method.clone())
    }

    /// The wallet after a change; `before` is what was charged before it.
    fn changed(mut self, before: Option<String>, told: Vec<EventKind>, now: Timestamp) -> Changed {
        let charged = self.charged();
        // Nothing is looked for after the first card ever of a purchase.
        if (before.is_some() || self.changed_at.is_some()) && before != charged {
            self.changed_at = Some(now);
            self.retry_at = charged.map(|_| now);
        }
        let earliest = self.changed_at.map_or(now, |at| after(at, QUIET).max(now));
        for leaving in &mut self.leaving {
            leaving.ask_at.get_or_insert(earliest);
        }
        Changed {
            wallet: self.timed(),
            told,
        }
    }

    fn leave(&mut self, method: String) {
        self.leaving.push(Leaving {
            method,
            ask_at: None,
        });
    }

    /// Where the default goes, the card that came last takes its place: of
    /// those that have not expired, if there is any.
    fn without(mut self, id: CardId, now: Timestamp) -> Changed {
        let before = self.charged();
        self.cards.retain(|card| card.id != id);
        let mut told = vec![EventKind::CardRemoved { card: id }];
        if self.default == Some(id) {
            let good = |card: &&Card| !card.face.expires.is_over(now);
            let last = self.cards.iter().rev().find(good).or(self.cards.last());
            self.default = last.map(|card| card.id);
            told.extend(
                self.default
                    .map(|card| EventKind::DefaultCardChanged { card }),
            );
        }
        self.changed(before, told, now)
    }
}

#[cfg(test)]
mod tests;
