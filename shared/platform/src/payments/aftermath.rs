//! What comes after a capture: disputes, and refunds that were made, returned or
//! asked for by hand at the provider.
//!
//! Such objects carry no reference that could be believed: the payment is found
//! through the provider's payment they are of. An event only says where to
//! look. The payment is read first and the provider after it, and what is
//! written has the payment's version as its condition: so whoever writes has
//! asked the provider after whoever wrote before, and news that arrive in
//! another order cannot turn anything back.

use super::disputes;
use super::inbox::{Received, observe};
use super::inbox_records::{conflict, keep, keep_first, mark_applied, quarantine};
use super::objects::Locator;
use super::provider::{CallError, Gateway, Pace};
use super::returns;
use super::scene::Scene;
use super::{PaymentError, gateway};
use crate::app::App;
use crate::store::payments::{InboxState, ProviderEvent};
use crate::store::{Stored, keys};
use serde::Deserialize;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// A dispute.
    Dispute,
    /// A refund.
    Refund,
}

impl Topic {
    /// The topic of a kind of event, if something follows from it
    /// (docs.stripe.com/api/events/types).
    pub(super) fn of(kind: &str) -> Option<Self> {
        match kind {
            "charge.dispute.created"
            | "charge.dispute.updated"
            | "charge.dispute.funds_withdrawn"
            | "charge.dispute.funds_reinstated"
            | "charge.dispute.closed" => Some(Self::Dispute),
            "refund.created"
            | "refund.updated"
            | "refund.failed"
            | "charge.refund.updated"
            | "charge.refunded" => Some(Self::Refund),
            _ => None,
        }
    }

    /// The object such an event carries.
    pub(super) fn object(self, kind: &str) -> &'static str {
        match self {
            Self::Dispute => "dispute",
            Self::Refund if kind == "charge.refunded" => "charge",
            Self::Refund => "refund",
        }
    }

    /// Where the provider shows that object.
    fn path(self, kind: &str) -> &'static str {
        match self.object(kind) {
            "dispute" => "/v1/disputes",
            "charge" => "/v1/charges",
            _ => "/v1/refunds",
        }
    }
}

/// An object of which only the payment matters.
#[derive(Deserialize)]
struct Pointing {
    payment_intent: Option<String>,
}

/// An event being applied: what becomes of it, and its version if it was kept.
pub(super) struct Task<'a> {
    pub(super) app: &'a App,
    pub(super) gateway: &'a Gateway<'a>,
    pub(super) record: ProviderEvent,
    pub(super) version: Option<u64>,
}

/// What a provider's payment captured.
pub(super) enum Capture {
    /// What was owed.
    Owed(Scene),
    /// What nobody owed: it goes back by itself.
    Surplus(Scene),
}

/// What stands in the way of applying an event.
pub(super) enum Obstacle {
    /// It is not what it claims to be.
    Aside(&'static str),
    /// What it is about is not there yet.
    Early,
    /// A failure.
    Failed(PaymentError),
}

impl<T: Into<PaymentError>> From<T> for Obstacle {
    fn from(error: T) -> Self {
        let error = error.into();
        if let PaymentError::Call(CallError::Rejected { status: 404, .. }) = &error {
            // The provider knows nothing of what the event names.
            return Self::Aside("reference");
        }
        Self::Failed(error)
    }
}

/// What is known of an event.
enum Known {
    /// It never came.
    Never,
    /// It was applied, or put aside.
    Done,
    /// It waits to be applied.
    Kept(Stored<ProviderEvent>),
}

async fn known(app: &App, record: &ProviderEvent) -> Result<Known, PaymentError> {
    let key = keys::provider_event(&record.id);
    let Some(known) = app.store().get::<ProviderEvent>(&key).await? else {
        return Ok(Known::Never);
    };
    Ok(match known.value.state {
        InboxState::Applied | InboxState::Quarantined { .. }
            if known.value.body_hash == record.body_hash =>
        {
            Known::Done
        }
        InboxState::Applied
        | InboxState::Quarantined { .. }
        | InboxState::Received
        | InboxState::Waiting => Known::Kept(known),
    })
}

/// Takes an event in.
///
/// # Errors
/// [`PaymentError`] when it is not durable: the provider must send it again.
pub(super) async fn receive(
    app: &App,
    mut record: ProviderEvent,
    topic: Topic,
    intent: Option<&str>,
) -> Result<Received, PaymentError> {
    let version = match known(app, &record).await? {
        Known::Never => None,
        Known::Done => return Ok(Received::Repeated),
        Known::Kept(kept) if kept.value.body_hash != record.body_hash => {
            return conflict(app, &record).await;
        }
        Known::Kept(kept) => {
            // Its wait began when it first came.
            record.received_at = kept.value.received_at;
            Some(kept.version)
        }
    };
    let Some(intent) = intent else {
        return quarantine(app, record, "reference").await;
    };
    let version = match version {
        Some(version) => Some(version),
        None => keep_first(app, &record).await?,
    };
    let kept = record.clone();
    let done = async {
        let gateway = gateway(app, Pace::Interactive).await?;
        let task = Task {
            app,
            gateway: &gateway,
            record,
            version,
        };
        task.apply(topic, intent).await
    };
    match done.await {
        Ok(received) => Ok(received),
        // The reconciler applies it.
        Err(error) => {
            app.note(&kept.id, &error);
            keep(app, kept, version, InboxState::Received).await
        }
    }
}

/// Applies an event that was kept.
///
/// # Errors
/// [`PaymentError`]; it is looked at again later.
pub(super) async fn look_up(
    app: &App,
    gateway: &Gateway<'_>,
    record: ProviderEvent,
    topic: Topic,
) -> Result<Received, PaymentError> {
    let path = format!("{}/{}", topic.path(&record.kind), record.object);
    let object: Result<Pointing, CallError> = gateway.get(&path).await;
    let intent = match object {
        Ok(object) => object.payment_intent,
        Err(CallError::Rejected { status: 404, .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let Some(intent) = intent else {
        return quarantine(app, record, "reference").await;
    };
    // Another sweep, or the provider itself, may have been faster.
    let Known::Kept(kept) = known(app, &record).await? else {
        return Ok(Received::Repeated);
    };
    let task = Task {
        app,
        gateway,
        record,
        version: Some(kept.version),
    };
    task.apply(topic, &intent).await
}

impl Task<'_> {
    async fn apply(self, topic: Topic, intent: &str) -> Result<Received, PaymentError> {
        let done = match self.locate(intent).await {
            Ok(at) => match topic {
                Topic::Dispute => disputes::apply(&self, &at, intent).await,
                Topic::Refund => returns::apply(&self, &at, intent).await,
            },
            Err(obstacle) => Err(obstacle),
        };
        let Self {
            app,
            record,
            version,
            ..
        } = self;
        match done {
            Ok(Received::Applied) => Ok(Received::Applied),
            Ok(_) => mark_applied(app, &record, version).await,
            Err(Obstacle::Aside(reason)) => quarantine(app, record, reason).await,
            Err(Obstacle::Early) => keep(app, record, version, InboxState::Waiting).await,
            Err(Obstacle::Failed(error)) => Err(error),
        }
    }

    /// Where the provider's payment says it belongs.
    async fn locate(&self, intent: &str) -> Result<Locator, Obstacle> {
        let intent = self.gateway.intent(intent).await?;
        let at = Locator::read(&intent.metadata).ok_or(Obstacle::Aside("reference"))?;
        match observe(self.app, &intent) {
            Some(_) => Ok(at),
            None => Err(Obstacle::Aside("object")),
        }
    }

    /// The payment this provider's payment captured, with what hangs on it.
    pub(super) async fn captured(&self, at: &Locator, intent: &str) -> Result<Capture, Obstacle> {
        let found = match self.app.store().scene(at, None).await {
            Ok(found) => found,
            Err(PaymentError::Missing(_)) => return Err(Obstacle::Aside("reference")),
            Err(error) => return Err(error.into()),
        };
        let scene = found.scene.ok_or(Obstacle::Early)?;
        let payment = &scene.payment.value;
        if payment.captured_by() == Some(intent) {
            return Ok(Capture::Owed(scene));
        }
        match payment.surplus_of(intent) {
            Some(_) => Ok(Capture::Surplus(scene)),
            None => Err(Obstacle::Early),
        }
    }
}
