//! A card that was given is read at the provider and put into the wallet.

use super::objects::Method;
use crate::app::App;
use crate::payments::inbox_records::mark_applied;
use crate::payments::provider::Pace;
use crate::payments::scene::Changed;
use crate::payments::settle::ROUNDS;
use crate::payments::{PaymentError, gateway};
use crate::store::events::event;
use crate::store::payments::ProviderEvent;
use crate::store::{CommitError, Stored, Transaction, keys};
use domain::account::Account;
use domain::card::{self, Card, CardRefusal, Wallet};
use domain::event::Owner;
use domain::id::{AccountId, CardId};
use domain::new_card::{CardSource, NewCard};
use jiff::Timestamp;

/// The provider's event that brought the news, and its version in the inbox.
pub(super) type Inbox = Option<(ProviderEvent, Option<u64>)>;

/// What there is of a card that is about to be saved.
pub(super) struct Found {
    pub new_card: Option<Stored<NewCard>>,
    wallet: Option<Stored<Wallet>>,
    customer: Option<String>,
}

pub(super) async fn read(
    app: &App,
    account: AccountId,
    card: CardId,
) -> Result<Found, PaymentError> {
    let (new_card, wallet, profile) = (
        keys::new_card(account, card),
        keys::wallet(account),
        keys::account(account),
    );
    let wanted = [&new_card, &wallet, &profile].map(Clone::clone);
    let mut batch = app.store().batch(&wanted).await?;
    let profile: Option<Stored<Account>> = batch.take(&profile)?;
    Ok(Found {
        new_card: batch.take(&new_card)?,
        wallet: batch.take(&wallet)?,
        customer: profile.and_then(|profile| profile.value.provider_customer),
    })
}

/// Lists a card that paid on a payment page. True once nothing is left to do.
///
/// # Errors
/// [`PaymentError`] when it could not be read or written; it has its timer.
pub async fn learn_paid(app: &App, card: &NewCard, pace: Pace) -> Result<bool, PaymentError> {
    let CardSource::Payment { method, .. } = &card.source else {
        return Ok(false);
    };
    let method = gateway(app, pace).await?.method(method).await?;
    learn(app, (card.account, card.id), method.as_ref(), None).await
}

/// Puts a card that was read at the provider into the wallet, once; or writes
/// down that it will not come. True when it was expected no more in the end.
///
/// # Errors
/// [`PaymentError`] when it could not be written.
pub(super) async fn learn(
    app: &App,
    (account, card): (AccountId, CardId),
    method: Option<&Method>,
    inbox: Inbox,
) -> Result<bool, PaymentError> {
    for _ in 0..ROUNDS {
        let now = app.now();
        let found = read(app, account, card).await?;
        let new = found.new_card.as_ref().filter(|it| it.value.is_expected());
        let Some(new) = new else {
            // Somebody else was told first; the event is durable all the same.
            if let Some((record, version)) = &inbox {
                mark_applied(app, record, *version).await?;
            }
            return Ok(found.new_card.is_some());
        };
        let mut act = Transaction::new(app.new_id()?);
        match judge(app, &found, &new.value, method, now) {
            Ok(changed) => {
                act.replace(new.version, &new.value.clone().saved(now), Changed);
                put(app, &mut act, found.wallet.as_ref(), changed, now)?;
            }
            Err(Miss { reason, wallet }) => {
                app.count("CardsMissed");
                act.replace(new.version, &new.value.clone().missed(reason, now), Changed);
                if let Some(wallet) = wallet {
                    put(app, &mut act, found.wallet.as_ref(), *wallet, now)?;
                }
            }
        }
        if let Some((record, version)) = &inbox {
            act.upsert(*version, record, Changed);
        }
        match app.store().commit(act).await {
            Ok(()) => return Ok(true),
            // Somebody was faster: read again, decide again.
            Err(CommitError::Refused(Changed)) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(PaymentError::Contention)
}

/// Why a card will not come.
struct Miss {
    reason: &'static str,
    /// The wallet, where the provider is to forget the card.
    wallet: Option<Box<card::Changed>>,
}

impl From<&'static str> for Miss {
    fn from(reason: &'static str) -> Self {
        let wallet = None;
        Self { reason, wallet }
    }
}

/// The wallet with the card, or why it will not come.
fn judge(
    app: &App,
    found: &Found,
    new: &NewCard,
    method: Option<&Method>,
    now: Timestamp,
) -> Result<card::Changed, Miss> {
    let method = method.ok_or("unknown")?;
    if method.livemode != app.config().live_mode {
        return Err("livemode".into());
    }
    // Detached since: the customer removed it, or the provider did.
    let owner = method.customer.as_deref().ok_or("detached")?;
    if found.customer.as_deref() != Some(owner) {
        return Err("customer".into());
    }
    let card = Card {
        id: new.id,
        method: method.id.clone(),
        face: method.face().ok_or("no_card")?,
        added_at: now,
        warned: 0,
    };
    let wallet = match &found.wallet {
        Some(wallet) => wallet.value.clone(),
        None => Wallet::empty(new.account),
    };
    let added = wallet.clone().add(card, new.given(), now);
    added.map_err(|refusal| match refusal {
        CardRefusal::TooMany => Miss {
            reason: "too_many",
            wallet: Some(Box::new(wallet.turned_away(method.id.clone(), now))),
        },
        CardRefusal::Unknown | CardRefusal::Expired | CardRefusal::Needed => "refused".into(),
    })
}

/// Writes a wallet with what is told of it; nothing when it is as it was.
pub(super) fn put(
    app: &App,
    act: &mut Transaction<Changed>,
    read: Option<&Stored<Wallet>>,
    changed: card::Changed,
    now: Timestamp,
) -> Result<(), PaymentError> {
    let card::Changed { wallet, told } = changed;
    if read.is_some_and(|read| read.value == wallet) {
        return Ok(());
    }
    act.upsert(read.map(|read| read.version), &wallet, Changed);
    let account = wallet.account;
    for kind in told {
        act.insert(
            &event(app.new_id()?, Owner::Account { account }, kind, now),
            Changed,
        );
    }
    Ok(())
}
