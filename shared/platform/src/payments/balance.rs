//! The provider's own book: what moved the money it holds for us (its balance
//! transactions).

use super::objects::List;
use super::provider::{CallError, Gateway};
use domain::agreement::{Direction, Movement};
use domain::id::{Id as _, PaymentId};
use domain::money::{Currency, Money};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A movement of the balance, as the provider has it.
#[derive(Debug, Clone, Deserialize)]
struct Transaction {
    id: String,
    /// `charge`, `refund`, and whatever else moves a balance.
    #[serde(rename = "type")]
    kind: String,
    /// Unix seconds.
    created: i64,
    source: Option<Source>,
}

/// What moved it. Its own amount counts: the balance is kept in the currency
/// of the bank account, after an exchange where that is another.
#[derive(Debug, Clone, Deserialize)]
struct Source {
    id: String,
    #[serde(default)]
    amount: i64,
    /// ISO 4217 in lower case.
    #[serde(default)]
    currency: String,
    payment_intent: Option<String>,
    #[serde(default)]
    metadata: HashMap<String, String>,
}

/// What the provider booked in a time.
#[derive(Debug, Clone, Default)]
pub struct ProviderBook {
    /// What was captured and given back, oldest first.
    pub movements: Vec<ProviderMovement>,
    /// How often something else moved the balance, by the provider's name for
    /// it: payouts, fees, disputes, refunds that came back. They are not
    /// compared.
    pub others: BTreeMap<String, u64>,
    /// False when there was more than was read.
    pub complete: bool,
}

/// A capture or refund in the provider's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMovement {
    /// The movement; its reference is the charge or refund. Of the payment it
    /// says what the metadata says: a refund made by hand has none.
    pub movement: Movement,
    /// The provider's payment.
    pub intent: Option<String>,
}

impl Transaction {
    fn direction(&self) -> Option<Direction> {
        match self.kind.as_str() {
            "charge" | "payment" => Some(Direction::Captured),
            "refund" | "payment_refund" => Some(Direction::Refunded),
            _ => None,
        }
    }

    /// None for what is neither capture nor refund, or in no currency known.
    fn movement(&self) -> Option<ProviderMovement> {
        let direction = self.direction()?;
        let source = self.source.as_ref()?;
        let currency = Currency::parse(&source.currency.to_ascii_uppercase()).ok()?;
        let payment = source.metadata.get("payment");
        let movement = Movement {
            direction,
            payment: payment.and_then(|id| PaymentId::parse(id).ok()),
            amount: Money::new(source.amount, currency),
            at: Timestamp::from_second(self.created).ok()?,
            reference: source.id.clone(),
        };
        Some(ProviderMovement {
            movement,
            intent: source.payment_intent.clone(),
        })
    }
}

impl Gateway<'_> {
    /// What the provider booked from one moment on and before another, at most
    /// `pages` times a hundred movements, and while there is time; the latest
    /// first to be read.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn book(
        &self,
        from: Timestamp,
        to: Timestamp,
        (pages, in_time): (usize, impl Fn() -> bool + Send),
    ) -> Result<ProviderBook, CallError> {
        let (from, to) = (from.as_second(), to.as_second());
        let mut book = ProviderBook::default();
        let mut after = String::new();
        for _ in 0..pages {
            if !in_time() {
                break;
            }
            let path = format!(
                "/v1/balance_transactions?created[gte]={from}&created[lt]={to}\
                 &limit=100&expand[]=data.source{after}"
            );
            let page: List<Transaction> = self.get(&path).await?;
            for transaction in &page.data {
                match transaction.movement() {
                    Some(movement) => book.movements.push(movement),
                    None => {
                        let count = book.others.entry(transaction.kind.clone()).or_default();
                        *count = count.saturating_add(1);
                    }
                }
            }
            match page.data.last().filter(|_| page.has_more) {
                Some(last) => after = format!("&starting_after={}", last.id),
                None => {
                    book.complete = true;
                    break;
                }
            }
        }
        book.movements.reverse();
        Ok(book)
    }
}

impl ProviderBook {
    /// The provider's payments behind what names none of ours.
    pub fn nameless(&self) -> BTreeSet<&str> {
        let mut named = BTreeSet::new();
        let mut nameless = BTreeSet::new();
        for it in &self.movements {
            let side = match it.movement.payment {
                Some(_) => &mut named,
                None => &mut nameless,
            };
            side.extend(it.intent.as_deref());
        }
        nameless.difference(&named).copied().collect()
    }

    /// Says of movements without metadata for which payment they are, where the
    /// provider's payment is known.
    pub fn named(mut self, intents: &BTreeMap<String, PaymentId>) -> Vec<Movement> {
        let mut known = intents.clone();
        for it in &self.movements {
            if let (Some(intent), Some(payment)) = (&it.intent, it.movement.payment) {
                known.insert(intent.clone(), payment);
            }
        }
        for it in &mut self.movements {
            let found = it.intent.as_ref().and_then(|intent| known.get(intent));
            it.movement.payment = it.movement.payment.or(found.copied());
        }
        self.movements.into_iter().map(|it| it.movement).collect()
    }
}
