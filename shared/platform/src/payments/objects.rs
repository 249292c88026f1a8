//! The payment provider's objects, as far as they matter here.

use crate::http::request::as_written;
use domain::id::{AccountId, Id as _, InvoiceId, OrderId, PaymentId, SubscriptionId};
use domain::money::{Currency, Money};
use domain::payment::{Payment, ProviderOutcome, ProviderPayment, Purpose, Reference};
use serde::Deserialize;
use std::collections::HashMap;

/// An object that is not what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadObject {
    /// It carries no reference of ours.
    #[error("it carries no reference of ours")]
    Reference,
    /// Its currency is unknown.
    #[error("its currency is unknown")]
    Currency,
    /// Its status is unknown.
    #[error("its status is unknown")]
    Status,
    /// More was received than asked for.
    #[error("more was received than asked for")]
    Received,
}

/// A payment at the provider (a PaymentIntent).
#[derive(Debug, Clone, Deserialize)]
pub struct Intent {
    /// Its id.
    pub id: String,
    /// `payment_intent`.
    pub object: String,
    /// What is asked for, in minor units.
    pub amount: i64,
    /// What was received, in minor units.
    #[serde(default)]
    pub amount_received: i64,
    /// ISO 4217 in lower case.
    pub currency: String,
    /// The customer.
    pub customer: Option<String>,
    /// How it stands.
    pub status: String,
    /// What it is paid with.
    pub payment_method: Option<String>,
    /// Why the last try failed.
    pub last_payment_error: Option<LastError>,
    /// True when real money moves.
    pub livemode: bool,
    /// Our reference.
    #[serde(default)]
    pub metadata: HashMap<String, String>,
}

/// Why the last try of a payment failed.
#[derive(Debug, Clone, Deserialize)]
pub struct LastError {
    /// The provider's code.
    pub code: Option<String>,
    /// The bank's code.
    pub decline_code: Option<String>,
}

impl LastError {
    fn code(&self) -> String {
        let code = self.decline_code.as_ref().or(self.code.as_ref());
        code.cloned().unwrap_or_else(|| "unknown".to_owned())
    }

    fn needs_customer(&self) -> bool {
        [&self.code, &self.decline_code]
            .into_iter()
            .flatten()
            .any(|code| code == "authentication_required")
    }
}

/// A hosted payment page at the provider (a Checkout Session).
#[derive(Debug, Clone, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Its address, while it is open.
    pub url: Option<String>,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `payment`, or `setup` where a card is saved.
    pub mode: Option<String>,
    /// The payment it made, once a card was tried.
    pub payment_intent: Option<String>,
    /// The saving of a card it makes.
    pub setup_intent: Option<String>,
    /// Our reference.
    #[serde(default)]
    pub metadata: HashMap<String, String>,
}

/// A list of the provider's objects.
#[derive(Debug, Clone, Deserialize)]
pub struct List<T> {
    /// The objects, newest first.
    pub data: Vec<T>,
    /// True when there are more.
    #[serde(default)]
    pub has_more: bool,
}

/// Money the provider gave back, or is about to.
#[derive(Debug, Clone, Deserialize)]
pub struct MadeRefund {
    /// Its id.
    pub id: String,
    /// `succeeded`, `pending`, `requires_action`, `failed` or `canceled`.
    pub status: String,
    /// How much, in minor units.
    pub amount: i64,
    /// ISO 4217 in lower case.
    pub currency: String,
    /// Why, where somebody said so.
    pub reason: Option<String>,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// Our reference.
    #[serde(default)]
    pub metadata: HashMap<String, String>,
}

/// Anything of which only the id matters.
#[derive(Debug, Clone, Deserialize)]
pub struct Identified {
    /// Its id.
    pub id: String,
}

/// Everything a provider's object says about where it belongs: enough to read
/// it all in one round trip. Only what the table says is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locator {
    /// Account, payment, attempt.
    pub reference: Reference,
    /// What is paid.
    pub purpose: Purpose,
    /// The invoice.
    pub invoice: InvoiceId,
}

impl Locator {
    /// Where an attempt of a payment belongs.
    pub fn of(payment: &Payment, attempt: u32) -> Self {
        Self {
            reference: Reference {
                account: payment.account,
                payment: payment.id,
                attempt,
            },
            purpose: payment.purpose,
            invoice: payment.invoice,
        }
    }

    /// As metadata for the provider.
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        let mut metadata = vec![
            ("account", self.reference.account.to_string()),
            ("payment", self.reference.payment.to_string()),
            ("attempt", self.reference.attempt.to_string()),
            ("invoice", self.invoice.to_string()),
        ];
        match self.purpose {
            Purpose::Order { order } => metadata.push(("order", order.to_string())),
            Purpose::Renewal {
                subscription,
                index,
            } => {
                metadata.push(("subscription", subscription.to_string()));
                metadata.push(("period", index.to_string()));
            }
        }
        metadata
    }

    /// Reads it back from metadata.
    pub fn read(metadata: &HashMap<String, String>) -> Option<Self> {
        let reference = Reference {
            account: AccountId::parse(metadata.get("account")?).ok()?,
            payment: PaymentId::parse(metadata.get("payment")?).ok()?,
            attempt: as_written(metadata.get("attempt")?)?,
        };
        let purpose = match metadata.get("order") {
            Some(order) => Purpose::Order {
                order: OrderId::parse(order).ok()?,
            },
            None => Purpose::Renewal {
                subscription: SubscriptionId::parse(metadata.get("subscription")?).ok()?,
                index: as_written(metadata.get("period")?)?,
            },
        };
        let invoice = InvoiceId::parse(metadata.get("invoice")?).ok()?;
        Some(Self {
            reference,
            purpose,
            invoice,
        })
    }
}

impl Intent {
    /// What it says, in the domain's terms.
    ///
    /// # Errors
    /// [`BadObject`] when it cannot be ours.
    pub fn observe(&self) -> Result<ProviderPayment, BadObject> {
        let currency = Currency::parse(&self.currency.to_ascii_uppercase())
            .map_err(|_| BadObject::Currency)?;
        if self.amount_received > self.amount {
            return Err(BadObject::Received);
        }
        Ok(ProviderPayment {
            id: self.id.clone(),
            customer: self.customer.clone(),
            payment_method: self.payment_method.clone(),
            amount: Money::new(self.amount, currency),
            received: self.amount_received,
            reference: Locator::read(&self.metadata)
                .ok_or(BadObject::Reference)?
                .reference,
            outcome: self.outcome()?,
        })
    }

    fn outcome(&self) -> Result<ProviderOutcome, BadObject> {
        Ok(match (self.status.as_str(), &self.last_payment_error) {
            ("succeeded", _) => ProviderOutcome::Captured,
            ("canceled", _) => ProviderOutcome::Canceled,
            ("requires_action", _) => ProviderOutcome::NeedsCustomer,
            ("requires_payment_method", Some(error)) if error.needs_customer() => {
                ProviderOutcome::NeedsCustomer
            }
            ("requires_payment_method", Some(error)) => {
                ProviderOutcome::Declined { code: error.code() }
            }
            (
                "processing"
                | "requires_confirmation"
                | "requires_capture"
                | "requires_payment_method",
                _,
            ) => ProviderOutcome::Processing,
            _ => return Err(BadObject::Status),
        })
    }
}
/// What the hosted payment page asks for.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// The customer at the provider.
    pub customer: &'a str,
    /// What the page says is bought, with its amount in minor units.
    pub description: &'a str,
    /// Amount in minor units, VAT included.
    pub amount: i64,
    /// ISO 4217 in lower case.
    pub currency: String,
    /// Where the customer goes afterwards.
    pub return_url: &'a str,
    /// Unix seconds at which the page closes.
    pub expires_at: i64,
    /// Language of the page.
    pub locale: &'a str,
    /// Our reference.
    pub metadata: &'a [(&'static str, String)],
}

/// A charge without the customer.
#[derive(Debug, Clone)]
pub struct NewIntent<'a> {
    /// The customer at the provider.
    pub customer: &'a str,
    /// The saved payment method.
    pub payment_method: &'a str,
    /// Amount in minor units, VAT included.
    pub amount: i64,
    /// ISO 4217 in lower case.
    pub currency: String,
    /// Our reference.
    pub metadata: &'a [(&'static str, String)],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_payment_belongs_is_read_only_as_it_was_written() {
        let at = Locator {
            reference: Reference {
                account: AccountId::from_bits(1),
                payment: PaymentId::from_bits(2),
                attempt: 3,
            },
            purpose: Purpose::Renewal {
                subscription: SubscriptionId::from_bits(4),
                index: u32::MAX,
            },
            invoice: InvoiceId::from_bits(5),
        };
        let metadata: HashMap<String, String> = at
            .metadata()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        assert_eq!(Locator::read(&metadata), Some(at));
        for (name, value) in [
            ("attempt", "+3"),
            ("attempt", "03"),
            ("attempt", "-3"),
            ("attempt", ""),
            ("period", "4294967296"),
            ("period", " 1"),
        ] {
            let mut other = metadata.clone();
            other.insert(name.to_owned(), value.to_owned());
            assert_eq!(Locator::read(&other), None, "{name} {value:?}");
        }
    }
}
