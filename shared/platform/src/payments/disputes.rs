//! Writing down what the provider says of a dispute.

use super::PaymentError;
use super::aftermath::{Capture, Obstacle, Task};
use super::inbox::Received;
use super::objects::Locator;
use super::scene::{Changed, Scene};
use super::settle::{Change, ROUNDS};
use super::surplus::free;
use super::writing::Writing;
use crate::app::App;
use crate::store::CommitError;
use domain::dispute::{DisputeNews, DisputeStatus, Disputed, Disputing, ProviderDispute};
use domain::event::EventKind;
use domain::ledger::Posting;
use domain::money::{Currency, Money};
use jiff::Timestamp;
use serde::Deserialize;

/// A dispute at the provider.
#[derive(Debug, Clone, Deserialize)]
struct Object {
    id: String,
    amount: i64,
    currency: String,
    reason: String,
    status: String,
    created: i64,
    payment_intent: Option<String>,
    livemode: bool,
    evidence_details: Option<Evidence>,
    #[serde(default)]
    balance_transactions: Vec<Movement>,
}

#[derive(Debug, Clone, Deserialize)]
struct Evidence {
    due_by: Option<i64>,
}

/// Money that moved because of it, below zero when it was taken.
#[derive(Debug, Clone, Deserialize)]
struct Movement {
    amount: i64,
    currency: String,
}

impl Object {
    /// What it says, in the domain's terms; none when it cannot be ours.
    fn observe(&self, app: &App, intent: &str) -> Option<ProviderDispute> {
        let is_ours = self.payment_intent.as_deref() == Some(intent)
            && self.livemode == app.config().live_mode;
        let status = match self.status.as_str() {
            "warning_needs_response" => DisputeStatus::Inquiry,
            "warning_under_review" => DisputeStatus::InquiryUnderReview,
            "warning_closed" => DisputeStatus::InquiryClosed,
            "needs_response" => DisputeStatus::NeedsResponse,
            "under_review" => DisputeStatus::UnderReview,
            "won" => DisputeStatus::Won,
            "lost" => DisputeStatus::Lost,
            "prevented" => DisputeStatus::Prevented,
            _ => return None,
        };
        let currency = Currency::parse(&self.currency.to_ascii_uppercase()).ok()?;
        let due = self.evidence_details.as_ref().and_then(|it| it.due_by);
        let seen = ProviderDispute {
            id: self.id.clone(),
            amount: Money::new(self.amount, currency),
            reason: self.reason.clone(),
            status,
            opened_at: Timestamp::from_second(self.created).ok()?,
            evidence_due: due.map(Timestamp::from_second).transpose().ok()?,
            withdrawn: self.withdrawn()?,
        };
        is_ours.then_some(seen)
    }

    /// How much is kept back. Where the balance is in another currency than
    /// the payment its amounts say only whether it is.
    fn withdrawn(&self) -> Option<i64> {
        let mut moved = self.balance_transactions.iter();
        if moved.clone().any(|it| it.currency != self.currency) {
            let taken = moved.clone().filter(|it| it.amount < 0).count();
            let is_kept = moved.filter(|it| it.amount > 0).count() < taken;
            return Some(if is_kept { self.amount } else { 0 });
        }
        moved.try_fold(0_i64, |sum, it| sum.checked_sub(it.amount))
    }
}

/// Writes down how a dispute stands.
pub(super) async fn apply(
    task: &Task<'_>,
    at: &Locator,
    intent: &str,
) -> Result<Received, Obstacle> {
    let app = task.app;
    for _ in 0..ROUNDS {
        let capture = task.captured(at, intent).await?;
        let path = format!("/v1/disputes/{}", task.record.object);
        let object: Object = task.gateway.get(&path).await?;
        let seen = object.observe(app, intent);
        let seen = seen.ok_or(Obstacle::Aside("object"))?;
        let scene = match capture {
            Capture::Owed(scene) => scene,
            Capture::Surplus(scene) => return of_surplus(task, &scene, intent, &seen).await,
        };
        let disputed = match scene.payment.value.clone().disputed(&seen, app.now()) {
            Disputing::Nothing => return Ok(Received::Repeated),
            Disputing::Mismatch => return Err(Obstacle::Aside("mismatch")),
            Disputing::Changed(disputed) => *disputed,
        };
        let (news, is_lost) = (disputed.news, seen.status == DisputeStatus::Lost);
        let writing = write(task, &scene, &seen, disputed)?;
        alarm(app, news, is_lost);
        match app.store().commit(writing.transaction).await {
            Ok(()) => return Ok(Received::Applied),
            // Somebody was faster: read again, decide again.
            Err(CommitError::Refused(Changed)) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(PaymentError::Contention.into())
}

/// A capture nobody owed goes back by itself, and is in no book until then:
/// what a bank takes of it a person must see, once when it is opened and once
/// when it is lost. One that is won is given back; what is left of one that is
/// lost waits for a person.
async fn of_surplus(
    task: &Task<'_>,
    scene: &Scene,
    intent: &str,
    seen: &ProviderDispute,
) -> Result<Received, Obstacle> {
    let is_lost = seen.status == DisputeStatus::Lost;
    match task.record.kind.as_str() {
        "charge.dispute.created" => return Err(Obstacle::Aside("surplus")),
        "charge.dispute.closed" if is_lost => return Err(Obstacle::Aside("surplus")),
        _ if seen.status.is_closed() && !is_lost => free(task.app, scene, intent).await?,
        _ => {}
    }
    Ok(Received::Repeated)
}

fn alarm(app: &App, news: DisputeNews, is_lost: bool) {
    match news {
        DisputeNews::Opened => app.alarm("PaymentDisputed"),
        DisputeNews::Closed if is_lost => app.alarm("DisputeLost"),
        DisputeNews::Closed | DisputeNews::Changed => {}
    }
}

fn write<'a>(
    task: &Task<'a>,
    scene: &Scene,
    seen: &ProviderDispute,
    disputed: Disputed,
) -> Result<Writing<'a>, PaymentError> {
    let mut writing = Writing::begin(task.app, task.app.now())?;
    let payment = disputed.payment;
    let (id, dispute) = (payment.id, seen.id.clone());
    let kind = match disputed.news {
        DisputeNews::Opened => EventKind::PaymentDisputed {
            payment: id,
            dispute,
        },
        DisputeNews::Changed => EventKind::DisputeChanged {
            payment: id,
            dispute,
        },
        DisputeNews::Closed => EventKind::DisputeClosed {
            payment: id,
            dispute,
        },
    };
    let event = writing.event(scene, kind)?;
    let currency = payment.amount.currency();
    if let Some(posting) = Posting::dispute(id, currency, disputed.stake)? {
        writing.book(scene, posting, event);
    }
    for refund in disputed.refused {
        task.app.alarm("RefundRefused");
        writing.event(
            scene,
            EventKind::RefundRefused {
                payment: id,
                refund,
            },
        )?;
    }
    writing.payment(scene, payment, Change::Noted);
    let version = task.version;
    writing.transaction.upsert(version, &task.record, Changed);
    Ok(writing)
}
