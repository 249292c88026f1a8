//! Payment pages that were left open: closed, or opened once more.

use super::PaymentError;
use super::dunning::show_page;
use super::hosted::{PAGE_LIFE, PageText, can_open, closing_time, expire_page, key_of, open_page};
use super::provider::{CallError, Gateway};
use super::scene::{Changed, Scene, Subject};
use super::settle::Change;
use super::writing::Writing;
use crate::app::App;
use crate::store::coupons::give_back;
use crate::store::{CommitError, Stored, keys};
use domain::account::{Account, User};
use domain::event::EventKind;
use domain::order::{Order, OrderStatus};
use domain::payment::{Attempt, HostedPage, Payment, Purpose};
use jiff::Timestamp;

/// Writes down that a page closed unused: an order expires with it, unless its
/// customer asked for another page, which begins then. The mail with a
/// renewal's page says what the bank wants; when no page ever opened, another
/// one has to.
///
/// # Errors
/// [`PaymentError`] when it could not be written.
pub async fn close_page(app: &App, scene: Scene, attempt: u32) -> Result<bool, PaymentError> {
    let now = app.now();
    let open = scene.payment.value.open_attempt();
    let Some(open) = open.filter(|open| open.number == attempt) else {
        return Ok(true);
    };
    let never_opened = open.page().is_none();
    let mut writing = Writing::begin(app, now)?;
    let next = next_page(&scene, attempt, now);
    let is_followed = next.is_some();
    let payment = next.unwrap_or_else(|| scene.payment.value.clone().page_closed(attempt, now));
    if let Subject::Order { order } = &scene.subject
        && is_followed
    {
        // Its page is for an order that still waits for it.
        let key = keys::order(order.value.account, order.value.id);
        writing.transaction.unchanged(&key, order.version, Changed);
        let started = EventKind::AttemptStarted {
            payment: payment.id,
            attempt: payment.last_attempt().map_or(attempt, |last| last.number),
        };
        writing.event(&scene, started)?;
    } else if let Subject::Order { order } = &scene.subject
        && let Ok(expired) = order.value.clone().expire(now)
    {
        writing
            .transaction
            .replace(order.version, &expired, Changed);
        give_back(&mut writing.transaction, &expired, Changed);
        writing.event(&scene, EventKind::OrderExpired { order: expired.id })?;
    }
    if let Subject::Renewal { subscription, .. } = &scene.subject
        && never_opened
    {
        let kind = EventKind::RenewalDeclined {
            subscription: subscription.value.id,
            payment: payment.id,
            attempt,
            code: "page_unavailable".to_owned(),
        };
        writing.event(&scene, kind)?;
    }
    writing.payment(&scene, payment, Change::Noted);
    match app.store().commit(writing.transaction).await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(Changed)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// What became of a page that was to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageEnd {
    /// It is closed, and that is written.
    Closed,
    /// It was paid on before; that is not written here.
    Complete,
    /// Somebody changed the payment meanwhile.
    Overtaken,
}

/// Ends an open page at the provider and writes down that it is closed. One
/// that was asked for and never stored may be there: it is opened to be closed.
///
/// # Errors
/// [`PaymentError`] when it is not known to be closed, or not written.
pub async fn end_page(
    app: &App,
    gateway: &Gateway<'_>,
    scene: Scene,
    attempt: &Attempt,
) -> Result<PageEnd, PaymentError> {
    let payment = &scene.payment.value;
    let session = match (attempt.page(), &scene.subject) {
        (Some(page), _) => Some(page.session.clone()),
        (None, Subject::Order { order }) if can_open(attempt, app.now()) => {
            let (_, page) = make_page(app, gateway, payment, &order.value, attempt).await?;
            Some(page.session)
        }
        // Nobody opens it any more, and nobody has its address.
        (None, _) => None,
    };
    if let Some(session) = session {
        let ended = match expire_page(gateway, payment, attempt, &session).await {
            // It ended before: how, the page itself says.
            Err(CallError::Rejected { .. }) => gateway.session(&session).await?,
            ended => ended?,
        };
        match ended.status.as_deref() {
            Some("expired") => {}
            Some("complete") => return Ok(PageEnd::Complete),
            other => {
                let status = other.unwrap_or("without status");
                return Err(CallError::Unknown(format!("a page that is {status}")).into());
            }
        }
    }
    let written = close_page(app, scene, attempt.number).await?;
    Ok(if written {
        PageEnd::Closed
    } else {
        PageEnd::Overtaken
    })
}

/// The payment with the page that follows the one that closed, where the
/// customer asked for one and the order still waits.
fn next_page(scene: &Scene, attempt: u32, now: Timestamp) -> Option<Payment> {
    let payment = &scene.payment.value;
    let closes_at = closing_time(now, PAGE_LIFE);
    let next = scene
        .is_payable()
        .then(|| payment.turn_page(attempt, closes_at, now));
    next.flatten()
}

/// Opens a page that was asked for and never stored: the provider gives the
/// same one for the same key.
pub(super) async fn reopen(
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
    let (customer, page) = make_page(app, gateway, &payment, &order, attempt).await?;
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

/// The page of an order's attempt, and the customer it is for: both as they
/// were made before, if they were.
async fn make_page(
    app: &App,
    gateway: &Gateway<'_>,
    payment: &Payment,
    order: &Order,
    attempt: &Attempt,
) -> Result<(String, HostedPage), PaymentError> {
    let customer = customer_of(app, gateway, payment, attempt).await?;
    let text = PageText {
        description: order_title(order),
        locale: order.locale,
    };
    let page = open_page(gateway, payment, attempt, &customer, &text).await?;
    Ok((customer, page))
}

/// What the payment page says is bought.
pub fn order_title(order: &Order) -> String {
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
