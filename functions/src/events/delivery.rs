//! What somebody is told because of an event.
//!
//! Delivery is at least once. The mail is sent, then the event's timer is
//! taken away: a crash in between, or an answer of the mail service that was
//! lost, sends the mail again, since the service knows no idempotency key.
//! Two deliveries of one event at the same moment send it twice; one after
//! the other, only the first does.
//!
//! What is true when the mail is written decides, not what was true when the
//! event happened: nobody is told of a failure that was mended meanwhile.

use crate::mails::{Addressee, Letter, logins, purchases, renewals};
use domain::account::{Account, User};
use domain::anchor::Zone;
use domain::dunning::DunningPolicy;
use domain::event::{Event, EventKind, Owner};
use domain::id::{AccountId, ActId, InvoiceId, PaymentId, SubscriptionId, UserId};
use domain::invoice::Invoice;
use domain::payment::{Channel, Payment, Purpose};
use domain::subscription::{Subscription, SubscriptionStatus};
use jiff::Timestamp;
use platform::app::App;
use platform::http::problem::Failure;
use platform::identity::mailed_token;
use platform::mail::MailError;
use platform::store::keys::{self, Key};
use platform::store::{Batch, Entity, StoreError, Stored};

/// Why an event could not be delivered. It keeps its timer.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The table could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The mail was not taken.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The mail could not be laid out.
    #[error("the mail cannot be laid out")]
    Layout(#[from] minijinja::Error),
    /// The token in the mail's link could not be derived.
    #[error("the token cannot be derived: {0}")]
    Token(String),
    /// Something the event names is not there.
    #[error("the {0} it names is not there")]
    Missing(&'static str),
    /// An account's event outside an account.
    #[error("it belongs to no account")]
    NoAccount,
}

/// A mail to be sent.
type Post = (Addressee, Letter);

/// Delivers the event with this key, unless that was done.
///
/// # Errors
/// [`DeliveryError`]; to be tried again.
pub async fn deliver(app: &App, key: &Key) -> Result<(), DeliveryError> {
    let Some(Stored { value: event, .. }) = app.store().get::<Event>(key).await? else {
        return Ok(());
    };
    if event.deliver_at.is_none() {
        return Ok(());
    }
    if let Some((to, letter)) = compose(app, &event).await? {
        let mail = letter.render(&app.config().seller)?;
        app.mailer().send(&to.email, &mail).await?;
    }
    Ok(app.store().mark_delivered(key).await?)
}

/// The mail an event calls for, if any. Without a user to write to, because
/// the person was erased, there is none.
async fn compose(app: &App, event: &Event) -> Result<Option<Post>, DeliveryError> {
    match &event.kind {
        EventKind::UserRegistered { user, token }
        | EventKind::VerificationRequested { user, token } => {
            verification(app, *user, *token).await
        }
        EventKind::RegistrationRepeated { user } => repeated(app, *user).await,
        EventKind::SessionReused { user, .. } => {
            let letter =
                |to: &Addressee| logins::session_reused(to, &app.config().app_url, event.at);
            Ok(user_of(app, *user).await?.map(|to| with(to, letter)))
        }
        EventKind::InvoiceFinalised {
            invoice,
            paid: true,
            ..
        } => finalised(app, account_of(event)?, *invoice).await,
        EventKind::PeriodPaid {
            payment,
            numbered: true,
            ..
        } => paid_late(app, account_of(event)?, *payment).await,
        EventKind::RenewalDeclined {
            subscription,
            payment,
            code,
            ..
        } => declined(app, account_of(event)?, *subscription, *payment, code).await,
        EventKind::PaymentPageOpened { payment, attempt } => {
            page_opened(app, account_of(event)?, *payment, *attempt).await
        }
        EventKind::SubscriptionUnpaid { subscription } => {
            unpaid(app, account_of(event)?, *subscription).await
        }
        // For an address without a login: it costs what the others cost.
        EventKind::NothingToSend
        | EventKind::EmailVerified { .. }
        | EventKind::OrderPlaced { .. }
        | EventKind::OrderPaid { .. }
        | EventKind::OrderCanceled { .. }
        | EventKind::OrderExpired { .. }
        | EventKind::PeriodOpened { .. }
        | EventKind::PeriodPaid { .. }
        | EventKind::InvoiceFinalised { .. }
        | EventKind::AttemptStarted { .. }
        | EventKind::CustomerNeeded { .. }
        | EventKind::SubscriptionEnded { .. }
        | EventKind::SubscriptionParked { .. }
        | EventKind::VatNumberChecked { .. }
        | EventKind::SurplusCaptured { .. }
        | EventKind::SurplusRefunded { .. }
        | EventKind::RefundRequested { .. }
        | EventKind::RefundApproved { .. }
        | EventKind::RefundRejected { .. }
        | EventKind::CouponCreated { .. }
        | EventKind::CouponEnded { .. }
        | EventKind::RefundMade { .. }
        | EventKind::RefundRefused { .. }
        | EventKind::OrderRefunded { .. } => Ok(None),
    }
}

async fn repeated(app: &App, user: UserId) -> Result<Option<Post>, DeliveryError> {
    let letter = |to: &Addressee| logins::already_registered(to, &app.config().app_url);
    Ok(user_of(app, user).await?.map(|to| with(to, letter)))
}

async fn verification(app: &App, user: UserId, act: ActId) -> Result<Option<Post>, DeliveryError> {
    let Some(to) = user_of(app, user).await? else {
        return Ok(None);
    };
    let token = mailed_token::derive(app, user, act)
        .await
        .map_err(|failure| DeliveryError::Token(cause(failure)))?;
    let letter = logins::verification(&to, &app.config().app_url, &token);
    Ok(Some((to, letter)))
}

/// A paid invoice got its number.
async fn finalised(
    app: &App,
    account: AccountId,
    invoice: InvoiceId,
) -> Result<Option<Post>, DeliveryError> {
    let key = keys::invoice(account, invoice);
    let (invoice, mut found) = of_account::<Invoice>(app, account, &key).await?;
    receipt(app, &mut found, account, &invoice).await
}

/// A renewal was paid whose invoice had its number before, because an attempt
/// had failed.
async fn paid_late(
    app: &App,
    account: AccountId,
    payment: PaymentId,
) -> Result<Option<Post>, DeliveryError> {
    let key = keys::payment(account, payment);
    let (payment, mut found) = of_account::<Payment>(app, account, &key).await?;
    let invoice = read::<Invoice>(app, &keys::invoice(account, payment.invoice)).await?;
    receipt(app, &mut found, account, &invoice).await
}

async fn receipt(
    app: &App,
    found: &mut Batch,
    account: AccountId,
    invoice: &Invoice,
) -> Result<Option<Post>, DeliveryError> {
    let (Some(to), Some(issue)) = (owner(app, found, account).await?, invoice.issued()) else {
        return Ok(None);
    };
    let letter = match invoice.purpose {
        _ if invoice.correction.is_some() => {
            purchases::refund_notice(&to, &app.config().app_url, invoice, issue)
        }
        Purpose::Order { .. } => {
            purchases::order_confirmation(&to, &app.config().app_url, invoice, issue)
        }
        Purpose::Renewal { .. } => {
            purchases::renewal_receipt(&to, &app.config().app_url, invoice, issue)
        }
    };
    Ok(Some((to, letter)))
}

async fn declined(
    app: &App,
    account: AccountId,
    subscription: SubscriptionId,
    payment: PaymentId,
    code: &str,
) -> Result<Option<Post>, DeliveryError> {
    // The mail with the payment page says it, and what to do about it.
    if code == "authentication_required" {
        return Ok(None);
    }
    let (paid, served) = (
        keys::payment(account, payment),
        keys::subscription(account, subscription),
    );
    let mut found = app
        .store()
        .batch(&[paid.clone(), served.clone(), keys::account(account)])
        .await?;
    let payment = required::<Payment>(&mut found, &paid)?;
    let subscription = required::<Subscription>(&mut found, &served)?;
    let next = match &subscription.status {
        SubscriptionStatus::PastDue { dunning } if payment.is_pending() => {
            dunning.next(&DunningPolicy::default())
        }
        SubscriptionStatus::Active
        | SubscriptionStatus::PastDue { .. }
        | SubscriptionStatus::Unpaid { .. }
        | SubscriptionStatus::Canceled { .. } => return Ok(None),
    };
    let letter = |to: &Addressee| {
        renewals::payment_failed(
            to,
            &app.config().app_url,
            &subscription,
            payment.amount,
            code,
            next,
        )
    };
    Ok(owner(app, &mut found, account)
        .await?
        .map(|to| with(to, letter)))
}

async fn page_opened(
    app: &App,
    account: AccountId,
    payment: PaymentId,
    attempt: u32,
) -> Result<Option<Post>, DeliveryError> {
    let key = keys::payment(account, payment);
    let (payment, mut found) = of_account::<Payment>(app, account, &key).await?;
    let Some((url, closes_at)) = open_page(&payment, attempt, app.now()) else {
        return Ok(None);
    };
    // The buyer of an order is on the page already.
    let Purpose::Renewal { subscription, .. } = payment.purpose else {
        return Ok(None);
    };
    let subscription =
        read::<Subscription>(app, &keys::subscription(account, subscription)).await?;
    let letter = |to: &Addressee| {
        renewals::confirmation_needed(to, &subscription, payment.amount, url, closes_at)
    };
    Ok(owner(app, &mut found, account)
        .await?
        .map(|to| with(to, letter)))
}

/// Address and end of an attempt's payment page, while it is open.
fn open_page(payment: &Payment, attempt: u32, now: Timestamp) -> Option<(String, Timestamp)> {
    let open = payment
        .open_attempt()
        .filter(|open| open.number == attempt)?;
    match &open.channel {
        Channel::Hosted {
            closes_at,
            page: Some(page),
            ..
        } if *closes_at > now => Some((page.url.clone(), *closes_at)),
        Channel::Hosted { .. } | Channel::OffSession { .. } => None,
    }
}

async fn unpaid(
    app: &App,
    account: AccountId,
    subscription: SubscriptionId,
) -> Result<Option<Post>, DeliveryError> {
    let key = keys::subscription(account, subscription);
    let (subscription, mut found) = of_account::<Subscription>(app, account, &key).await?;
    match subscription.status {
        SubscriptionStatus::Unpaid { .. } | SubscriptionStatus::Canceled { .. } => {}
        SubscriptionStatus::Active | SubscriptionStatus::PastDue { .. } => return Ok(None),
    }
    let letter = |to: &Addressee| renewals::access_ended(to, &app.config().app_url, &subscription);
    Ok(owner(app, &mut found, account)
        .await?
        .map(|to| with(to, letter)))
}

fn with(to: Addressee, letter: impl FnOnce(&Addressee) -> Letter) -> Post {
    let letter = letter(&to);
    (to, letter)
}

fn account_of(event: &Event) -> Result<AccountId, DeliveryError> {
    match event.owner {
        Owner::Account { account } => Ok(account),
        Owner::User { .. } | Owner::Decoy => Err(DeliveryError::NoAccount),
    }
}

async fn read<T: Entity>(app: &App, key: &Key) -> Result<T, DeliveryError> {
    let found = app.store().get::<T>(key).await?;
    found
        .map(|stored| stored.value)
        .ok_or(DeliveryError::Missing(T::TYPE))
}

/// Something of an account, with the account in the batch.
async fn of_account<T: Entity>(
    app: &App,
    account: AccountId,
    key: &Key,
) -> Result<(T, Batch), DeliveryError> {
    let wanted = [key.clone(), keys::account(account)];
    let mut found = app.store().batch(&wanted).await?;
    Ok((required::<T>(&mut found, key)?, found))
}

fn required<T: Entity>(found: &mut Batch, key: &Key) -> Result<T, DeliveryError> {
    found
        .take::<T>(key)?
        .map(|stored| stored.value)
        .ok_or(DeliveryError::Missing(T::TYPE))
}

/// A user, in its own language.
async fn user_of(app: &App, user: UserId) -> Result<Option<Addressee>, DeliveryError> {
    let user = app.store().get::<User>(&keys::user(user)).await?;
    Ok(user.map(|Stored { value, .. }| {
        let locale = value.locale;
        Addressee::new(value, locale, Zone::UTC)
    }))
}

/// The owner of an account, in the account's language and time zone.
async fn owner(
    app: &App,
    found: &mut Batch,
    account: AccountId,
) -> Result<Option<Addressee>, DeliveryError> {
    let Some(Stored { value: account, .. }) = found.take::<Account>(&keys::account(account))?
    else {
        return Ok(None);
    };
    let user = app.store().get::<User>(&keys::user(account.owner)).await?;
    Ok(user.map(|user| Addressee::new(user.value, account.locale, account.zone)))
}

fn cause(failure: Failure) -> String {
    match failure {
        Failure::Refused(refusal) => refusal.code.name().to_owned(),
        Failure::Unavailable { cause, .. } | Failure::Fault(cause) => cause,
    }
}
