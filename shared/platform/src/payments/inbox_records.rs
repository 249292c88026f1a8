//! Writing down what became of a provider's event.

use super::PaymentError;
use super::inbox::Received;
use super::scene::Changed;
use crate::app::App;
use crate::store::payments::{ConflictingEvent, InboxState, ProviderEvent};
use crate::store::{CommitError, Stored, Transaction, keys};
use jiff::{SignedDuration, Timestamp};

/// How soon an event that could not be applied is looked at again; then as
/// long after as it is old, which doubles from time to time.
const RETRY: SignedDuration = SignedDuration::from_mins(5);
/// The longest it is left alone.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);

/// What an event meets in the inbox.
pub(super) enum Known {
    /// It is to be applied; the version of its item, if it came before.
    New(ProviderEvent, Option<u64>),
    /// There is nothing more to do.
    Done(Received),
}

/// Compares an event with what the inbox holds under its id.
pub(super) async fn meet(
    app: &App,
    mut record: ProviderEvent,
    known: Option<&Stored<ProviderEvent>>,
) -> Result<Known, PaymentError> {
    let Some(known) = known else {
        return Ok(Known::New(record, None));
    };
    if known.value.body_hash != record.body_hash {
        return conflict(app, &record).await.map(Known::Done);
    }
    Ok(match known.value.state {
        InboxState::Applied | InboxState::Quarantined { .. } => Known::Done(Received::Repeated),
        InboxState::Received | InboxState::Waiting => {
            // Its wait began when it first came.
            record.received_at = known.value.received_at;
            Known::New(record, Some(known.version))
        }
    })
}

pub(super) async fn mark_applied(
    app: &App,
    record: &ProviderEvent,
    version: Option<u64>,
) -> Result<Received, PaymentError> {
    write(app, record, version).await?;
    Ok(Received::Applied)
}

/// Keeps an event before anything is asked because of it: whoever is killed
/// then leaves it to the reconciler. The version of its item.
pub(super) async fn keep_first(
    app: &App,
    record: &ProviderEvent,
) -> Result<Option<u64>, PaymentError> {
    let later = app.now().checked_add(RETRY).unwrap_or(Timestamp::MAX);
    let kept = ProviderEvent {
        state: InboxState::Received,
        check_at: Some(later),
        ..record.clone()
    };
    write(app, &kept, None).await?;
    Ok(Some(1))
}

pub(super) async fn keep(
    app: &App,
    record: ProviderEvent,
    version: Option<u64>,
    state: InboxState,
) -> Result<Received, PaymentError> {
    app.count("EventsKept");
    let now = app.now();
    let wait = now.duration_since(record.received_at).clamp(RETRY, LONGEST);
    let later = now.checked_add(wait).unwrap_or(Timestamp::MAX);
    write(
        app,
        &ProviderEvent {
            state,
            check_at: Some(later),
            ..record
        },
        version,
    )
    .await?;
    Ok(Received::Kept)
}

pub(super) async fn quarantine(
    app: &App,
    mut record: ProviderEvent,
    reason: &str,
) -> Result<Received, PaymentError> {
    let known: Option<Stored<ProviderEvent>> =
        app.store().get(&keys::provider_event(&record.id)).await?;
    let version = match known {
        Some(known) if known.value.body_hash != record.body_hash => {
            return conflict(app, &record).await;
        }
        Some(known) if matches!(known.value.state, InboxState::Quarantined { .. }) => {
            return Ok(Received::Repeated);
        }
        Some(known) => {
            record.received_at = known.value.received_at;
            Some(known.version)
        }
        None => None,
    };
    app.alarm("Quarantined");
    let state = InboxState::Quarantined {
        reason: reason.to_owned(),
    };
    write(
        app,
        &ProviderEvent {
            state,
            check_at: None,
            ..record
        },
        version,
    )
    .await?;
    Ok(Received::Quarantined)
}

/// Another event under an id that is taken: the first stays as it is.
pub(super) async fn conflict(app: &App, record: &ProviderEvent) -> Result<Received, PaymentError> {
    app.alarm("Quarantined");
    let second = ConflictingEvent {
        id: record.id.clone(),
        body_hash: record.body_hash.clone(),
        received_at: record.received_at,
    };
    let mut act = Transaction::new(app.new_id()?);
    act.insert(&second, Changed);
    match app.store().commit(act).await {
        Ok(()) => Ok(Received::Quarantined),
        Err(CommitError::Refused(Changed)) => Ok(Received::Repeated),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

async fn write(
    app: &App,
    record: &ProviderEvent,
    version: Option<u64>,
) -> Result<(), PaymentError> {
    let mut act = Transaction::new(app.new_id()?);
    act.upsert(version, record, Changed);
    match app.store().commit(act).await {
        // The same event arrived twice at once: the other one wrote it.
        Ok(()) | Err(CommitError::Refused(Changed)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
