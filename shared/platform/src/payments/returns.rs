//! Refunds as the provider has them: those it made and told nobody of, those
//! the bank returned, and those somebody made by hand.

use super::PaymentError;
use super::aftermath::{Capture, Obstacle, Task};
use super::inbox::Received;
use super::objects::{Locator, MadeRefund};
use super::refunds::{Answer, answer_of, settle, write_gone};
use super::renew::number;
use super::scene::{Changed, Scene};
use super::surplus::catch_up;
use super::writing::Writing;
use crate::store::CommitError;
use domain::event::EventKind;
use domain::id::RefundId;
use domain::money::{Currency, Money};
use domain::payment::Payment;
use domain::refund::{HandMade, MAX_REFUNDS, RefundReason, RefundRefusal, RefundStatus};

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
    for _ in 0..MAX_REFUNDS {
        let scene = match task.captured(at, intent).await? {
            Capture::Owed(scene) => scene,
            Capture::Surplus(scene) => return of_surplus(task, scene, intent).await,
        };
        let listed = task.gateway.refunds_of(intent).await?;
        match next(&scene.payment.value, &listed) {
            None => return Ok(Received::Repeated),
            Some(Step::Settle(id, answer)) => settle(task.app, scene, id, answer).await?,
            Some(Step::Adopt(made)) => adopt(task, &scene, made).await?,
        }
    }
    Err(PaymentError::Contention.into())
}

/// Brings the refunds of a capture nobody owed to where the provider has them.
async fn of_surplus(task: &Task<'_>, scene: Scene, intent: &str) -> Result<Received, Obstacle> {
    let (_, misfits) = catch_up(task.app, task.gateway, scene, intent).await?;
    match misfits.contains(&task.record.object) {
        true => Err(Obstacle::Aside("refund")),
        false => Ok(Received::Repeated),
    }
}

/// The first refund of the provider's that is not known as it stands: ours
/// before those made by hand, which must see what ours left.
fn next(payment: &Payment, listed: &[MadeRefund]) -> Option<Step> {
    // Oldest first.
    let mut steps = listed.iter().rev().filter_map(|made| step(payment, made));
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
async fn adopt(task: &Task<'_>, scene: &Scene, made: MadeRefund) -> Result<(), Obstacle> {
    let app = task.app;
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
        app.count("RefundRefused");
        let payment = payment.id;
        writing.event(scene, EventKind::RefundRefused { payment, refund })?;
    }
    let (note, head) = write_gone(&mut writing, scene, payment, id, &invoice)?;
    match app.store().commit(writing.transaction).await {
        Ok(()) => {
            app.count("RefundAdopted");
            number(app, note, Some(head)).await;
            Ok(())
        }
        // Somebody was faster: the provider is asked again.
        Err(CommitError::Refused(Changed)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
