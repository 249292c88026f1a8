//! What a timer belongs to, by the key it was found under.

use super::{Key, owner};
use domain::id::{AccountId, CardId, Id as _, InvoiceId, PaymentId, SubscriptionId};

/// What a key found in the `due` index addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timed {
    /// A subscription.
    Subscription(AccountId, SubscriptionId),
    /// A payment.
    Payment(AccountId, PaymentId),
    /// An invoice.
    Invoice(AccountId, InvoiceId),
    /// An event of the provider, by the provider's id.
    ProviderEvent(String),
    /// An event of our own.
    Event(Key),
    /// What is known of a VAT number.
    VatNumber(Key),
    /// The saved cards of an account.
    Wallet(AccountId),
    /// A card that is about to be saved.
    NewCard(AccountId, CardId),
}

impl Timed {
    /// Reads a key; none for one that no job knows.
    pub fn of(key: &Key) -> Option<Self> {
        let account = owner(key);
        let (kind, id) = key.sk.split_once('#').unwrap_or((&key.sk, ""));
        match (account, kind) {
            (_, "EVENT") if !id.is_empty() => Some(Self::Event(key.clone())),
            (Some(_), "VATNUMBER") if !id.is_empty() => Some(Self::VatNumber(key.clone())),
            (Some(account), "SUBSCRIPTION") => {
                Some(Self::Subscription(account, SubscriptionId::parse(id).ok()?))
            }
            (Some(account), "PAYMENT") => Some(Self::Payment(account, PaymentId::parse(id).ok()?)),
            (Some(account), "WALLET") if id.is_empty() => Some(Self::Wallet(account)),
            (Some(account), "CARD") => Some(Self::NewCard(account, CardId::parse(id).ok()?)),
            (Some(account), "INVOICE") => Some(Self::Invoice(account, InvoiceId::parse(id).ok()?)),
            (None, "EVENT") => key
                .pk
                .strip_prefix("PROVIDER#stripe#")
                .map(|id| Self::ProviderEvent(id.to_owned())),
            _ => None,
        }
    }
}
