//! The provider's objects about saved cards, as far as they matter here.

use domain::card::{Expiry, Face};
use domain::id::{AccountId, CardId, Id as _};
use domain::new_card::NewCard;
use serde::Deserialize;
use std::collections::HashMap;

/// A card being saved at the provider (a SetupIntent).
#[derive(Debug, Clone, Deserialize)]
pub struct SetupIntent {
    /// Its id.
    pub id: String,
    /// `succeeded` once the card is saved.
    pub status: String,
    /// The customer.
    pub customer: Option<String>,
    /// What was saved.
    pub payment_method: Option<String>,
    /// True when real money moves.
    pub livemode: bool,
    /// Our reference.
    #[serde(default)]
    pub metadata: HashMap<String, String>,
}

/// What charges a card (a PaymentMethod).
#[derive(Debug, Clone, Deserialize)]
pub struct Method {
    /// Its id.
    pub id: String,
    /// Whose it is; nobody's once it was detached.
    pub customer: Option<String>,
    /// The card, if it is one.
    pub card: Option<MethodCard>,
    /// True when real money moves.
    pub livemode: bool,
}

/// What the provider tells of a card.
#[derive(Debug, Clone, Deserialize)]
pub struct MethodCard {
    /// `visa`, `mastercard`, …
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// Month of expiry, 1 to 12.
    pub exp_month: i8,
    /// Year of expiry, four digits.
    pub exp_year: i16,
    /// The same for the same number.
    pub fingerprint: Option<String>,
}

/// Longest text of the provider that is kept of a card.
const LONGEST: usize = 64;

impl Method {
    /// How the card looks; nothing when it is no card, or looks like none.
    pub fn face(&self) -> Option<Face> {
        let card = self.card.as_ref()?;
        let four = card.last4.len() == 4 && card.last4.bytes().all(|byte| byte.is_ascii_digit());
        let short = |text: &String| !text.is_empty() && text.len() <= LONGEST;
        if !four || !short(&card.brand) {
            return None;
        }
        Some(Face {
            brand: card.brand.clone(),
            last4: card.last4.clone(),
            expires: Expiry::new(card.exp_year, card.exp_month)?,
            fingerprint: card.fingerprint.clone().filter(short),
        })
    }
}

/// The account of a customer at the provider, from its metadata.
#[derive(Debug, Clone, Deserialize)]
pub struct Customer {
    /// Our reference.
    #[serde(default)]
    pub metadata: HashMap<String, String>,
}

impl Customer {
    /// The account it was made for.
    pub fn account(&self) -> Option<AccountId> {
        AccountId::parse(self.metadata.get("account")?).ok()
    }
}

/// Where a card that is saved at the provider belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CardLocator {
    /// The account.
    pub(super) account: AccountId,
    /// The card it becomes.
    pub(super) card: CardId,
}

impl CardLocator {
    /// As metadata for the provider.
    pub(super) fn metadata(new: &NewCard) -> [(&'static str, String); 2] {
        [
            ("account", new.account.to_string()),
            ("card", new.id.to_string()),
        ]
    }

    /// Reads it back from metadata.
    pub(super) fn read(metadata: &HashMap<String, String>) -> Option<Self> {
        Some(Self {
            account: AccountId::parse(metadata.get("account")?).ok()?,
            card: CardId::parse(metadata.get("card")?).ok()?,
        })
    }
}

/// What a page asks for on which a card is given.
#[derive(Debug, Clone)]
pub struct NewSetup<'a> {
    /// The customer at the provider.
    pub customer: &'a str,
    /// Where the customer goes afterwards.
    pub return_url: &'a str,
    /// Unix seconds at which the page closes.
    pub expires_at: i64,
    /// Language of the page.
    pub locale: &'a str,
    /// Our reference.
    pub metadata: &'a [(&'static str, String)],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(last4: &str, month: i8, brand: &str) -> Method {
        Method {
            id: "pm_1".to_owned(),
            customer: None,
            card: Some(MethodCard {
                brand: brand.to_owned(),
                last4: last4.to_owned(),
                exp_month: month,
                exp_year: 2030,
                fingerprint: Some(String::new()),
            }),
            livemode: false,
        }
    }

    #[test]
    fn only_what_looks_like_a_card_is_kept() {
        assert!(method("4242", 12, "visa").face().is_some());
        for bad in [
            method("4242424242424242", 12, "visa"),
            method("42 2", 12, "visa"),
            method("4242", 13, "visa"),
            method("4242", 12, ""),
        ] {
            assert_eq!(bad.face(), None, "{bad:?}");
        }
        let none = Method {
            card: None,
            ..method("4242", 12, "visa")
        };
        assert_eq!(none.face(), None);
    }
}
