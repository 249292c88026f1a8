//! Captures that nobody owes are given back.

use super::PaymentError;
use super::provider::{CallError, Gateway};
use super::scene::{Changed, Scene};
use super::settle::Change;
use super::writing::Writing;
use super::writing::store_payment;
use crate::app::App;
use crate::store::CommitError;
use domain::event::EventKind;
use domain::ledger::Posting;
use domain::payment::{Payment, Surplus};
use domain::refund::REFUNDED_BEFORE;
use jiff::SignedDuration;

/// Gives a capture back that nobody owes.
///
/// # Errors
/// [`PaymentError`] when it could not be done or written; it is tried again in
/// an hour.
pub(super) async fn refund_surplus(
    app: &App,
    gateway: &Gateway<'_>,
    scene: Scene,
) -> Result<(), PaymentError> {
    let payment = scene.payment.value.clone();
    let Some(surplus) = payment.open_surplus().cloned() else {
        return Ok(());
    };
    let refund = match refund(gateway, &payment, &surplus).await {
        Ok(refund) => refund,
        Err(error) => {
            let hour = SignedDuration::from_hours(1);
            let later = app.now().checked_add(hour).unwrap_or(app.now());
            let waiting = Payment {
                check_at: Some(later),
                ..payment
            };
            store_payment(app, &scene, waiting).await?;
            return Err(error.into());
        }
    };
    let mut writing = Writing::begin(app, app.now())?;
    let kind = EventKind::SurplusRefunded {
        payment: payment.id,
    };
    let event = writing.event(&scene, kind)?;
    let posting = Posting::surplus_refund(payment.id, surplus.amount)?;
    writing.book(&scene, posting, event);
    let refunded = payment.surplus_refunded(&surplus.provider_payment, refund, app.now());
    writing.payment(&scene, refunded, Change::Noted);
    match app.store().commit(writing.transaction).await {
        Ok(()) | Err(CommitError::Refused(Changed)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// The refund of a capture: a new one, or the one that was made when nobody
/// heard of it and the provider has forgotten the key since.
async fn refund(
    gateway: &Gateway<'_>,
    payment: &Payment,
    surplus: &Surplus,
) -> Result<String, CallError> {
    let key = format!("{}:surplus:{}", payment.id, surplus.provider_payment);
    let amount = surplus.amount.amount();
    let intent = &surplus.provider_payment;
    let metadata = [
        ("account", payment.account.to_string()),
        ("payment", payment.id.to_string()),
    ];
    let made = match gateway.refund(&key, intent, amount, &metadata).await {
        Err(CallError::Rejected { status, code }) if code == REFUNDED_BEFORE => {
            let last = gateway.refunds_of(intent).await?.into_iter().next();
            last.ok_or(CallError::Rejected { status, code })
        }
        made => made,
    };
    made.map(|made| made.id)
}
