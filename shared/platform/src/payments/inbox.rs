//! The provider's events: what is believed, what it changes, what is put
//! aside for a person.

pub use super::envelope::{Envelope, EnvelopeData, read};

use super::aftermath::{self, Topic};
use super::cards::events::{CardNews, altered, receive as receive_card};
use super::inbox_records::{Known, keep, mark_applied, meet, quarantine};
use super::objects::{Intent, Locator, Session};
use super::pages::close_page;
use super::provider::{API_VERSION, Pace};
use super::reconcile::{list_card, number_outcome};
use super::scene::Scene;
use super::settle::{Settled, settle};
use super::{PaymentError, gateway};
use crate::app::App;
use crate::http::request::sha256_hex;
use crate::store::keys;
use crate::store::payments::{InboxState, ProviderEvent};
use domain::payment::{Mismatch, ProviderPayment};
use jiff::SignedDuration;
use serde_json::Value;

/// How far ahead of our clock an event may be dated.
const AHEAD: i64 = 300;
/// How long something unknown is waited for.
const WAIT: SignedDuration = SignedDuration::from_hours(24);
/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Its effect is in the table.
    Applied,
    /// It was applied before.
    Repeated,
    /// Nothing follows from events of its type.
    Ignored,
    /// Durable; it will be applied later.
    Kept,
    /// Put aside for a person.
    Quarantined,
}

/// What an event says, once it was read as its type wants.
enum News {
    Payment(Box<Intent>),
    PageCompleted(Session),
    PageClosed(Session),
    Card(CardNews),
    Aftermath(Topic),
    Nothing,
    Unbelievable(&'static str),
}

fn news(app: &App, envelope: &Envelope) -> News {
    let object = &envelope.data.object;
    if envelope.livemode != app.config().live_mode {
        return News::Unbelievable("livemode");
    }
    let major = |version: &str| version.split('.').next_back().map(str::to_owned);
    if envelope
        .api_version
        .as_deref()
        .is_some_and(|version| major(version) != major(API_VERSION))
    {
        return News::Unbelievable("api_version");
    }
    if envelope.created > app.now().as_second().saturating_add(AHEAD) {
        return News::Unbelievable("created");
    }
    let topic = Topic::of(&envelope.kind);
    let expected = match envelope.kind.split_once('.').map_or("", |(kind, _)| kind) {
        "payment_intent" => "payment_intent",
        "checkout" => "checkout.session",
        kind @ ("setup_intent" | "payment_method") => kind,
        _ => match topic {
            Some(topic) => topic.object(&envelope.kind),
            None => return News::Nothing,
        },
    };
    match object.get("object").and_then(Value::as_str) {
        None => return News::Unbelievable("object_absent"),
        Some(kind) if kind != expected => return News::Unbelievable("object_type"),
        Some(_) => {}
    }
    let session = || serde_json::from_value::<Session>(object.clone());
    match envelope.kind.as_str() {
        "payment_intent.succeeded"
        | "payment_intent.payment_failed"
        | "payment_intent.canceled"
        | "payment_intent.requires_action" => serde_json::from_value(object.clone())
            .map_or(News::Unbelievable("object"), |intent| {
                News::Payment(Box::new(intent))
            }),
        "checkout.session.completed" => session().map_or(News::Unbelievable("object"), completed),
        "checkout.session.expired" => session().map_or(News::Unbelievable("object"), closed),
        "setup_intent.succeeded" => serde_json::from_value(object.clone())
            .map_or(News::Unbelievable("object"), |setup| {
                News::Card(CardNews::Given(setup))
            }),
        kind => match (
            topic,
            altered(kind, object, &envelope.data.previous_attributes),
        ) {
            (Some(topic), _) => News::Aftermath(topic),
            (None, Ok(Some(news))) => News::Card(news),
            (None, Ok(None)) => News::Nothing,
            (None, Err(reason)) => News::Unbelievable(reason),
        },
    }
}

fn completed(page: Session) -> News {
    match is_of_card(&page) {
        true => News::Card(CardNews::PageCompleted(page)),
        false => News::PageCompleted(page),
    }
}

fn closed(page: Session) -> News {
    match is_of_card(&page) {
        true => News::Card(CardNews::PageClosed(page)),
        false => News::PageClosed(page),
    }
}

/// True for a page on which a card is saved and nothing is paid.
fn is_of_card(page: &Session) -> bool {
    page.mode.as_deref() == Some("setup")
}

/// Takes an event in: at most one round trip when it was applied before.
///
/// # Errors
/// [`PaymentError`] when it is not durable: the provider must send it again.
pub async fn receive(
    app: &App,
    envelope: &Envelope,
    body: &[u8],
) -> Result<Received, PaymentError> {
    let now = app.now();
    let record = ProviderEvent {
        id: envelope.id.clone(),
        body_hash: sha256_hex(&[body]),
        kind: envelope.kind.clone(),
        object: envelope
            .data
            .object
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        state: InboxState::Applied,
        received_at: now,
        check_at: None,
    };
    match news(app, envelope) {
        News::Nothing => {
            app.count("EventsIgnored");
            Ok(Received::Ignored)
        }
        News::Unbelievable(reason) => quarantine(app, record, reason).await,
        News::Aftermath(topic) => {
            let intent = envelope.data.object.get("payment_intent");
            let intent = intent.and_then(Value::as_str);
            aftermath::receive(app, record, topic, intent).await
        }
        News::Payment(intent) => match (Locator::read(&intent.metadata), observe(app, &intent)) {
            (None, _) => quarantine(app, record, "reference").await,
            (Some(_), None) => quarantine(app, record, "object").await,
            (Some(at), Some(seen)) => apply(app, record, &at, Step::Believe(seen)).await,
        },
        News::Card(news) => receive_card(app, record, news).await,
        News::PageCompleted(session) => match Locator::read(&session.metadata) {
            None => quarantine(app, record, "reference").await,
            Some(at) => apply(app, record, &at, Step::Fetch(session.payment_intent)).await,
        },
        News::PageClosed(session) => match Locator::read(&session.metadata) {
            None => quarantine(app, record, "reference").await,
            Some(at) => apply(app, record, &at, Step::Close(session.id)).await,
        },
    }
}

/// What a payment at the provider says, if it can be ours.
pub(super) fn observe(app: &App, intent: &Intent) -> Option<ProviderPayment> {
    let right_mode = intent.livemode == app.config().live_mode;
    intent.observe().ok().filter(|_| right_mode)
}

/// What an event asks for.
enum Step {
    /// The event says how the payment stands.
    Believe(ProviderPayment),
    /// The payment was read at the provider.
    Settle(ProviderPayment),
    Fetch(Option<String>),
    Close(String),
}

async fn apply(
    app: &App,
    record: ProviderEvent,
    at: &Locator,
    step: Step,
) -> Result<Received, PaymentError> {
    let found = match app.store().scene(at, Some(&record.id)).await {
        Ok(found) => found,
        Err(PaymentError::Missing(_)) => return quarantine(app, record, "reference").await,
        Err(error) => return Err(error),
    };
    let (record, version) = match meet(app, record, found.inbox.as_ref()).await? {
        Known::New(record, version) => (record, version),
        Known::Done(received) => return Ok(received),
    };
    let Some(scene) = found.scene else {
        return keep(app, record, version, InboxState::Waiting).await;
    };
    let done = match step {
        // Whether it is the account's customer nobody can tell: it is read.
        Step::Believe(seen) if scene.account.value.provider_customer.is_none() => {
            read_and_settle(app, &seen.id, scene, &record, version).await
        }
        Step::Believe(seen) | Step::Settle(seen) => {
            settle_event(app, &seen, scene, &record, version).await
        }
        Step::Fetch(intent) => {
            fetch_and_settle(app, intent.as_deref(), scene, &record, version).await
        }
        Step::Close(session) => close_event(app, scene, at, &session, &record, version).await,
    };
    match done {
        Ok(Received::Quarantined) => quarantine(app, record, "mismatch").await,
        Ok(received) => Ok(received),
        // Durable first: the reconciler applies it.
        Err(error) => {
            app.note(&record.id, &error);
            keep(app, record, version, InboxState::Received).await
        }
    }
}

async fn settle_event(
    app: &App,
    seen: &ProviderPayment,
    scene: Scene,
    record: &ProviderEvent,
    version: Option<u64>,
) -> Result<Received, PaymentError> {
    match settle(app, seen, scene, Some((record.clone(), version))).await? {
        Settled::Mismatched(_) => Ok(Received::Quarantined),
        Settled::Unchanged => mark_applied(app, record, version).await,
        settled @ Settled::Applied(_) => {
            // The number at once; a page to open has the payment's timer.
            number_outcome(app, &settled).await;
            list_card(app, &settled, Pace::Interactive).await;
            Ok(Received::Applied)
        }
    }
}

/// A completed page is a hint: the payment itself is read.
async fn fetch_and_settle(
    app: &App,
    intent: Option<&str>,
    scene: Scene,
    record: &ProviderEvent,
    version: Option<u64>,
) -> Result<Received, PaymentError> {
    let Some(intent) = intent.filter(|_| scene.payment.value.is_pending()) else {
        return mark_applied(app, record, version).await;
    };
    read_and_settle(app, intent, scene, record, version).await
}

async fn read_and_settle(
    app: &App,
    intent: &str,
    scene: Scene,
    record: &ProviderEvent,
    version: Option<u64>,
) -> Result<Received, PaymentError> {
    let intent = gateway(app, Pace::Interactive)
        .await?
        .intent(intent)
        .await?;
    match observe(app, &intent) {
        Some(seen) => settle_event(app, &seen, scene, record, version).await,
        None => Ok(Received::Quarantined),
    }
}

async fn close_event(
    app: &App,
    scene: Scene,
    at: &Locator,
    session: &str,
    record: &ProviderEvent,
    version: Option<u64>,
) -> Result<Received, PaymentError> {
    let attempt = scene
        .payment
        .value
        .attempts
        .iter()
        .find(|attempt| attempt.number == at.reference.attempt);
    let Some(attempt) = attempt else {
        return Ok(Received::Quarantined);
    };
    if attempt.page().is_some_and(|page| page.session != session) {
        // A page nobody was shown, of an order that found another one's
        // customer: it moved no money.
        return mark_applied(app, record, version).await;
    }
    if !close_page(app, scene, at.reference.attempt).await? {
        // Somebody changed it meanwhile: it is looked at again.
        return Err(PaymentError::Contention);
    }
    mark_applied(app, record, version).await
}

/// A looked-up object that is not ours as it claims.
pub(super) fn mismatch(reason: Mismatch) -> PaymentError {
    PaymentError::Computation(format!("the provider's payment does not match: {reason}"))
}

/// Applies an event that was kept: its object is read at the provider.
///
/// # Errors
/// [`PaymentError`]; it is looked at again later.
pub async fn apply_kept(app: &App, id: &str) -> Result<Received, PaymentError> {
    let Some(kept) = app
        .store()
        .get::<ProviderEvent>(&keys::provider_event(id))
        .await?
    else {
        return Ok(Received::Ignored);
    };
    match kept.value.state {
        InboxState::Applied | InboxState::Quarantined { .. } => return Ok(Received::Repeated),
        InboxState::Received | InboxState::Waiting => {}
    }
    if app.now().duration_since(kept.value.received_at) > WAIT {
        return quarantine(app, kept.value, "waited_too_long").await;
    }
    let record = ProviderEvent {
        state: InboxState::Applied,
        check_at: None,
        ..kept.value.clone()
    };
    let applied = look_up(app, record).await;
    if applied.is_err() {
        let state = kept.value.state.clone();
        keep(app, kept.value, Some(kept.version), state).await?;
    }
    applied
}

async fn look_up(app: &App, record: ProviderEvent) -> Result<Received, PaymentError> {
    let gateway = gateway(app, Pace::OffSession).await?;
    if let Some(topic) = Topic::of(&record.kind) {
        return aftermath::look_up(app, &gateway, record, topic).await;
    }
    if record.kind.starts_with("payment_intent.") {
        let intent = gateway.intent(&record.object).await?;
        return match (Locator::read(&intent.metadata), observe(app, &intent)) {
            (Some(at), Some(seen)) => apply(app, record, &at, Step::Settle(seen)).await,
            _ => quarantine(app, record, "reference").await,
        };
    }
    if record.kind.starts_with("setup_intent.") {
        let setup = gateway.setup_intent(&record.object).await?;
        return receive_card(app, record, CardNews::Given(setup)).await;
    }
    let session = gateway.session(&record.object).await?;
    if is_of_card(&session) {
        let news = match session.status.as_deref() {
            Some("expired") => CardNews::PageClosed(session),
            _ => CardNews::PageCompleted(session),
        };
        return receive_card(app, record, news).await;
    }
    match (Locator::read(&session.metadata), session.status.as_deref()) {
        (Some(at), Some("expired")) => apply(app, record, &at, Step::Close(session.id)).await,
        (Some(at), _) => apply(app, record, &at, Step::Fetch(session.payment_intent)).await,
        (None, _) => quarantine(app, record, "reference").await,
    }
}
