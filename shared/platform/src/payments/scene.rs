//! Everything a payment touches, read in one round trip.

use super::PaymentError;
use super::objects::Locator;
use crate::store::keys::{self, Key};
use crate::store::payments::ProviderEvent;
use crate::store::{Batch, Entity, Store, Stored};
use domain::account::Account;
use domain::invoice::Invoice;
use domain::ledger::LedgerHead;
use domain::order::Order;
use domain::payment::{Payment, Purpose};
use domain::subscription::{BillingPeriod, Subscription};

/// A payment and what hangs on it.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The payment.
    pub payment: Stored<Payment>,
    /// Who pays.
    pub account: Stored<AccountState>,
    /// The end of its ledger; none before the first entry.
    pub head: Option<Stored<LedgerHead>>,
    /// What is paid.
    pub subject: Subject,
}

/// The part of an account a payment depends on.
#[derive(Debug, Clone)]
pub struct AccountState {
    /// The customer at the provider.
    pub provider_customer: Option<String>,
    /// Zone of billing dates.
    pub zone: domain::anchor::Zone,
}

/// What is paid.
#[derive(Debug, Clone)]
pub enum Subject {
    /// An order.
    Order {
        /// The order.
        order: Box<Stored<Order>>,
    },
    /// One period of a subscription.
    Renewal {
        /// The subscription.
        subscription: Box<Stored<Subscription>>,
        /// The period.
        period: Box<Stored<BillingPeriod>>,
        /// Its invoice.
        invoice: Box<Stored<Invoice>>,
    },
}

/// What was found where an object of the provider says it belongs.
#[derive(Debug)]
pub struct Found {
    /// The payment's scene, if there is such a payment.
    pub scene: Option<Scene>,
    /// The provider's event, if it was received before.
    pub inbox: Option<Stored<ProviderEvent>>,
}

impl Store {
    /// AP-18: a payment, what hangs on it, and the provider's event that
    /// speaks of it.
    ///
    /// # Errors
    /// [`PaymentError`] when any of it cannot be read, or the payment's own
    /// parts are missing.
    pub async fn scene(&self, at: &Locator, event: Option<&str>) -> Result<Found, PaymentError> {
        let account_id = at.reference.account;
        let payment_key = keys::payment(account_id, at.reference.payment);
        let account_key = keys::account(account_id);
        let head_key = keys::ledger_head(account_id);
        let mut wanted = vec![payment_key.clone(), account_key.clone(), head_key.clone()];
        wanted.extend(subject_keys(at));
        let event_key = event.map(keys::provider_event);
        wanted.extend(event_key.clone());
        let mut batch = self.batch(&wanted).await?;
        let inbox = event_key
            .map(|key| batch.take::<ProviderEvent>(&key))
            .transpose()?
            .flatten();
        let Some(payment) = batch.take::<Payment>(&payment_key)? else {
            return Ok(Found { scene: None, inbox });
        };
        if payment.value.purpose != at.purpose || payment.value.invoice != at.invoice {
            // The object's own words are wrong about where it belongs.
            return Err(PaymentError::Missing("what the payment says it is for"));
        }
        let account: Stored<Account> = batch
            .take(&account_key)?
            .ok_or(PaymentError::Missing("the account"))?;
        let account = account.map(|account| AccountState {
            provider_customer: account.provider_customer,
            zone: account.zone,
        });
        let subject = take_subject(&mut batch, at)?;
        let head = batch.take::<LedgerHead>(&head_key)?;
        Ok(Found {
            scene: Some(Scene {
                payment,
                account,
                head,
                subject,
            }),
            inbox,
        })
    }

    /// The scene of a payment that is there.
    ///
    /// # Errors
    /// [`PaymentError`] when it is not.
    pub async fn scene_of(&self, payment: &Payment) -> Result<Scene, PaymentError> {
        let found = self.scene(&Locator::of(payment, 0), None).await?;
        found.scene.ok_or(PaymentError::Missing("the payment"))
    }
}

/// Where what is paid is stored.
fn subject_keys(at: &Locator) -> Vec<Key> {
    let account = at.reference.account;
    match at.purpose {
        Purpose::Order { order } => vec![keys::order(account, order)],
        Purpose::Renewal {
            subscription,
            index,
        } => vec![
            keys::subscription(account, subscription),
            keys::period(account, subscription, index),
            keys::invoice(account, at.invoice),
        ],
    }
}

fn take_subject(batch: &mut Batch, at: &Locator) -> Result<Subject, PaymentError> {
    let account = at.reference.account;
    Ok(match at.purpose {
        Purpose::Order { order } => Subject::Order {
            order: part(batch, &keys::order(account, order), "the order")?,
        },
        Purpose::Renewal {
            subscription,
            index,
        } => Subject::Renewal {
            subscription: part(
                batch,
                &keys::subscription(account, subscription),
                "the subscription",
            )?,
            period: part(
                batch,
                &keys::period(account, subscription, index),
                "the billing period",
            )?,
            invoice: part(batch, &keys::invoice(account, at.invoice), "the invoice")?,
        },
    })
}

fn part<T: Entity>(
    batch: &mut Batch,
    key: &Key,
    what: &'static str,
) -> Result<Box<Stored<T>>, PaymentError> {
    batch
        .take(key)?
        .map(Box::new)
        .ok_or(PaymentError::Missing(what))
}

impl Scene {
    /// True when what is paid for can still take the money.
    pub fn is_payable(&self) -> bool {
        match &self.subject {
            Subject::Order { order } => order.value.status == domain::order::OrderStatus::Pending,
            Subject::Renewal { subscription, .. } => {
                subscription.value.awaits(self.payment.value.id)
            }
        }
    }

    /// The end of the ledger to append to, and its version.
    pub fn ledger(&self) -> (LedgerHead, Option<u64>) {
        match &self.head {
            Some(head) => (head.value.clone(), Some(head.version)),
            None => (LedgerHead::empty(self.payment.value.account), None),
        }
    }
}

/// What a refused condition means where every condition says: as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed;
