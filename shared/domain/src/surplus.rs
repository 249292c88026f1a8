//! Captured money nobody owes, and how it goes back: in one refund, or in parts
//! where somebody gave some of it back by hand at the provider.

use crate::money::Money;
use crate::payment::Payment;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Captured money nobody owes: to be refunded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surplus {
    /// The provider's payment.
    pub provider_payment: String,
    /// How much.
    pub amount: Money,
    /// The provider's refund that gave back the last of it, once made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<String>,
    /// When it was seen captured; none where that was not written down yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<Timestamp>,
    /// When the refund was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_at: Option<Timestamp>,
    /// What was given back of it before that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<SurplusPart>,
    /// The refunds of it that the bank returned, by the provider's ids: the
    /// customer is owed them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<String>,
    /// Why the provider refuses to give it back, in its words: a person
    /// decides, and nobody asks any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A refund of a part of a surplus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurplusPart {
    /// The provider's refund.
    pub refund: String,
    /// How much.
    pub amount: Money,
    /// When it was seen.
    pub at: Timestamp,
}

impl Surplus {
    /// A surplus that was just seen captured.
    pub fn captured(provider_payment: String, amount: Money, now: Timestamp) -> Self {
        Self {
            provider_payment,
            amount,
            refund: None,
            captured_at: Some(now),
            refunded_at: None,
            parts: Vec::new(),
            returned: Vec::new(),
            refused: None,
        }
    }

    /// True while the provider is to be asked for it.
    fn is_open(&self) -> bool {
        self.refund.is_none() && self.refused.is_none()
    }

    /// What the parts left of it.
    fn last(&self) -> Money {
        let parts = self.parts.iter().map(|part| part.amount.amount());
        let given = parts.fold(0_i64, i64::saturating_add);
        let last = self.amount.amount().saturating_sub(given);
        Money::new(last, self.amount.currency())
    }

    /// What is still to be given back.
    pub fn left(&self) -> Money {
        match self.refund {
            Some(_) => Money::new(0, self.amount.currency()),
            None => self.last(),
        }
    }

    /// True for a refund that is not known and no more than what is left.
    pub fn misses(&self, refund: &str, amount: Money) -> bool {
        let left = self.left();
        self.refunds().iter().all(|(id, ..)| *id != refund)
            && amount.currency() == left.currency()
            && (1..=left.amount()).contains(&amount.amount())
    }

    /// Its refunds: the provider's id, how much, and when, where that was
    /// written down.
    pub fn refunds(&self) -> Vec<(&str, Money, Option<Timestamp>)> {
        let parts = self.parts.iter();
        let parts = parts.map(|it| (it.refund.as_str(), it.amount, Some(it.at)));
        let last = self.refund.as_deref();
        let last = last.map(|refund| (refund, self.last(), self.refunded_at));
        parts.chain(last).collect()
    }
}

impl Payment {
    /// The surplus that still has to be refunded.
    pub fn open_surplus(&self) -> Option<&Surplus> {
        self.surplus.iter().find(|surplus| surplus.is_open())
    }

    /// The surplus the provider knows under this payment's id.
    pub fn surplus_of(&self, provider_payment: &str) -> Option<&Surplus> {
        let mut all = self.surplus.iter();
        all.find(|it| it.provider_payment == provider_payment)
    }

    fn surplus_mut(&mut self, provider_payment: &str) -> Option<&mut Surplus> {
        let mut all = self.surplus.iter_mut();
        all.find(|it| it.provider_payment == provider_payment)
    }

    /// The payment of whose surplus so much was given back; none when that is
    /// known, or more than was left.
    pub fn surplus_refunded(
        mut self,
        provider_payment: &str,
        refund: String,
        amount: Money,
        now: Timestamp,
    ) -> Option<Self> {
        let surplus = self.surplus_mut(provider_payment)?;
        if !surplus.misses(&refund, amount) {
            return None;
        }
        if amount == surplus.left() {
            surplus.refund = Some(refund);
            surplus.refunded_at = Some(now);
            surplus.refused = None;
        } else {
            surplus.parts.push(SurplusPart {
                refund,
                amount,
                at: now,
            });
        }
        Some(self.rest())
    }

    /// The payment of whose surplus the bank returned a refund, and how much it
    /// was; none when it was not made, or that is known.
    pub fn surplus_returned(
        mut self,
        provider_payment: &str,
        refund: &str,
    ) -> Option<(Self, Money)> {
        let surplus = self.surplus_mut(provider_payment)?;
        let refunds = surplus.refunds();
        let (_, amount, _) = refunds.into_iter().find(|(id, ..)| *id == refund)?;
        if surplus.returned.iter().any(|id| id == refund) {
            return None;
        }
        surplus.returned.push(refund.to_owned());
        Some((self, amount))
    }

    /// The payment whose surplus the provider refuses to give back.
    pub fn surplus_refused(mut self, provider_payment: &str, code: String) -> Self {
        let found = self.surplus_mut(provider_payment);
        if let Some(surplus) = found.filter(|surplus| surplus.is_open()) {
            surplus.refused = Some(code);
        }
        self.rest()
    }

    /// The payment whose surplus the provider is asked for again: what stood in
    /// the way is over. None where nothing did.
    pub fn surplus_freed(mut self, provider_payment: &str, now: Timestamp) -> Option<Self> {
        let surplus = self.surplus_mut(provider_payment)?;
        surplus.refused.take()?;
        self.check_at = Some(self.check_at.map_or(now, |at| at.min(now)));
        Some(self)
    }
}
