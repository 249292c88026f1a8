//! Giving captured money back: the provider is asked under a key that names
//! the refund, and what came of it is written with the credit note.

use super::PaymentError;
use super::objects::MadeRefund;
use super::provider::{CallError, Gateway};
use super::renew::number;
use super::scene::{Changed, Scene, Subject};
use super::settle::{Change, ROUNDS};
use super::writing::{Writing, store_payment};
use crate::app::App;
use crate::store::{CommitError, Stored};
use domain::event::EventKind;
use domain::id::RefundId;
use domain::invoice::Invoice;
use domain::ledger::{LedgerHead, Posting};
use domain::payment::Payment;
use domain::refund::{CHARGED_BACK, REFUNDED_BEFORE, Refund};
use jiff::{SignedDuration, Timestamp};

/// From then on a refund nobody knows the outcome of is alarmed at each look.
const UNRESOLVED_AFTER: SignedDuration = SignedDuration::from_hours(20);

/// As many refunds the provider lists at once.
pub(super) const LISTED: usize = 100;

/// How the provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// For the first time.
    First,
    /// After a try nobody knows the outcome of: what was made is looked for
    /// before it is asked again, since the provider forgets keys after a day.
    Again,
}

/// What the provider says of a refund.
pub(super) enum Answer {
    /// The money is gone.
    Made(String),
    /// It is not, and will not be.
    Refused(String),
    /// It was, and came back.
    Returned(String),
}

/// Lets the provider make the first open refund of a payment, and writes what
/// came of it.
///
/// # Errors
/// [`PaymentError`] when nobody knows, or it could not be written; the payment
/// keeps its timer.
pub async fn make_refund(
    app: &App,
    gateway: &Gateway<'_>,
    scene: Scene,
    asking: Asking,
) -> Result<(), PaymentError> {
    let payment = &scene.payment.value;
    let Some((refund, since)) = payment.open_refund() else {
        return Ok(());
    };
    let id = refund.id;
    match ask(gateway, payment, refund, asking).await {
        Ok(Some(answer)) => settle(app, scene, id, answer).await,
        // The bank decides first: whatever it decides, this is looked at again.
        Ok(None) => {
            let waiting = Payment {
                check_at: Some(next_look(since, app.now())),
                ..payment.clone()
            };
            store_payment(app, &scene, waiting).await
        }
        Err(error) => {
            if app.now().duration_since(since) >= UNRESOLVED_AFTER {
                app.count("Unresolved");
            }
            let waiting = Payment {
                check_at: Some(next_look(since, app.now())),
                ..payment.clone()
            };
            store_payment(app, &scene, waiting).await?;
            Err(error)
        }
    }
}

/// Soon at first, then hourly.
fn next_look(since: Timestamp, now: Timestamp) -> Timestamp {
    let hour = SignedDuration::from_hours(1);
    let wait = if now.duration_since(since) < hour {
        SignedDuration::from_mins(5)
    } else {
        hour
    };
    now.saturating_add(wait).unwrap_or(now)
}

async fn ask(
    gateway: &Gateway<'_>,
    payment: &Payment,
    refund: &Refund,
    asking: Asking,
) -> Result<Option<Answer>, PaymentError> {
    let intent = payment.captured_by();
    let intent = intent.ok_or(PaymentError::Missing("the capture"))?;
    if asking == Asking::Again
        && let Some(made) = find(gateway, intent, refund).await?
    {
        return Ok(Some(answer_of(made)));
    }
    if payment.is_on_hold() {
        return Ok(None);
    }
    if payment.is_overdrawn() {
        return Ok(Some(Answer::Refused(CHARGED_BACK.to_owned())));
    }
    let metadata = [
        ("account", payment.account.to_string()),
        ("payment", payment.id.to_string()),
        ("refund", refund.id.to_string()),
    ];
    let (key, amount) = (refund.id.to_string(), refund.amount.amount());
    match gateway.refund(&key, intent, amount, &metadata).await {
        Ok(made) => Ok(Some(answer_of(made))),
        // It may be ours that took the rest.
        Err(CallError::Rejected { code, .. }) if code == REFUNDED_BEFORE => {
            let made = find(gateway, intent, refund).await?;
            Ok(Some(made.map_or(Answer::Refused(code), answer_of)))
        }
        Err(CallError::Rejected { code, .. }) => Ok(Some(Answer::Refused(code))),
        Err(error) => Err(error.into()),
    }
}

async fn find(
    gateway: &Gateway<'_>,
    intent: &str,
    refund: &Refund,
) -> Result<Option<MadeRefund>, CallError> {
    let id = refund.id.to_string();
    let made = gateway.refunds_of(intent).await?;
    let is_ours = |made: &MadeRefund| made.metadata.get("refund") == Some(&id);
    Ok(made.into_iter().find(is_ours))
}

/// A card refund that is under way is as good as made: the provider holds the
/// money back from us at once.
pub(super) fn answer_of(made: MadeRefund) -> Answer {
    match made.status.as_str() {
        "failed" | "canceled" => Answer::Refused(made.failure_reason.unwrap_or(made.status)),
        _ => Answer::Made(made.id),
    }
}

/// Writes what came of a refund; read and decided again while others change
/// the payment or the ledger.
///
/// # Errors
/// [`PaymentError`] when it could not be written.
pub(super) async fn settle(
    app: &App,
    mut scene: Scene,
    id: RefundId,
    answer: Answer,
) -> Result<(), PaymentError> {
    for _ in 0..ROUNDS {
        let mut writing = Writing::begin(app, app.now())?;
        let written = match &answer {
            Answer::Made(made) => write_made(app, &mut writing, &scene, id, made).await?,
            Answer::Refused(code) => write_refused(app, &mut writing, &scene, id, code)?,
            Answer::Returned(code) => write_returned(app, &mut writing, &scene, id, code)?,
        };
        let Some(to_number) = written else {
            return Ok(());
        };
        match app.store().commit(writing.transaction).await {
            Ok(()) => {
                if let Some((note, head)) = to_number {
                    number(app, note, Some(head)).await;
                }
                return Ok(());
            }
            Err(CommitError::Refused(Changed)) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
        scene = app.store().scene_of(&scene.payment.value).await?;
    }
    Err(PaymentError::Contention)
}

/// What waits for its number, with the end of the ledger.
type ToNumber = Option<(Stored<Invoice>, Stored<LedgerHead>)>;

/// The money is gone. None when somebody wrote it before.
async fn write_made(
    app: &App,
    writing: &mut Writing<'_>,
    scene: &Scene,
    id: RefundId,
    made: &str,
) -> Result<Option<ToNumber>, PaymentError> {
    let (now, payment) = (app.now(), scene.payment.value.clone());
    let Some(payment) = payment.refund_made(id, made.to_owned(), now) else {
        return Ok(None);
    };
    let invoice = app
        .store()
        .invoice(payment.account, payment.invoice)
        .await?;
    let invoice = invoice.ok_or(PaymentError::Missing("the invoice"))?.value;
    let to_number = write_gone(writing, scene, payment, id, &invoice)?;
    Ok(Some(Some(to_number)))
}

/// What follows once the money of a refund is gone: the credit note, the
/// ledger, and the order once nothing is left of it.
///
/// # Errors
/// [`PaymentError`] when an amount cannot be computed.
pub(super) fn write_gone(
    writing: &mut Writing<'_>,
    scene: &Scene,
    payment: Payment,
    id: RefundId,
    invoice: &Invoice,
) -> Result<(Stored<Invoice>, Stored<LedgerHead>), PaymentError> {
    let now = writing.now();
    let refund = payment
        .refund(id)
        .ok_or(PaymentError::Missing("the refund"))?;
    let note = invoice
        .credit_note(refund, now)
        .map_err(|error| PaymentError::Computation(error.to_string()))?;
    let (of, invoice) = (payment.id, note.id);
    let kind = match refund.requested_by {
        Some(_) => EventKind::RefundMade {
            payment: of,
            refund: id,
            invoice,
        },
        None => EventKind::RefundAdopted {
            payment: of,
            refund: id,
            invoice,
        },
    };
    let event = writing.event(scene, kind)?;
    let head = writing.book(scene, Posting::refund(payment.id, refund.amount)?, event);
    writing.transaction.insert(&note, Changed);
    if payment.is_refunded()
        && let Subject::Order { order } = &scene.subject
    {
        let refunded = order.value.clone().refund(now);
        let refunded = refunded.map_err(|_| PaymentError::Contention)?;
        writing
            .transaction
            .replace(order.version, &refunded, Changed);
        writing.event(scene, EventKind::OrderRefunded { order: refunded.id })?;
    }
    writing.payment(scene, payment, Change::Noted);
    let note = Stored {
        value: note,
        version: 1,
    };
    Ok((note, head))
}

/// The bank returned the money: the customer is still owed it, and its credit
/// note stands. None when it was not made.
fn write_returned(
    app: &App,
    writing: &mut Writing<'_>,
    scene: &Scene,
    id: RefundId,
    code: &str,
) -> Result<Option<ToNumber>, PaymentError> {
    let payment = scene.payment.value.clone();
    let Some((payment, settled)) = payment.refund_failed(id, code.to_owned(), app.now()) else {
        return Ok(None);
    };
    app.alarm("RefundFailed");
    let refund = payment.refund(id);
    let amount = refund.ok_or(PaymentError::Missing("the refund"))?.amount;
    let kind = EventKind::RefundFailed {
        payment: payment.id,
        refund: id,
    };
    let event = writing.event(scene, kind)?;
    let posting = Posting::refund_failed(payment.id, amount, settled)?;
    writing.book(scene, posting, event);
    writing.payment(scene, payment, Change::Noted);
    Ok(Some(None))
}

/// Nothing moved: finance is told, and may ask again.
fn write_refused(
    app: &App,
    writing: &mut Writing<'_>,
    scene: &Scene,
    id: RefundId,
    code: &str,
) -> Result<Option<ToNumber>, PaymentError> {
    let payment = scene.payment.value.clone();
    let Some(payment) = payment.refund_refused(id, code.to_owned(), app.now()) else {
        return Ok(None);
    };
    app.alarm("RefundRefused");
    let kind = EventKind::RefundRefused {
        payment: payment.id,
        refund: id,
    };
    writing.event(scene, kind)?;
    writing.payment(scene, payment, Change::Noted);
    Ok(Some(None))
}
