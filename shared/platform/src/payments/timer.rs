//! When a subscription is looked at next.

use super::PaymentError;
use super::scene::Changed;
use crate::app::App;
use crate::store::events::event;
use crate::store::{CommitError, Stored, Transaction, keys};
use domain::dunning::DunningPolicy;
use domain::event::{EventKind, Owner};
use domain::id::{AccountId, SubscriptionId};
use domain::subscription::{Subscription, SubscriptionStatus};

/// The index said that something is due and nothing is: its timer is wrong.
pub(super) async fn set_timer_right(
    app: &App,
    subscription: Stored<Subscription>,
    policy: &DunningPolicy,
) -> Result<(), PaymentError> {
    let value = &subscription.value;
    let next_action_at = match &value.status {
        // A payment decides; its own timer watches it.
        SubscriptionStatus::Active if value.renewal.is_some() => None,
        SubscriptionStatus::Active => Some(value.period.end),
        SubscriptionStatus::PastDue { dunning } => Some(dunning.next(policy).at()),
        SubscriptionStatus::Unpaid { .. } | SubscriptionStatus::Canceled { .. } => None,
    };
    if value.next_action_at.is_some_and(|at| at <= app.now()) {
        let right = Subscription {
            next_action_at,
            ..value.clone()
        };
        replace(app, &subscription, right, None).await?;
    }
    Ok(())
}

/// Leaves a subscription that is due for later after a failure of our own. One
/// that failed so often that somebody must look is parked, and counted.
///
/// # Errors
/// [`PaymentError`] when even that could not be written.
pub async fn postpone(
    app: &App,
    account: AccountId,
    id: SubscriptionId,
) -> Result<(), PaymentError> {
    let key = keys::subscription(account, id);
    let Some(read) = app.store().get::<Subscription>(&key).await? else {
        return Ok(());
    };
    // The act whose outcome got lost may have brought it further: then nothing
    // is due any more, and nothing is to be put off.
    if read.value.next_action_at.is_none_or(|at| at > app.now()) {
        return Ok(());
    }
    let later = read.value.clone().postpone(app.now());
    let parked = later.next_action_at.is_none();
    let kind = parked.then_some(EventKind::SubscriptionParked { subscription: id });
    if replace(app, &read, later, kind).await? && parked {
        app.count("Parked");
    }
    Ok(())
}

/// Writes a subscription and what happened to it. False when somebody changed
/// it since it was read.
pub(super) async fn replace(
    app: &App,
    read: &Stored<Subscription>,
    value: Subscription,
    kind: Option<EventKind>,
) -> Result<bool, PaymentError> {
    let owner = Owner::Account {
        account: value.account,
    };
    let mut act = Transaction::new(app.new_id()?);
    act.replace(read.version, &value, Changed);
    if let Some(kind) = kind {
        act.insert(&event(app.new_id()?, owner, kind, app.now()), Changed);
    }
    finish(app, act).await
}

/// Commits. False when somebody changed what was read.
pub(super) async fn finish(app: &App, act: Transaction<Changed>) -> Result<bool, PaymentError> {
    match app.store().commit(act).await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(Changed)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
