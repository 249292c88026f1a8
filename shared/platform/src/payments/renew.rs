//! Renewing one subscription: everything due to it, in order.

use super::dunning::{end_dunning, end_without_card, retry, show_page};
use super::finalise::Waiting;
use super::hosted::key_of;
use super::objects::Locator;
use super::provider::{CallError, NewIntent, Pace};
use super::scene::{AccountState, Changed, Scene, Subject};
use super::settle::{Change, Outcome as Written, Settled, settle};
use super::timer::{replace, set_timer_right};
use super::writing::next;
use super::{PaymentError, gateway};
use crate::app::App;
use crate::store::events::event;
use crate::store::{CommitError, Stored, Transaction, keys};
use domain::account::Account;
use domain::card::Wallet;
use domain::dunning::DunningPolicy;
use domain::event::{EventKind, Owner};
use domain::id::{AccountId, SubscriptionId};
use domain::invoice::{Invoice, InvoiceStatus};
use domain::ledger::LedgerHead;
use domain::openings::MOST_OPENINGS;
use domain::payment::{Channel, Payment, PaymentStatus, Purpose};
use domain::subscription::{
    Bill, BillingPeriod, DueAction, PeriodBounds, PeriodStatus, Subscription,
};
use jiff::Timestamp;

/// Steps one sweep takes with one subscription: more than [`MOST_OPENINGS`]
/// and what may come between.
const MOST_STEPS: u32 = 30;

/// Does everything that is due to a subscription now: missed periods are
/// opened and charged one after the other.
///
/// # Errors
/// [`PaymentError`]; what was done stays done, and its timer says where to go
/// on.
pub async fn renew(
    app: &App,
    account: AccountId,
    id: SubscriptionId,
    stop_at: Timestamp,
) -> Result<(), PaymentError> {
    let policy = DunningPolicy::default();
    for _ in 0..MOST_STEPS {
        if app.now() >= stop_at {
            return Ok(());
        }
        let Some(read) = read(app, account, id).await? else {
            return Ok(());
        };
        let again = match read.subscription.value.due(app.now(), &policy)? {
            None => return set_timer_right(app, read.subscription, &policy).await,
            Some(DueAction::Renew(period)) => open_period(app, read, period).await?,
            Some(DueAction::Retry) => retry(app, read.subscription).await?,
            Some(DueAction::EndDunning) => end_dunning(app, read.subscription, &policy).await?,
            Some(DueAction::Cancel) => end(app, read.subscription).await?,
        };
        if !again {
            return Ok(());
        }
    }
    Ok(())
}

/// Why a subscription with periods due is left alone for the rest of a day.
#[derive(Debug, thiserror::Error)]
#[error("{MOST_OPENINGS} periods were opened within a day, and more are due")]
struct TooManyOpenings;

struct Read {
    subscription: Stored<Subscription>,
    account: Stored<AccountState>,
    head: Option<Stored<LedgerHead>>,
    wallet: Option<Stored<Wallet>>,
}

async fn read(
    app: &App,
    account: AccountId,
    id: SubscriptionId,
) -> Result<Option<Read>, PaymentError> {
    let (subscription, profile, head, wallet) = (
        keys::subscription(account, id),
        keys::account(account),
        keys::ledger_head(account),
        keys::wallet(account),
    );
    let wanted = [&subscription, &profile, &head, &wallet].map(Clone::clone);
    let mut batch = app.store().batch(&wanted).await?;
    let Some(subscription) = batch.take::<Subscription>(&subscription)? else {
        return Ok(None);
    };
    let account: Stored<Account> = batch
        .take(&profile)?
        .ok_or(PaymentError::Missing("the account"))?;
    let account = account.map(|account| AccountState {
        provider_customer: account.provider_customer,
        zone: account.zone,
    });
    Ok(Some(Read {
        subscription,
        account,
        head: batch.take(&head)?,
        wallet: batch.take(&wallet)?,
    }))
}

/// T1: the next period with its draft invoice, its payment and the first
/// attempt; then the charge. True when there may be more to do.
async fn open_period(app: &App, read: Read, bounds: PeriodBounds) -> Result<bool, PaymentError> {
    let now = app.now();
    let subscription = &read.subscription.value;
    let channel = saved_method(subscription, &read.account.value, read.wallet.as_ref())?;
    let one_stop_shop = app.config().one_stop_shop;
    let facts = app
        .store()
        .tax_facts(subscription, bounds.start, one_stop_shop)
        .await?;
    let bill = subscription.bill(&bounds, &facts.known)?;
    let invoice = draft(app, subscription, bounds.index, bill, now)?;
    let payment = first_charge(&invoice, channel, now)?;
    let period = guard(subscription.id, bounds, &payment);
    let waiting = match subscription.clone().opening(payment.id, now) {
        Ok(waiting) => waiting,
        Err(left) => return leave_for_today(app, &read.subscription, *left).await,
    };
    let kind = EventKind::PeriodOpened {
        subscription: subscription.id,
        index: bounds.index,
        payment: payment.id,
    };
    let mut act = Transaction::new(app.new_id()?);
    act.replace(read.subscription.version, &waiting, Changed);
    act.insert(&period, Changed);
    act.insert(&invoice, Changed);
    act.insert(&payment, Changed);
    facts.guard(&mut act, Changed);
    let account = subscription.account;
    let opened = event(app.new_id()?, Owner::Account { account }, kind, now);
    act.insert(&opened, Changed);
    match app.store().commit(act).await {
        Ok(()) => {}
        // Another sweep was faster, and the period is its; or the register
        // answered meanwhile, and the next sweep decides on the tax anew.
        Err(CommitError::Refused(Changed)) => return Ok(false),
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    let scene = Scene {
        payment: new(payment),
        account: read.account,
        head: read.head,
        subject: Subject::Renewal {
            subscription: Box::new(next(&read.subscription, waiting)),
            period: Box::new(new(period)),
            invoice: Box::new(new(invoice)),
        },
    };
    charge(app, scene).await
}

/// What was just put.
fn new<T>(value: T) -> Stored<T> {
    Stored { value, version: 1 }
}

/// Somebody is told, once for each day.
async fn leave_for_today(
    app: &App,
    read: &Stored<Subscription>,
    left: Subscription,
) -> Result<bool, PaymentError> {
    let id = left.id;
    if replace(app, read, left, None).await? {
        app.count("Parked");
        app.note(id, &TooManyOpenings);
    }
    Ok(false)
}

fn first_charge(
    invoice: &Invoice,
    channel: Channel,
    now: Timestamp,
) -> Result<Payment, PaymentError> {
    Payment {
        id: invoice.payment,
        account: invoice.account,
        purpose: invoice.purpose,
        amount: invoice.totals.total,
        invoice: invoice.id,
        status: PaymentStatus::Pending,
        attempts: Vec::new(),
        surplus: Vec::new(),
        another_page: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        created_at: now,
        check_at: None,
    }
    .begin(channel, now)
    .map_err(|error| PaymentError::Computation(error.to_string()))
}

/// The item that can be put only once for each period.
fn guard(subscription: SubscriptionId, bounds: PeriodBounds, payment: &Payment) -> BillingPeriod {
    BillingPeriod {
        account: payment.account,
        subscription,
        bounds,
        status: PeriodStatus::Open,
        payment: payment.id,
        invoice: payment.invoice,
        total: payment.amount,
    }
}

/// The account's default card; none where all are gone. Where no card was ever
/// listed, the one the subscription was bought with.
pub(super) fn saved_method(
    subscription: &Subscription,
    account: &AccountState,
    wallet: Option<&Stored<Wallet>>,
) -> Result<Channel, PaymentError> {
    let payment_method = match wallet {
        Some(wallet) => wallet.value.default_card().map(|card| &card.method),
        None => Some(
            subscription
                .payment_method
                .as_ref()
                .ok_or(PaymentError::Missing("the saved payment method"))?,
        ),
    };
    Ok(Channel::OffSession {
        customer: account
            .provider_customer
            .clone()
            .ok_or(PaymentError::Missing("the customer at the provider"))?,
        payment_method: payment_method.cloned(),
    })
}

fn draft(
    app: &App,
    subscription: &Subscription,
    index: u32,
    Bill { lines, tax, totals }: Bill,
    now: Timestamp,
) -> Result<Invoice, PaymentError> {
    Ok(Invoice {
        id: app.new_id()?,
        account: subscription.account,
        status: InvoiceStatus::Draft,
        payment: app.new_id()?,
        purpose: Purpose::Renewal {
            subscription: subscription.id,
            index,
        },
        buyer: subscription.buyer.clone(),
        lines,
        totals,
        tax,
        correction: None,
        locale: subscription.locale,
        created_at: now,
        finalise_at: None,
    })
}

/// Calls the provider for the open attempt and settles what it says. True
/// when the subscription may have more to do.
///
/// # Errors
/// [`PaymentError`] when the outcome could not be written.
pub async fn charge(app: &App, scene: Scene) -> Result<bool, PaymentError> {
    let payment = &scene.payment.value;
    let Some(attempt) = payment.open_attempt().cloned() else {
        return Ok(false);
    };
    let Channel::OffSession {
        customer,
        payment_method,
    } = &attempt.channel
    else {
        return Ok(false);
    };
    let Some(payment_method) = payment_method else {
        return end_without_card(app, scene, attempt.number).await;
    };
    let metadata = Locator::of(payment, attempt.number).metadata();
    let new = NewIntent {
        customer,
        payment_method,
        amount: payment.amount.amount(),
        currency: payment.amount.currency().as_str().to_ascii_lowercase(),
        metadata: &metadata,
    };
    let key = key_of(payment, &attempt);
    let gateway = gateway(app, Pace::OffSession).await?;
    match gateway.create_intent(&key, &new).await {
        Ok(intent) => match intent.observe() {
            Ok(seen) => {
                let settled = settle(app, &seen, scene, None).await?;
                follow_up(app, settled).await
            }
            // Money may have moved: the reconciler looks it up.
            Err(_) => {
                app.count("Quarantined");
                Ok(false)
            }
        },
        // Nobody knows, or not now: the payment's own timer finds it.
        Err(error @ (CallError::Unknown(_) | CallError::Failed(_) | CallError::NotStarted(_))) => {
            app.note(payment.id, &error);
            Ok(false)
        }
        // Our mistake, not the customer's: no decline, no mail. The attempt
        // stays open, so that the reconciler posts it again once it is mended.
        Err(error @ CallError::Rejected { .. }) => Err(error.into()),
    }
}

/// What follows from a settled renewal: its invoice gets a number, and a bank
/// that wants the customer gets a payment page. True when the subscription may
/// have more to do.
///
/// # Errors
/// [`PaymentError`] when the page could not be opened.
pub async fn follow_up(app: &App, settled: Settled) -> Result<bool, PaymentError> {
    let written = match settled {
        Settled::Applied(written) => written,
        Settled::Unchanged => return Ok(false),
        Settled::Mismatched(_) => {
            app.count("Quarantined");
            return Ok(false);
        }
    };
    let Written {
        payment,
        change,
        to_number,
        subscription,
        card: _,
    } = *written;
    if let Some((invoice, head)) = to_number {
        number(app, invoice, head).await;
    }
    match change {
        // Only where more periods are due is the subscription read again.
        Change::Captured => Ok(subscription.is_some_and(|renewed| {
            let due = renewed.value.due(app.now(), &DunningPolicy::default());
            !matches!(due, Ok(None))
        })),
        Change::Declined {
            needs_customer: true,
        } => {
            show_page(app, app.store().scene_of(&payment.value).await?).await?;
            Ok(true)
        }
        Change::Declined {
            needs_customer: false,
        } => Ok(true),
        Change::Noted | Change::Surplus => Ok(false),
    }
}

/// Gives an invoice its number now; if that fails, its timer does it later.
pub async fn number(app: &App, invoice: Stored<Invoice>, head: Option<Stored<LedgerHead>>) {
    let id = invoice.value.id;
    let waiting = Waiting { invoice, head };
    if let Err(error) = app.numbering().number(app, waiting).await {
        app.note(id, &error);
    }
}

async fn end(app: &App, subscription: Stored<Subscription>) -> Result<bool, PaymentError> {
    let kind = EventKind::SubscriptionEnded {
        subscription: subscription.value.id,
    };
    let ended = subscription.value.clone().cancel(app.now());
    replace(app, &subscription, ended, Some(kind)).await?;
    Ok(false)
}
