//! Refunds as the provider has them: those it made and told nobody of, those
//! the bank returned, and those somebody made by hand.

use super::PaymentError;
use super::aftermath::{Capture, Obstacle, Task};
use super::inbox::Received;
use super::objects::{Locator, MadeRefund};
use super::provider::Gateway;
use super::refunds::{Answer, answer_of, settle, write_gone};
use super::renew::number;
use super::scene::{Changed, Scene};
use super::surplus::catch_up;
use super::writing::Writing;
use crate::app::App;
use crate::store::CommitError;
use domain::event::EventKind;
use domain::id::RefundId;
use domain::money::{Currency, Money};
use domain::payment::Payment;
use domain::refund::{HandMade, MAX_REFUNDS, RefundReason, RefundRefusal, RefundStatus};
use std::collections::BTreeSet;

/// What the provider has and we have not.
enum Step {
    /// It answered for a refund of ours.
    Settle(RefundId, Answer),
    /// It has one that is not ours.
    Adopt(MadeRefund),
}

/// Brings the refunds of a payment to where the provider has them.
pub(super) async fn apply(
    task: &Task<'_>,
    at: &Locator,
    intent: &str,
) -> Result<Received, Obstacle> {
    let (app, gateway) = (task.app, task.gateway);
    let misfits = match task.captured(at, intent).await? {
        Capture::Owed(scene) => bring(app, gateway, scene, intent).await?,
        Capture::Surplus(scene) => catch_up(app, gateway, scene, intent).await?.1,
    };
    // Told once, by the event that is about it.
    match misfits.contains(&task.record.object) {
        true => Err(Obstacle::Aside("refund")),
        false => Ok(Received::Repeated),
    }
}

/// Takes in what was made by hand while a refund of ours was under way.
///
/// # Errors
/// [`PaymentError`]; the next event about the payment does it.
pub(super) async fn take_in(
    app: &App,
    gateway: &Gateway<'_>,
    payment: &Payment,
) -> Result<(), PaymentError> {
    let scene = app.store().scene_of(payment).await?;
    let payment = &scene.payment.value;
    let Some(intent) = payment.captured_by().map(str::to_owned) else {
        return Ok(());
    };
    if payment.open_refund().is_some() {
        return Ok(());
    }
    match bring(app, gateway, scene, &intent).await {
        // What does not fit was told by its own event.
        Ok(_) | Err(Obstacle::Aside(_) | Obstacle::Early) => Ok(()),
        Err(Obstacle::Failed(error)) => Err(error),
    }
}

/// The refunds made by hand that cannot be taken into the books, once all
/// others are.
async fn bring(
    app: &App,
    gateway: &Gateway<'_>,
    mut scene: Scene,
    intent: &str,
) -> Result<BTreeSet<String>, Obstacle> {
    let mut misfits = BTreeSet::new();
    for _ in 0..=MAX_REFUNDS {
        let payment = scene.payment.value.clone();
        let listed = gateway.refunds_of(intent).await?;
        loop {
            match next(&payment, &listed, &misfits) {
                None => return Ok(misfits),
                Some(Step::Settle(id, answer)) => settle(app, scene, id, answer).await?,
                Some(Step::Adopt(made)) => {
                    let id = made.id.clone();
                    match adopt(app, &scene, made).await {
                        Err(Obstacle::Aside(_)) => {
                            misfits.insert(id);
                            continue;
                        }
                        done => done?,
                    }
                }
            }
            break;
        }
        scene = app.store().scene_of(&payment).await?;
    }
    Err(PaymentError::Contention.into())
}

/// The first refund of the provider's that is not known as it stands: ours
/// before those made by hand, which must see what ours left.
fn next(payment: &Payment, listed: &[MadeRefund], misfits: &BTreeSet<String>) -> Option<Step> {
    // Oldest first.
    let steps = listed.iter().rev().filter(|it| !misfits.contains(&it.id));
    let mut steps = steps.filter_map(|made| step(payment, made));
    let mut adopt = None;
    let ours = steps.find_map(|step| match step {
        Step::Settle(..) => Some(step),
        Step::Adopt(_) => {
            adopt = adopt.take().or(Some(step));
            None
        }
    });
    ours.or(adopt)
}

fn step(payment: &Payment, made: &MadeRefund) -> Option<Step> {
    let known = payment.refund_at_provider(&made.id);
    let marked = made.metadata.get("refund");
    let waits = payment.open_refund();
    let waits = waits.filter(|(refund, _)| marked == Some(&refund.id.to_string()));
    match (known, waits, answer_of(made.clone())) {
        (Some(refund), _, Answer::Refused(code)) => match refund.status {
            RefundStatus::Made { .. } => Some(Step::Settle(refund.id, Answer::Returned(code))),
            RefundStatus::AwaitingApproval
            | RefundStatus::Pending { .. }
            | RefundStatus::Failed { .. }
            | RefundStatus::Refused { .. }
            | RefundStatus::Rejected { .. } => None,
        },
        (Some(_), _, Answer::Made(_) | Answer::Returned(_)) => None,
        (None, Some((refund, _)), answer) => Some(Step::Settle(refund.id, answer)),
        // Nothing moved.
        (None, None, Answer::Refused(_) | Answer::Returned(_)) => None,
        (None, None, Answer::Made(_)) => Some(Step::Adopt(made.clone())),
    }
}

/// Writes a refund down that somebody made by hand: the money is gone, so it is
/// a refund like any other, of which nobody here was asked.
async fn adopt(app: &App, scene: &Scene, made: MadeRefund) -> Result<(), Obstacle> {
    let payment = &scene.payment.value;
    let invoice = app
        .store()
        .invoice(payment.account, payment.invoice)
        .await?;
    let invoice = invoice.ok_or(Obstacle::Early)?.value;
    let currency = Currency::parse(&made.currency.to_ascii_uppercase());
    let currency = currency.map_err(|_| Obstacle::Aside("object"))?;
    let hand_made = HandMade {
        id: app.new_id().map_err(PaymentError::from)?,
        credit_note: app.new_id().map_err(PaymentError::from)?,
        amount: Money::new(made.amount, currency),
        reason: RefundReason::at_provider(made.reason.as_deref()),
        provider_refund: made.id,
    };
    let id = hand_made.id;
    let adopted = payment
        .clone()
        .adopt_refund(hand_made, &invoice, app.now())
        .map_err(|refusal| match refusal {
            RefundRefusal::NotNumbered | RefundRefusal::UnderWay => Obstacle::Early,
            RefundRefusal::NotPaid(_)
            | RefundRefusal::Disputed
            | RefundRefusal::TooMany
            | RefundRefusal::Currency
            | RefundRefusal::NothingLeft
            | RefundRefusal::Amount(_)
            | RefundRefusal::Decided(_)
            | RefundRefusal::SamePerson
            | RefundRefusal::Unknown
            | RefundRefusal::Arithmetic(_) => Obstacle::Aside("refund"),
        })?;
    let (payment, refused) = adopted;
    let mut writing = Writing::begin(app, app.now())?;
    for refund in refused {
        app.alarm("RefundRefused");
        let payment = payment.id;
        writing.event(scene, EventKind::RefundRefused { payment, refund })?;
    }
    let (note, head) = write_gone(&mut writing, scene, payment, id, &invoice)?;
    app.alarm("RefundAdopted");
    match app.store().commit(writing.transaction).await {
        Ok(()) => {
            number(app, note, Some(head)).await;
            Ok(())
        }
        // Somebody was faster: the provider is asked again.
        Err(CommitError::Refused(Changed)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
