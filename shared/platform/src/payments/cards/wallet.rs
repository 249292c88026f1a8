//! What is to be done about the cards of an account: renewals that failed with
//! another card are tried again, the provider forgets what was removed, and the
//! owner is told of a card that expires.

use super::learn::put;
use crate::app::App;
use crate::payments::provider::Pace;
use crate::payments::timer::{finish, replace};
use crate::payments::{PaymentError, gateway};
use crate::store::{Stored, Transaction, keys};
use domain::card::{self, Wallet};
use domain::dunning::DunningPolicy;
use domain::event::EventKind;
use domain::id::AccountId;
use domain::payment::{Channel, Payment};
use domain::subscription::{Subscription, SubscriptionStatus};

/// Steps one look takes at most: more than an account has cards.
const MOST_STEPS: u32 = 30;

/// Does what is due about the cards of an account.
///
/// # Errors
/// [`PaymentError`]; what was done stays done, and the timer says where to go
/// on.
pub async fn check_wallet(app: &App, account: AccountId, pace: Pace) -> Result<(), PaymentError> {
    for _ in 0..MOST_STEPS {
        let Some(read) = app.store().wallet(account).await? else {
            return Ok(());
        };
        let now = app.now();
        if read.value.check_at.is_none_or(|at| at > now) {
            return Ok(());
        }
        let wallet = read.value.clone();
        if wallet.retry_at.is_some_and(|at| at <= now) {
            let is_open = try_again(app, &wallet).await?;
            write(app, &read, wallet.retried(is_open, now), None).await?;
        } else if let Some(method) = wallet.to_forget(now).map(str::to_owned) {
            let forgotten = forget(app, account, &method, pace).await;
            let after = match &forgotten {
                Ok(true) => wallet.left(&method),
                Ok(false) | Err(_) => wallet.left_later(&method, now),
            };
            write(app, &read, after, None).await?;
            forgotten?;
        } else if let Some(card) = wallet.expiring(now).map(|card| card.id) {
            // Where nothing renews nobody needs another card, yet.
            let renews = !app.store().renewing(account).await?.is_empty();
            let (after, told) = match renews {
                true => (wallet.warned(now), Some(EventKind::CardExpiring { card })),
                false => (wallet.idle(now), None),
            };
            write(app, &read, after, told).await?;
        } else {
            write(app, &read, wallet.timed(), None).await?;
        }
    }
    Ok(())
}

/// Written by somebody else meanwhile: it is read again.
async fn write(
    app: &App,
    read: &Stored<Wallet>,
    wallet: Wallet,
    told: Option<EventKind>,
) -> Result<(), PaymentError> {
    let mut act = Transaction::new(app.new_id()?);
    let told = told.into_iter().collect();
    put(
        app,
        &mut act,
        Some(read),
        card::Changed { wallet, told },
        app.now(),
    )?;
    finish(app, act).await.map(|_| ())
}

/// Lets renewals be tried at once that failed with another card than the
/// default. True while a charge of another card is open: how it ends decides.
async fn try_again(app: &App, wallet: &Wallet) -> Result<bool, PaymentError> {
    let Some(default) = wallet.default_card() else {
        return Ok(false);
    };
    let mut is_open = false;
    for subscription in app.store().renewing(wallet.account).await? {
        let Some(payment) = renewal_of(app, &subscription.value).await? else {
            continue;
        };
        if !payment.was_charged_otherwise(&default.method) {
            continue;
        }
        let open = payment.open_attempt();
        is_open |= open.is_some_and(|open| matches!(open.channel, Channel::OffSession { .. }));
        let waits = match &subscription.value.status {
            SubscriptionStatus::PastDue { dunning } => !dunning.has_new_method(),
            SubscriptionStatus::Active
            | SubscriptionStatus::Unpaid { .. }
            | SubscriptionStatus::Canceled { .. } => false,
        };
        let (now, policy) = (app.now(), DunningPolicy::default());
        if !waits || !payment.may_charge(&default.method, &policy, now) {
            continue;
        }
        let value = subscription.value.clone();
        let tried = match payment.was_charged_to(&default.method) {
            true => value.try_card_again(now, &policy),
            false => value.try_new_card(now, &policy),
        };
        if !replace(app, &subscription, tried, None).await? {
            return Err(PaymentError::Contention);
        }
    }
    Ok(is_open)
}

async fn renewal_of(app: &App, value: &Subscription) -> Result<Option<Payment>, PaymentError> {
    let Some(payment) = value.renewal else {
        return Ok(None);
    };
    let key = keys::payment(value.account, payment);
    let payment: Option<Stored<Payment>> = app.store().get(&key).await?;
    Ok(payment.map(|payment| payment.value))
}

/// Lets the provider forget a payment method; not while a charge of it is
/// open, for the provider refuses to be asked for that again. False then. No
/// further charge begins: nobody who read it as the default is left by now.
async fn forget(
    app: &App,
    account: AccountId,
    method: &str,
    pace: Pace,
) -> Result<bool, PaymentError> {
    for subscription in app.store().renewing(account).await? {
        let payment = renewal_of(app, &subscription.value).await?;
        let open = payment.as_ref().and_then(Payment::open_attempt);
        let charges = |channel: &Channel| matches!(channel, Channel::OffSession { payment_method, .. } if payment_method.as_deref() == Some(method));
        if open.is_some_and(|open| charges(&open.channel)) {
            return Ok(false);
        }
    }
    gateway(app, pace).await?.forget(method).await?;
    Ok(true)
}
