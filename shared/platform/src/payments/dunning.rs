//! What follows a declined renewal: retries, a payment page for a bank that
//! wants the customer, and the end of the schedule.

use super::hosted::{PageText, RENEWAL_PAGE_LIFE, can_open, closing_time, open_page};
use super::provider::Pace;
use super::renew::{charge, follow_up, saved_method};
use super::scene::{Changed, Scene, Subject};
use super::settle::Settled;
use super::timer::{finish, replace};
use super::writing::{Writing, store_payment};
use super::{PaymentError, gateway};
use crate::app::App;
use crate::store::events::event;
use crate::store::{CommitError, Stored, Transaction, keys};
use domain::dunning::{DunningPolicy, NO_CARD};
use domain::event::{EventKind, Owner};
use domain::payment::{Attempt, Channel, Outcome, Payment};
use domain::subscription::{BillingPeriod, DueAction, PeriodStatus, Subscription};
use jiff::Timestamp;

/// Rounds against others who change the same things.
const ROUNDS: u32 = 4;

/// A further attempt of a renewal that was declined.
pub(super) async fn retry(
    app: &App,
    subscription: Stored<Subscription>,
) -> Result<bool, PaymentError> {
    let scene = open_renewal(app, &subscription.value).await?;
    let wallet = app.store().wallet(subscription.value.account).await?;
    let account = &scene.account.value;
    let channel = saved_method(&subscription.value, account, wallet.as_ref())?;
    if !may_begin(&scene.payment.value, &channel, app.now()) {
        let policy = DunningPolicy::default();
        let skipped = subscription.value.clone().skip_retry(app.now(), &policy);
        replace(app, &subscription, skipped, None).await?;
        return Ok(false);
    }
    let Ok(begun) = scene.payment.value.clone().begin(channel, app.now()) else {
        // Its payment page is still open, or the last outcome unknown.
        replace(
            app,
            &subscription,
            subscription.value.clone().look_again(app.now()),
            None,
        )
        .await?;
        return Ok(false);
    };
    let Some(attempt) = begun.last_attempt().cloned() else {
        return Ok(false);
    };
    if !begin_attempt(app, &scene.payment, &begun, &attempt, Some(&subscription)).await? {
        return Ok(false);
    }
    charge(app, app.store().scene_of(&begun).await?).await
}

/// True unless the card may not be charged for it any more.
fn may_begin(payment: &Payment, channel: &Channel, now: Timestamp) -> bool {
    match channel {
        Channel::OffSession {
            payment_method: Some(method),
            ..
        } => payment.may_charge(method, &DunningPolicy::default(), now),
        Channel::OffSession { .. } | Channel::Hosted { .. } => true,
    }
}

async fn open_renewal(app: &App, subscription: &Subscription) -> Result<Scene, PaymentError> {
    let payment = subscription
        .renewal
        .ok_or(PaymentError::Missing("the open renewal"))?;
    let payment: Stored<Payment> = app
        .store()
        .get(&keys::payment(subscription.account, payment))
        .await?
        .ok_or(PaymentError::Missing("the payment"))?;
    app.store().scene_of(&payment.value).await
}

/// The schedule is over: access goes off, nothing is tried any more.
pub(super) async fn end_dunning(
    app: &App,
    subscription: Stored<Subscription>,
    policy: &DunningPolicy,
) -> Result<bool, PaymentError> {
    let now = app.now();
    let scene = open_renewal(app, &subscription.value).await?;
    if scene.payment.value.open_attempt().is_some() {
        replace(
            app,
            &subscription,
            subscription.value.clone().look_again(now),
            None,
        )
        .await?;
        return Ok(false);
    }
    let Subject::Renewal { period, .. } = &scene.subject else {
        return Err(PaymentError::Missing("the open renewal"));
    };
    let account = subscription.value.account;
    let kind = EventKind::SubscriptionUnpaid {
        subscription: subscription.value.id,
    };
    let unpaid = BillingPeriod {
        status: PeriodStatus::Unpaid,
        ..period.value.clone()
    };
    let mut act = Transaction::new(app.new_id()?);
    act.replace(
        subscription.version,
        &subscription.value.clone().end_dunning(now, policy),
        Changed,
    );
    act.replace(period.version, &unpaid, Changed);
    act.replace(
        scene.payment.version,
        &scene.payment.value.clone().give_up(now),
        Changed,
    );
    act.insert(
        &event(app.new_id()?, Owner::Account { account }, kind, now),
        Changed,
    );
    finish(app, act).await
}

/// True when dunning is at its end: no page is opened that would outlive it.
fn is_over(subscription: &Subscription, now: Timestamp) -> bool {
    matches!(
        subscription.due(now, &DunningPolicy::default()),
        Ok(Some(DueAction::EndDunning))
    )
}

/// Ends an attempt that is proven never to have reached the provider. That was
/// an outage or a mistake of ours, so another attempt follows at once and
/// nobody is told. When that one never got there either, it counts as a
/// decline: perhaps the card is not there any more, and only the customer can
/// help. False when it had ended already.
///
/// # Errors
/// [`PaymentError`] when it could not be written or charged.
pub(super) async fn end_disproved(
    app: &App,
    scene: Scene,
    attempt: &Attempt,
) -> Result<bool, PaymentError> {
    let mut scene = scene;
    for _ in 0..ROUNDS {
        if let Some(done) = try_to_end(app, &scene, attempt.number).await? {
            return Ok(done);
        }
        // Its subscription changed meanwhile, perhaps in nothing that matters.
        scene = app.store().scene_of(&scene.payment.value).await?;
    }
    Err(PaymentError::Contention)
}

/// None when somebody else changed what was read.
async fn try_to_end(app: &App, scene: &Scene, number: u32) -> Result<Option<bool>, PaymentError> {
    let now = app.now();
    let payment = &scene.payment.value;
    if payment
        .open_attempt()
        .is_none_or(|open| open.number != number)
    {
        return Ok(Some(false));
    }
    let outcome = Outcome::NotCreated { at: now };
    let ended = payment.clone().with_outcome(number, outcome);
    let Subject::Renewal { subscription, .. } = &scene.subject else {
        return Err(PaymentError::Missing("the open renewal"));
    };
    let before = ended.attempts.iter().rev().nth(1);
    let is_second =
        before.is_some_and(|before| matches!(before.outcome, Outcome::NotCreated { .. }));
    if !is_second && ended.is_pending() {
        let wallet = app.store().wallet(payment.account).await?;
        let account = &scene.account.value;
        let channel = saved_method(&subscription.value, account, wallet.as_ref())?;
        let begun = ended
            .begin(channel, now)
            .map_err(|error| PaymentError::Computation(error.to_string()))?;
        let next = begun
            .last_attempt()
            .ok_or(PaymentError::Missing("the attempt"))?;
        if !begin_attempt(app, &scene.payment, &begun, next, None).await? {
            return Ok(None);
        }
        charge(app, app.store().scene_of(&begun).await?).await?;
        return Ok(Some(true));
    }
    decline(app, scene, ended, "not_created").await
}

/// Ends an attempt for which there was no card to charge, as a decline that
/// only another card helps. True when the subscription may have more to do.
///
/// # Errors
/// [`PaymentError`] when it could not be written.
pub(super) async fn end_without_card(
    app: &App,
    scene: Scene,
    number: u32,
) -> Result<bool, PaymentError> {
    let mut scene = scene;
    for _ in 0..ROUNDS {
        let payment = &scene.payment.value;
        if payment.open_attempt().is_none_or(|it| it.number != number) {
            return Ok(false);
        }
        let (at, code) = (app.now(), NO_CARD.to_owned());
        let ended = payment
            .clone()
            .with_outcome(number, Outcome::Failed { at, code });
        if let Some(done) = decline(app, &scene, ended, NO_CARD).await? {
            return Ok(done);
        }
        scene = app.store().scene_of(&scene.payment.value).await?;
    }
    Err(PaymentError::Contention)
}

/// Writes that an attempt ended without money, and that nobody is left to ask
/// at once. None when somebody else changed what was read.
async fn decline(
    app: &App,
    scene: &Scene,
    ended: Payment,
    code: &str,
) -> Result<Option<bool>, PaymentError> {
    if !ended.is_pending() {
        // Paid by an earlier attempt meanwhile.
        return store_payment(app, scene, ended).await.map(|()| Some(true));
    }
    let mut writing = Writing::begin(app, app.now())?;
    let written = writing.declined(scene, ended, code, false)?;
    match app.store().commit(writing.transaction).await {
        Ok(()) => {
            follow_up(app, Settled::Applied(Box::new(written))).await?;
            Ok(Some(true))
        }
        Err(CommitError::Refused(Changed)) => Ok(None),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// The payment of a renewal whose bank wants the customer, with a hosted
/// attempt begun: its timer opens the page, whatever happens to this
/// invocation. At the end of the schedule none is begun, since nothing would
/// be served for it any more.
pub(super) fn ask_customer(
    app: &App,
    payment: Payment,
    subscription: &Subscription,
    now: Timestamp,
) -> Payment {
    if is_over(subscription, now) {
        return payment;
    }
    let channel = Channel::Hosted {
        return_url: format!("{}/subscriptions/{}", app.config().app_url, subscription.id),
        closes_at: closing_time(now, RENEWAL_PAGE_LIFE),
        page: None,
    };
    payment.clone().begin(channel, now).unwrap_or(payment)
}

/// Opens the page of the open hosted attempt of a renewal, and stores it with
/// the event that mails it.
///
/// # Errors
/// [`PaymentError`] when the page could not be opened or stored.
pub async fn show_page(app: &App, scene: Scene) -> Result<(), PaymentError> {
    let payment = &scene.payment.value;
    let (Some(attempt), Subject::Renewal { subscription, .. }) =
        (payment.open_attempt(), &scene.subject)
    else {
        return Ok(());
    };
    if !can_open(attempt, app.now()) {
        return Ok(());
    }
    let customer = scene
        .account
        .value
        .provider_customer
        .as_deref()
        .ok_or(PaymentError::Missing("the customer at the provider"))?;
    let locale = subscription.value.locale;
    let text = PageText {
        description: subscription.value.name.get(locale).to_owned(),
        locale,
    };
    let gateway = gateway(app, Pace::OffSession).await?;
    let page = open_page(&gateway, payment, attempt, customer, &text).await?;
    let now = app.now();
    let kind = EventKind::PaymentPageOpened {
        payment: payment.id,
        attempt: attempt.number,
    };
    let shown = payment.clone().with_page(attempt.number, page, now);
    let mut act = Transaction::new(app.new_id()?);
    act.replace(scene.payment.version, &shown, Changed);
    act.insert(
        &event(
            app.new_id()?,
            Owner::Account {
                account: payment.account,
            },
            kind,
            now,
        ),
        Changed,
    );
    match app.store().commit(act).await {
        Ok(()) | Err(CommitError::Refused(Changed)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// T1 of a further attempt. False when somebody else was faster.
async fn begin_attempt(
    app: &App,
    read: &Stored<Payment>,
    begun: &Payment,
    attempt: &Attempt,
    subscription: Option<&Stored<Subscription>>,
) -> Result<bool, PaymentError> {
    let mut act = Transaction::new(app.new_id()?);
    act.replace(read.version, begun, Changed);
    if let Some(subscription) = subscription {
        act.replace(
            subscription.version,
            &subscription.value.clone().awaiting(begun.id),
            Changed,
        );
    }
    let kind = EventKind::AttemptStarted {
        payment: begun.id,
        attempt: attempt.number,
    };
    act.insert(
        &event(
            app.new_id()?,
            Owner::Account {
                account: begun.account,
            },
            kind,
            app.now(),
        ),
        Changed,
    );
    match app.store().commit(act).await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(Changed)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
