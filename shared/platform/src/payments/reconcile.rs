//! Looking up what nobody told us: attempts whose outcome is open, pages whose
//! webhook never came, captures to give back.

use super::dunning::{close_attempt, show_page};
use super::hosted::{PageText, can_open, key_of, open_page};
use super::inbox::mismatch;
use super::objects::Locator;
use super::provider::{CallError, Gateway, Pace};
use super::renew::{charge, follow_up, number};
use super::scene::{Changed, Scene, Subject};
use super::settle::{Change, Settled, Writing, settle};
use super::{PaymentError, gateway};
use crate::app::App;
use crate::http::problem::chain;
use crate::store::{CommitError, Stored, keys};
use domain::account::{Account, User};
use domain::event::EventKind;
use domain::id::{AccountId, PaymentId};
use domain::ledger::Posting;
use domain::order::OrderStatus;
use domain::payment::{Attempt, Channel, Outcome, Payment, ProviderPayment, Purpose};
use jiff::SignedDuration;

/// The provider keeps idempotency keys for 24 hours; well before that,
/// nothing is posted under an old key any more.
const POST_AGAIN_FOR: SignedDuration = SignedDuration::from_hours(20);

/// After this long, an attempt the provider's list does not show was never made.
const ABSENT_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Brings one payment further: its open attempt is looked up at the provider,
/// a capture nobody owes is refunded.
///
/// # Errors
/// [`PaymentError`]; the payment keeps its timer.
pub async fn check_payment(
    app: &App,
    account: AccountId,
    id: PaymentId,
) -> Result<(), PaymentError> {
    let Some(payment) = app
        .store()
        .get::<Payment>(&keys::payment(account, id))
        .await?
    else {
        return Ok(());
    };
    if payment.value.check_at.is_none_or(|at| at > app.now()) {
        return Ok(());
    }
    let gateway = gateway(app, Pace::OffSession).await?;
    let scene = app.store().scene_of(&payment.value).await?;
    if scene.payment.value.open_surplus().is_some() {
        return refund_surplus(app, &gateway, scene).await;
    }
    let Some(attempt) = scene.payment.value.open_attempt().cloned() else {
        let rested = scene.payment.value.clone();
        return store_payment(
            app,
            &scene,
            Payment {
                check_at: None,
                ..rested
            },
        )
        .await;
    };
    let looked = match (&attempt.channel, attempt.page()) {
        (Channel::Hosted { .. }, Some(page)) => {
            check_page(app, &gateway, &scene, &attempt, &page.session).await
        }
        (Channel::Hosted { closes_at, .. }, None) => {
            if can_open(&attempt, app.now()) {
                reopen(app, &gateway, scene.clone(), &attempt).await
            } else if *closes_at <= app.now() {
                close_page(app, scene.clone(), attempt.number).await
            } else {
                Ok(false)
            }
        }
        (Channel::OffSession { customer, .. }, _) => {
            check_charge(app, &gateway, scene.clone(), &attempt, customer).await
        }
    };
    match looked {
        Ok(true) => Ok(()),
        Ok(false) => {
            store_payment(app, &scene, scene.payment.value.clone().checked(app.now())).await
        }
        Err(error) => {
            // The next look is later, whatever is wrong meanwhile.
            store_payment(app, &scene, scene.payment.value.clone().checked(app.now())).await?;
            Err(error)
        }
    }
}

async fn store_payment(app: &App, scene: &Scene, payment: Payment) -> Result<(), PaymentError> {
    let mut writing = Writing::begin(app, app.now())?;
    writing.payment(scene, payment, Change::Noted);
    match app.store().commit(writing.transaction).await {
        // Whoever changed it set its timer.
        Ok(()) | Err(CommitError::Refused(Changed)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Settles with what was looked up. True when something came of it.
async fn settle_lookup(
    app: &App,
    seen: &ProviderPayment,
    scene: Scene,
) -> Result<bool, PaymentError> {
    match settle(app, seen, scene, None).await? {
        Settled::Unchanged => Ok(false),
        Settled::Mismatched(reason) => {
            app.count("Quarantined");
            Err(mismatch(reason))
        }
        settled @ Settled::Applied(_) => {
            follow_up(app, settled).await?;
            Ok(true)
        }
    }
}

/// Reads an open page. True when it is decided.
async fn check_page(
    app: &App,
    gateway: &Gateway<'_>,
    scene: &Scene,
    attempt: &Attempt,
    session: &str,
) -> Result<bool, PaymentError> {
    let page = gateway.session(session).await?;
    if let Some(intent) = &page.payment_intent {
        let intent = gateway.intent(intent).await?;
        if intent.status == "succeeded" || page.status.as_deref() == Some("complete") {
            let seen = intent
                .observe()
                .map_err(|error| PaymentError::Computation(chain(&error)))?;
            return settle_lookup(app, &seen, scene.clone()).await;
        }
    }
    let is_wanted = match &scene.subject {
        Subject::Order { order } => order.value.status == OrderStatus::Pending,
        Subject::Renewal { .. } => true,
    };
    if page.status.as_deref() == Some("open") && !is_wanted {
        // What was canceled must not be paid; the next look sees it closed.
        let key = format!("{}:{}:expire", scene.payment.value.id, attempt.number);
        gateway.expire_session(&key, session).await?;
    }
    if page.status.as_deref() == Some("expired") {
        return close_page(app, scene.clone(), attempt.number).await;
    }
    Ok(false)
}

/// Writes down that a page closed unused: an order expires with it.
///
/// # Errors
/// [`PaymentError`] when it could not be written.
pub async fn close_page(app: &App, scene: Scene, attempt: u32) -> Result<bool, PaymentError> {
    let now = app.now();
    let still_open = scene
        .payment
        .value
        .open_attempt()
        .is_some_and(|open| open.number == attempt);
    if !still_open {
        return Ok(true);
    }
    let mut writing = Writing::begin(app, now)?;
    let payment = scene.payment.value.clone().page_closed(attempt, now);
    if let Subject::Order { order } = &scene.subject
        && let Ok(expired) = order.value.clone().expire(now)
    {
        writing
            .transaction
            .replace(order.version, &expired, Changed);
        writing.event(&scene, EventKind::OrderExpired { order: expired.id })?;
    }
    writing.payment(&scene, payment, Change::Noted);
    match app.store().commit(writing.transaction).await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(Changed)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Opens a page that was asked for and never stored: the provider gives the
/// same one for the same key.
async fn reopen(
    app: &App,
    gateway: &Gateway<'_>,
    scene: Scene,
    attempt: &Attempt,
) -> Result<bool, PaymentError> {
    let payment = scene.payment.value.clone();
    let order = match (&scene.subject, payment.purpose) {
        (Subject::Renewal { .. }, _) | (_, Purpose::Renewal { .. }) => {
            show_page(app, scene).await?;
            return Ok(true);
        }
        (Subject::Order { order }, Purpose::Order { .. }) => order.clone(),
    };
    if order.value.status != OrderStatus::Pending {
        return close_page(app, scene, attempt.number).await;
    }
    let (version, order) = (order.version, order.value);
    let customer = customer_of(app, gateway, &payment, attempt).await?;
    let text = PageText {
        description: order_title(&order),
        locale: order.locale,
    };
    let page = open_page(gateway, &payment, attempt, &customer, &text).await?;
    let mut writing = Writing::begin(app, app.now())?;
    writing.payment(
        &scene,
        payment.clone().with_page(attempt.number, page, app.now()),
        Change::Noted,
    );
    writing
        .transaction
        .unchanged(&keys::order(order.account, order.id), version, Changed);
    writing.transaction.set_once(
        &keys::account(payment.account),
        "provider_customer",
        &customer,
        Changed,
    );
    match app.store().commit(writing.transaction).await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(Changed)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// What the payment page says is bought.
pub fn order_title(order: &domain::order::Order) -> String {
    let names: Vec<String> = order
        .lines
        .iter()
        .map(|line| format!("{} × {}", line.quantity, line.name.get(order.locale)))
        .collect();
    let title = names.join(", ");
    title.chars().take(250).collect()
}

/// The customer of an account at the provider; made at first need.
///
/// # Errors
/// [`PaymentError`] when it cannot be made.
async fn customer_of(
    app: &App,
    gateway: &Gateway<'_>,
    payment: &Payment,
    attempt: &Attempt,
) -> Result<String, PaymentError> {
    let profile: Stored<Account> = app
        .store()
        .get(&keys::account(payment.account))
        .await?
        .ok_or(PaymentError::Missing("the account"))?;
    if let Some(customer) = profile.value.provider_customer {
        return Ok(customer);
    }
    let owner: Stored<User> = app
        .store()
        .get(&keys::user(profile.value.owner))
        .await?
        .ok_or(PaymentError::Missing("the account's owner"))?;
    Ok(gateway
        .create_customer(
            &key_of(payment, attempt),
            &payment.account.to_string(),
            owner.value.email.as_str(),
        )
        .await?)
}

/// Looks a charge up: by its id if it is known, else in the provider's list;
/// if it is not there it is posted again under the same key while the
/// provider still knows the key.
async fn check_charge(
    app: &App,
    gateway: &Gateway<'_>,
    scene: Scene,
    attempt: &Attempt,
    customer: &str,
) -> Result<bool, PaymentError> {
    let at = Locator::of(&scene.payment.value, attempt.number);
    let found = match &attempt.provider_payment {
        Some(id) => Some(gateway.intent(id).await?),
        None => {
            let since = attempt.started_at.as_second().saturating_sub(300);
            let listed = gateway.intents_since(customer, since).await?;
            listed
                .into_iter()
                .find(|intent| Locator::read(&intent.metadata) == Some(at))
        }
    };
    if let Some(intent) = found {
        let seen = intent
            .observe()
            .map_err(|error| PaymentError::Computation(chain(&error)))?;
        return settle_lookup(app, &seen, scene).await;
    }
    let age = app.now().duration_since(attempt.started_at);
    if age < POST_AGAIN_FOR {
        let number = attempt.number;
        charge(app, scene.clone()).await?;
        let after = app.store().scene_of(&scene.payment.value).await?;
        return Ok(after
            .payment
            .value
            .open_attempt()
            .is_none_or(|open| open.number != number));
    }
    // The list was empty at the look before as well, an hour or more ago.
    if age >= ABSENT_AFTER && attempt.checks >= 7 {
        let outcome = Outcome::NotCreated { at: app.now() };
        close_attempt(app, scene, attempt.number, outcome, "not_created").await?;
        return Ok(true);
    }
    Ok(false)
}

/// Gives a capture back that nobody owes.
async fn refund_surplus(
    app: &App,
    gateway: &Gateway<'_>,
    scene: Scene,
) -> Result<(), PaymentError> {
    let payment = scene.payment.value.clone();
    let Some(surplus) = payment.open_surplus().cloned() else {
        return Ok(());
    };
    let key = format!("{}:surplus:{}", payment.id, surplus.provider_payment);
    let refund = match gateway
        .refund(&key, &surplus.provider_payment, surplus.amount.amount())
        .await
    {
        Ok(refund) => refund,
        Err(
            error @ (CallError::NotStarted(_) | CallError::Unknown(_) | CallError::Rejected { .. }),
        ) => {
            let now = app.now();
            let later = now
                .checked_add(SignedDuration::from_hours(1))
                .unwrap_or(now);
            store_payment(
                app,
                &scene,
                Payment {
                    check_at: Some(later),
                    ..payment
                },
            )
            .await?;
            return Err(error.into());
        }
    };
    let mut writing = Writing::begin(app, app.now())?;
    let event = writing.event(
        &scene,
        EventKind::SurplusRefunded {
            payment: payment.id,
        },
    )?;
    let posting = Posting::surplus_refund(payment.id, surplus.amount)?;
    writing.book(&scene, posting, event);
    writing.payment(
        &scene,
        payment.surplus_refunded(&surplus.provider_payment, refund),
        Change::Noted,
    );
    match app.store().commit(writing.transaction).await {
        Ok(()) | Err(CommitError::Refused(Changed)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Gives an invoice that waits its number.
///
/// # Errors
/// [`PaymentError`] when it could not be numbered; it keeps its timer.
pub async fn check_invoice(
    app: &App,
    account: AccountId,
    invoice: domain::id::InvoiceId,
) -> Result<(), PaymentError> {
    let waiting = super::finalise::read(app.store(), &[(account, invoice)]).await?;
    super::finalise::finalise(app, waiting).await.map(|_| ())
}

/// Numbers what settling left to number.
pub async fn number_outcome(app: &App, settled: &Settled) {
    if let Settled::Applied(written) = settled
        && let Some((invoice, head)) = &written.to_number
    {
        number(app, invoice.clone(), head.clone()).await;
    }
}
