//! The steps that asking for a refund and deciding on one have in common.

use super::views::RefundedView;
use domain::event::{EventKind, Owner};
use domain::id::PaymentId;
use domain::invoice::Invoice;
use domain::payment::Payment;
use domain::refund::RefundRefusal;
use platform::app::App;
use platform::http::operation::Finance;
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::session::require_live;
use platform::payments::gateway;
use platform::payments::provider::Pace;
use platform::payments::refunds::{Asking, make_refund};
use platform::store::claims::Honoured;
use platform::store::events::event;
use platform::store::{CommitError, Stored, Transaction, keys};

/// Tries against others who change the same payment.
pub(super) const ROUNDS: u32 = 8;

/// A payment, found by its id alone, for a session that is still open.
///
/// # Errors
/// A refusal when there is none, or the session was ended.
pub(super) async fn read(
    app: &App,
    request: &Request<Finance>,
    payment: PaymentId,
    key: &mut Honoured<'_, Finance>,
) -> Result<Option<Stored<Payment>>, Failure> {
    let Finance(claims) = &request.caller;
    let account = app.store().owner_of(payment).await?;
    let session = keys::session(claims.user, claims.session);
    let payment = account.map(|account| keys::payment(account, payment));
    let mut wanted = vec![session.clone()];
    wanted.extend(payment.clone());
    wanted.extend(key.wanted());
    let mut batch = app.store().batch(&wanted).await?;
    key.take(&mut batch)?;
    require_live(batch.take(&session)?, request.now)?;
    match payment {
        Some(payment) => Ok(batch.take(&payment)?),
        None => Ok(None),
    }
}

/// The invoice of a payment; a draft or none counts as not numbered.
///
/// # Errors
/// A conflict when it has no number yet.
pub(super) async fn invoice_of(app: &App, payment: &Payment) -> Result<Invoice, Failure> {
    let found = app
        .store()
        .invoice(payment.account, payment.invoice)
        .await?;
    let found = found.ok_or(Code::StateConflict)?;
    Ok(found.value)
}

/// What a refusal of the domain is to the caller.
pub(super) fn refuse(refusal: RefundRefusal) -> Failure {
    match refusal {
        RefundRefusal::NotPaid(_)
        | RefundRefusal::NotNumbered
        | RefundRefusal::NothingLeft
        | RefundRefusal::TooMany
        | RefundRefusal::UnderWay
        | RefundRefusal::Decided(_) => Code::StateConflict.into(),
        RefundRefusal::Disputed => Code::PaymentDisputed.into(),
        RefundRefusal::Currency => Failure::field("/amount/currency", Reason::UnknownValue),
        RefundRefusal::Amount(_) => Failure::field("/amount/amount", Reason::OutOfRange),
        RefundRefusal::SamePerson => Code::Forbidden.into(),
        RefundRefusal::Unknown => Code::NotFound.into(),
        RefundRefusal::Arithmetic(error) => Failure::fault(&error),
    }
}

/// Writes what was asked for or decided, with its event and its answer. False
/// when the payment changed meanwhile.
///
/// # Errors
/// A failure of the table.
pub(super) async fn commit(
    app: &App,
    request: &Request<Finance>,
    (read, written): (&Stored<Payment>, &Payment),
    told: EventKind,
    reply: &Reply<RefundedView>,
    key: &Honoured<'_, Finance>,
) -> Result<bool, Failure> {
    let account = written.account;
    let mut act = Transaction::new(app.new_id()?);
    act.replace(read.version, written, ());
    let told = event(app.new_id()?, Owner::Account { account }, told, request.now);
    act.insert(&told, ());
    key.keep(&mut act, reply, ())
        .map_err(|error| Failure::fault(&error))?;
    match app.store().commit(act).await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(())) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Lets the provider make what was just decided. What does not succeed now is
/// done by the reconciler: the answer does not depend on it.
pub(super) async fn make_now(app: &App, payment: &Payment) {
    let made = async {
        let scene = app.store().scene_of(payment).await?;
        let gateway = gateway(app, Pace::Interactive).await?;
        make_refund(app, &gateway, scene, Asking::First).await
    };
    if let Err(error) = made.await {
        app.note(payment.id, &error);
    }
}
