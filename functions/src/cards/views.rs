//! Saved cards in answers.

use domain::card::{Card, Wallet};
use jiff::Timestamp;
use serde::Serialize;

/// A saved card. Its number is nowhere here.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct PaymentMethodView {
    /// Its id.
    pub id: String,
    /// `visa`, `mastercard`, …
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// The month it expires with, 1 to 12.
    pub expiry_month: i8,
    /// The year of that month.
    pub expiry_year: i16,
    /// True once it has expired.
    pub expired: bool,
    /// True for the card renewals are charged to.
    pub is_default: bool,
    /// When it was saved.
    pub added_at: String,
}

impl PaymentMethodView {
    /// The cards of a wallet, in the order they came.
    pub fn all(wallet: &Wallet, now: Timestamp) -> Vec<Self> {
        let cards = wallet.cards.iter();
        cards.map(|card| Self::of(card, wallet, now)).collect()
    }

    /// A card of a wallet.
    pub fn of(card: &Card, wallet: &Wallet, now: Timestamp) -> Self {
        let expires = card.face.expires;
        Self {
            id: card.id.to_string(),
            brand: card.face.brand.clone(),
            last4: card.face.last4.clone(),
            expiry_month: expires.month,
            expiry_year: expires.year,
            expired: expires.is_over(now),
            is_default: wallet.default == Some(card.id),
            added_at: card.added_at.to_string(),
        }
    }
}

/// Where a card is given.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct SetupView {
    /// The provider's page for it.
    pub setup_url: String,
    /// When the page closes.
    pub expires_at: String,
}
