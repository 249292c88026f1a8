//! The provider's events about cards: given on a page, changed, forgotten.

use super::learn::{learn, put, read};
use super::objects::{CardLocator, Method, SetupIntent};
use crate::app::App;
use crate::payments::inbox::Received;
use crate::payments::inbox_records::{Known, keep, mark_applied, meet, quarantine};
use crate::payments::objects::Session;
use crate::payments::provider::Pace;
use crate::payments::scene::Changed;
use crate::payments::settle::ROUNDS;
use crate::payments::{PaymentError, gateway};
use crate::store::payments::{InboxState, ProviderEvent};
use crate::store::{CommitError, Stored, Transaction, keys};
use domain::account::Account;
use domain::card::{self, Wallet};
use domain::id::AccountId;
use serde_json::Value;

/// What an event says about cards.
pub(in crate::payments) enum CardNews {
    /// A card was saved.
    Given(SetupIntent),
    /// The page on which one is given is done with.
    PageCompleted(Session),
    /// The page closed without one.
    PageClosed(Session),
    /// A payment method of a customer is not what it was.
    Altered {
        /// The payment method.
        method: String,
        /// Whose it is, or was.
        customer: String,
    },
}

/// Reads an event about a payment method; nothing when it says nothing that
/// matters here, an error when it is not what it must be.
pub(in crate::payments) fn altered(
    kind: &str,
    object: &Value,
    previous: &Value,
) -> Result<Option<CardNews>, &'static str> {
    let owner = match kind {
        "payment_method.updated" | "payment_method.automatically_updated" => object,
        "payment_method.detached" => previous,
        _ => return Ok(None),
    };
    let method: Method = serde_json::from_value(object.clone()).map_err(|_| "object")?;
    // Of no customer it is nobody's card.
    let customer = owner.get("customer").and_then(Value::as_str);
    Ok(customer.map(|customer| CardNews::Altered {
        method: method.id,
        customer: customer.to_owned(),
    }))
}

/// Takes news of cards in.
///
/// # Errors
/// [`PaymentError`] when they are not durable: the provider must send them
/// again.
pub(in crate::payments) async fn receive(
    app: &App,
    record: ProviderEvent,
    news: CardNews,
) -> Result<Received, PaymentError> {
    let metadata = match &news {
        CardNews::Given(setup) => &setup.metadata,
        CardNews::PageCompleted(session) | CardNews::PageClosed(session) => &session.metadata,
        CardNews::Altered { method, customer } => {
            return refresh(app, record, method, customer).await;
        }
    };
    let Some(at) = CardLocator::read(metadata) else {
        return quarantine(app, record, "reference").await;
    };
    let (record, version) = match known(app, record).await? {
        Known::New(record, version) => (record, version),
        Known::Done(received) => return Ok(received),
    };
    let found = read(app, at.account, at.card).await?;
    let Some(new) = &found.new_card else {
        return keep(app, record, version, InboxState::Waiting).await;
    };
    if !new.value.is_expected() {
        return mark_applied(app, &record, version).await;
    }
    let done = match news {
        CardNews::PageClosed(session) => close(app, new, &session.id, (&record, version)).await,
        CardNews::Given(setup) => given(app, at, Some(setup), None, (&record, version)).await,
        CardNews::PageCompleted(session) => {
            given(app, at, None, session.setup_intent, (&record, version)).await
        }
        CardNews::Altered { .. } => Ok(Received::Ignored),
    };
    match done {
        Ok(Received::Quarantined) => quarantine(app, record, "mismatch").await,
        Ok(received) => Ok(received),
        // Durable first: the reconciler applies it.
        Err(error) => {
            app.note(&record.id, &error);
            keep(app, record, version, InboxState::Received).await
        }
    }
}

async fn known(app: &App, record: ProviderEvent) -> Result<Known, PaymentError> {
    let found = app.store().get(&keys::provider_event(&record.id)).await?;
    meet(app, record, found.as_ref()).await
}

/// A card was given: the payment method it became is read, and listed.
async fn given(
    app: &App,
    at: CardLocator,
    setup: Option<SetupIntent>,
    named: Option<String>,
    (record, version): (&ProviderEvent, Option<u64>),
) -> Result<Received, PaymentError> {
    let gateway = gateway(app, Pace::Interactive).await?;
    let setup = match (setup, named) {
        (Some(setup), _) => setup,
        (None, Some(id)) => gateway.setup_intent(&id).await?,
        (None, None) => return mark_applied(app, record, version).await,
    };
    let is_its = CardLocator::read(&setup.metadata) == Some(at);
    let right_mode = setup.livemode == app.config().live_mode;
    let account: Option<Stored<Account>> = app.store().get(&keys::account(at.account)).await?;
    let customer = account.and_then(|account| account.value.provider_customer);
    if !is_its || !right_mode || setup.status != "succeeded" || setup.customer != customer {
        return Ok(Received::Quarantined);
    }
    let Some(method) = setup.payment_method else {
        return Ok(Received::Quarantined);
    };
    let method = gateway.method(&method).await?;
    let inbox = Some((record.clone(), version));
    learn(app, (at.account, at.card), method.as_ref(), inbox).await?;
    Ok(Received::Applied)
}

async fn close(
    app: &App,
    new: &Stored<domain::new_card::NewCard>,
    session: &str,
    (record, version): (&ProviderEvent, Option<u64>),
) -> Result<Received, PaymentError> {
    if new
        .value
        .page()
        .is_some_and(|(page, _)| page.session != session)
    {
        // A page nobody was shown, under a customer another one took over.
        return mark_applied(app, record, version).await;
    }
    let closed = new.value.clone().missed("page_closed", app.now());
    let mut act = Transaction::new(app.new_id()?);
    act.replace(new.version, &closed, Changed);
    act.upsert(version, record, Changed);
    match app.store().commit(act).await {
        Ok(()) => Ok(Received::Applied),
        // Somebody changed it meanwhile: it is looked at again.
        Err(CommitError::Refused(Changed)) => Err(PaymentError::Contention),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// A payment method changed: it is read, and the wallet follows. The event
/// says only that something did, so that it may come in any order.
async fn refresh(
    app: &App,
    record: ProviderEvent,
    method: &str,
    customer: &str,
) -> Result<Received, PaymentError> {
    let (record, version) = match known(app, record).await? {
        Known::New(record, version) => (record, version),
        Known::Done(received) => return Ok(received),
    };
    let gateway = gateway(app, Pace::Interactive).await?;
    let owner = gateway.customer(customer).await?;
    let Some(account) = owner.and_then(|owner| owner.account()) else {
        return mark_applied(app, &record, version).await;
    };
    let now_known = gateway.method(method).await?;
    for _ in 0..ROUNDS {
        let Some(wallet) = of_customer(app, account, customer).await? else {
            return mark_applied(app, &record, version).await;
        };
        let now = app.now();
        let value = wallet.value.clone();
        let changed = match &now_known {
            Some(known) if known.customer.is_some() => known
                .face()
                .and_then(|face| value.refreshed(method, &face, now)),
            Some(_) | None => value.forgotten(method, now),
        };
        let Some(changed) = changed else {
            return mark_applied(app, &record, version).await;
        };
        if write(app, &wallet, changed, (&record, version)).await? {
            return Ok(Received::Applied);
        }
    }
    Err(PaymentError::Contention)
}

/// The cards of an account, if this is its customer.
async fn of_customer(
    app: &App,
    account: AccountId,
    customer: &str,
) -> Result<Option<Stored<Wallet>>, PaymentError> {
    let (profile, wallet) = (keys::account(account), keys::wallet(account));
    let mut batch = app
        .store()
        .batch(&[profile.clone(), wallet.clone()])
        .await?;
    let profile: Option<Stored<Account>> = batch.take(&profile)?;
    let own = profile.and_then(|profile| profile.value.provider_customer);
    if own.as_deref() != Some(customer) {
        return Ok(None);
    }
    Ok(batch.take(&wallet)?)
}

async fn write(
    app: &App,
    read: &Stored<Wallet>,
    changed: card::Changed,
    (record, version): (&ProviderEvent, Option<u64>),
) -> Result<bool, PaymentError> {
    let mut act = Transaction::new(app.new_id()?);
    put(app, &mut act, Some(read), changed, app.now())?;
    act.upsert(version, record, Changed);
    match app.store().commit(act).await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(Changed)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
