//! Captures that nobody owes are given back. What somebody gave back of them by
//! hand at the provider is written down, and what the bank returned is owed.

use super::PaymentError;
use super::objects::MadeRefund;
use super::provider::{CallError, Gateway};
use super::refunds::{Answer, LISTED, answer_of};
use super::scene::{Changed, Scene};
use super::settle::Change;
use super::writing::{Writing, store_payment};
use crate::app::App;
use crate::store::CommitError;
use domain::event::EventKind;
use domain::ledger::Posting;
use domain::money::{Currency, Money};
use domain::payment::{Payment, Surplus};
use jiff::SignedDuration;
use std::collections::BTreeSet;

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
    let payment = &scene.payment.value;
    let Some(surplus) = payment.open_surplus().cloned() else {
        return Ok(());
    };
    let intent = surplus.provider_payment.clone();
    let asked = refund(gateway, payment, &surplus).await;
    let code = match asked.map(answer_of) {
        Ok(Answer::Made(id)) => {
            let step = Step::Made(id, surplus.left());
            return write(app, &scene, &intent, step).await;
        }
        Ok(Answer::Refused(code) | Answer::Returned(code)) => code,
        Err(CallError::Rejected { code, .. }) => code,
        Err(error) => return later(app, &scene, error.into()).await,
    };
    // It was given back already, or a part of it; what is left is asked for at
    // the next look.
    let before = surplus.left();
    let (scene, _) = match catch_up(app, gateway, scene.clone(), &intent).await {
        Ok(caught_up) => caught_up,
        Err(error) => return later(app, &scene, error).await,
    };
    let payment = scene.payment.value.clone();
    if payment.surplus_of(&intent).map(Surplus::left) != Some(before) {
        return Ok(());
    }
    // Asked again it would refuse again: a person is told, and decides.
    app.alarm("RefundRefused");
    store_payment(app, &scene, payment.surplus_refused(&intent, code)).await
}

/// It is looked at again in an hour, whatever is wrong meanwhile.
async fn later(app: &App, scene: &Scene, error: PaymentError) -> Result<(), PaymentError> {
    let hour = SignedDuration::from_hours(1);
    let later = app.now().checked_add(hour).unwrap_or(app.now());
    let waiting = Payment {
        check_at: Some(later),
        ..scene.payment.value.clone()
    };
    store_payment(app, scene, waiting).await?;
    Err(error)
}

/// Asks for what is left of a surplus.
async fn refund(
    gateway: &Gateway<'_>,
    payment: &Payment,
    surplus: &Surplus,
) -> Result<MadeRefund, CallError> {
    let amount = surplus.left().amount();
    let intent = &surplus.provider_payment;
    let key = format!("{}:surplus:{intent}:{amount}", payment.id);
    let metadata = [
        ("account", payment.account.to_string()),
        ("payment", payment.id.to_string()),
    ];
    gateway.refund(&key, intent, amount, &metadata).await
}

/// What the provider has of a surplus and we have not.
enum Step {
    /// A refund.
    Made(String, Money),
    /// One that the bank returned.
    Returned(String),
}

/// Brings a surplus to where the provider has it. The scene as it is then, and
/// the refunds that are no part of the surplus.
///
/// # Errors
/// [`PaymentError`]; what was written stays.
pub(super) async fn catch_up(
    app: &App,
    gateway: &Gateway<'_>,
    mut scene: Scene,
    intent: &str,
) -> Result<(Scene, BTreeSet<String>), PaymentError> {
    for _ in 0..LISTED {
        let listed = gateway.refunds_of(intent).await?;
        let payment = &scene.payment.value;
        // Oldest first.
        let next = listed.iter().rev().find_map(|it| step(payment, intent, it));
        let Some(next) = next else {
            let misfits = listed
                .into_iter()
                .filter(|it| is_misfit(payment, intent, it));
            let misfits = misfits.map(|it| it.id).collect();
            return Ok((scene, misfits));
        };
        write(app, &scene, intent, next).await?;
        scene = app.store().scene_of(&scene.payment.value).await?;
    }
    Err(PaymentError::Contention)
}

fn step(payment: &Payment, intent: &str, made: &MadeRefund) -> Option<Step> {
    let surplus = payment.surplus_of(intent)?;
    match answer_of(made.clone()) {
        Answer::Made(id) => {
            let amount = amount_of(made).filter(|amount| surplus.misses(&id, *amount));
            amount.map(|amount| Step::Made(id, amount))
        }
        Answer::Refused(_) | Answer::Returned(_) => {
            let is_new = payment.clone().surplus_returned(intent, &made.id);
            is_new.map(|_| Step::Returned(made.id.clone()))
        }
    }
}

/// True for money that is gone and nowhere written down.
fn is_misfit(payment: &Payment, intent: &str, made: &MadeRefund) -> bool {
    let known = payment.surplus_of(intent).is_some_and(|surplus| {
        let refunds = surplus.refunds();
        refunds.iter().any(|(id, ..)| *id == made.id)
    });
    !known && matches!(answer_of(made.clone()), Answer::Made(_))
}

fn amount_of(made: &MadeRefund) -> Option<Money> {
    let currency = Currency::parse(&made.currency.to_ascii_uppercase()).ok()?;
    Some(Money::new(made.amount, currency))
}

/// Writes a step down. Success also where somebody else was faster: it is
/// looked at again.
async fn write(app: &App, scene: &Scene, intent: &str, step: Step) -> Result<(), PaymentError> {
    let mut writing = Writing::begin(app, app.now())?;
    let payment = scene.payment.value.clone();
    let id = payment.id;
    let (kind, posting, payment) = match step {
        Step::Made(refund, amount) => {
            let refunded = payment.surplus_refunded(intent, refund, amount, app.now());
            let refunded = refunded.ok_or(PaymentError::Contention)?;
            let kind = EventKind::SurplusRefunded { payment: id };
            let left = refunded.surplus_of(intent).map(|it| it.left().amount());
            let posting = Posting::surplus_refund(id, amount, left == Some(0))?;
            (kind, posting, refunded)
        }
        Step::Returned(refund) => {
            let returned = payment.surplus_returned(intent, &refund);
            let (returned, amount) = returned.ok_or(PaymentError::Contention)?;
            app.alarm("RefundFailed");
            let kind = EventKind::SurplusReturned { payment: id };
            (kind, Posting::refund_failed(id, amount, 0)?, returned)
        }
    };
    let event = writing.event(scene, kind)?;
    writing.book(scene, posting, event);
    writing.payment(scene, payment, Change::Noted);
    match app.store().commit(writing.transaction).await {
        Ok(()) | Err(CommitError::Refused(Changed)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// What stood in the way of giving a surplus back is over: it is asked for.
///
/// # Errors
/// [`PaymentError`] when it could not be written.
pub(super) async fn free(app: &App, scene: &Scene, intent: &str) -> Result<(), PaymentError> {
    let payment = scene.payment.value.clone();
    match payment.surplus_freed(intent, app.now()) {
        Some(freed) => store_payment(app, scene, freed).await,
        None => Ok(()),
    }
}
