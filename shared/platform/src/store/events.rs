//! Events: the outbox. An event somebody waits for carries a timer until its
//! effect was made, so that a lost stream record is found again.

use super::item::{Entity, key_item};
use super::keys::{self, Due, Job, Key};
use super::{Store, StoreError};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::{Event, EventKind, Owner};
use domain::id::EventId;
use jiff::{SignedDuration, Timestamp};

/// How long the stream has before the timer of an event takes over.
const DELIVERY: SignedDuration = SignedDuration::from_mins(5);

/// The longest wait between two tries to deliver an event.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(6);

/// How old an event becomes before it is left to a person.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(48);

/// How long a decoy is kept: nobody's history needs it.
const DECOY_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Entity for Event {
    const TYPE: &'static str = "event";

    fn key(&self) -> Key {
        keys::event(self.owner, self.id)
    }

    fn due(&self) -> Option<Due> {
        self.deliver_at.map(timer)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        match self.owner {
            Owner::Account { .. } | Owner::User { .. } => None,
            Owner::Decoy => self.at.checked_add(DECOY_KEPT).ok(),
        }
    }
}

/// What happened at `now`, to be put in the transaction that makes it happen.
/// One that somebody waits for is due again in 5 minutes.
pub fn event(id: EventId, owner: Owner, kind: EventKind, now: Timestamp) -> Event {
    let deliver_at = kind.has_consumer().then(|| later(now, DELIVERY));
    Event {
        id,
        owner,
        at: now,
        kind,
        deliver_at,
    }
}

/// The key of an event that waits for its delivery, from the image of an item
/// in the table's stream; none for any other item.
pub fn waiting_in_stream(image: &serde_dynamo::Item) -> Option<Key> {
    use serde_dynamo::AttributeValue::S;
    let text = |name: &str| match image.get(name) {
        Some(S(text)) => Some(text.clone()),
        _ => None,
    };
    if text("type")? != Event::TYPE {
        return None;
    }
    text("deliver_at")?;
    Some(Key {
        pk: text("pk")?,
        sk: text("sk")?,
    })
}

impl Store {
    /// AP-70: takes the timer from an event whose effect was made. Success
    /// also where somebody else took it.
    ///
    /// # Errors
    /// [`StoreError`] when the table could not do it.
    pub async fn mark_delivered(&self, key: &Key) -> Result<(), StoreError> {
        let update = self
            .waiting_event(key)
            .update_expression("SET version = version + :one REMOVE due_shard, due_at, deliver_at");
        unless_delivered(update.send().await)
    }

    /// AP-71: hands an event to the stream once more, because nobody delivered
    /// it in time: it is changed, and the stream tells of changes. Its timer
    /// comes again after as long as it is old, at least 5 minutes, at most 6
    /// hours; after 2 days no more, and it keeps its `deliver_at` for a person
    /// to see. One that was delivered meanwhile stays so.
    ///
    /// # Errors
    /// [`StoreError`] when the table could not do it.
    pub async fn hand_on_again(&self, key: &Key, now: Timestamp) -> Result<(), StoreError> {
        let Some(happened_at) = self.moment_of(key).await? else {
            return Ok(());
        };
        let update = self.waiting_event(key);
        let update = match next_delivery(happened_at, now) {
            Some(at) => update
                .update_expression(
                    "SET version = version + :one, due_at = :due_at, deliver_at = :deliver_at",
                )
                .expression_attribute_values(":due_at", AttributeValue::S(timer(at).sort_key(key)))
                .expression_attribute_values(":deliver_at", AttributeValue::S(at.to_string())),
            None => {
                update.update_expression("SET version = version + :one REMOVE due_shard, due_at")
            }
        };
        unless_delivered(update.send().await)
    }

    /// When an event happened, whether or not its kind is known here: what a
    /// newer version wrote must be given up after two days as well.
    async fn moment_of(&self, key: &Key) -> Result<Option<Timestamp>, StoreError> {
        let got = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .consistent_read(true)
            .projection_expression("#at")
            .expression_attribute_names("#at", "at")
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("GetItem", error))?;
        let at = got.item.as_ref().and_then(|item| item.get("at"));
        let Some(AttributeValue::S(at)) = at else {
            return Ok(None);
        };
        at.parse()
            .map(Some)
            .map_err(|_| StoreError::unexpected("an event that happened at no time"))
    }

    fn waiting_event(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .condition_expression("attribute_exists(deliver_at)")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
    }
}

/// A refused condition means: delivered. It may have been by a first try of
/// this very call whose answer was lost.
fn unless_delivered<T>(sent: Result<T, SdkError<UpdateItemError>>) -> Result<(), StoreError> {
    match sent {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(StoreError::from_sdk("UpdateItem", error)),
    }
}

/// When an event that was not delivered is handed on again, if ever.
fn next_delivery(happened_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let age = now.duration_since(happened_at);
    (age < GIVEN_UP).then(|| later(now, age.clamp(DELIVERY, LONGEST_WAIT)))
}

fn timer(at: Timestamp) -> Due {
    Due {
        job: Job::Reconcile,
        at,
    }
}

fn later(start: Timestamp, wait: SignedDuration) -> Timestamp {
    start.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::item::{decode, encode};
    use super::*;
    use domain::id::{AccountId, ActId, InvoiceId, PaymentId, SessionId, SubscriptionId, UserId};
    use domain::invoice::{InvoiceNumber, Series};

    const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

    fn id<T: domain::id::Id>() -> T {
        T::from_bits(42)
    }

    fn owners() -> [Owner; 3] {
        [
            Owner::Account { account: id() },
            Owner::User { user: id() },
            Owner::Decoy,
        ]
    }

    fn kinds() -> Vec<EventKind> {
        let (subscription, payment) = (id::<SubscriptionId>(), id::<PaymentId>());
        vec![
            EventKind::UserRegistered {
                user: id::<UserId>(),
                token: id::<ActId>(),
            },
            EventKind::NothingToSend,
            EventKind::SessionReused {
                user: id(),
                session: id::<SessionId>(),
            },
            EventKind::PeriodPaid {
                subscription,
                index: 3,
                payment,
                numbered: true,
            },
            EventKind::RenewalDeclined {
                subscription,
                payment,
                attempt: 2,
                code: "expired_card".to_owned(),
            },
            EventKind::PaymentPageOpened {
                payment,
                attempt: 4_000_000_000,
            },
            EventKind::InvoiceFinalised {
                invoice: id::<InvoiceId>(),
                number: InvoiceNumber {
                    series: Series::Invoice,
                    year: 2026,
                    sequence: 12,
                },
                paid: true,
            },
            EventKind::OrderExpired { order: id() },
        ]
    }

    #[test]
    fn every_event_reads_back_from_its_item() {
        for owner in owners() {
            for kind in kinds() {
                let written = event(id(), owner, kind, NOW);
                let item = encode(&written, 1, id()).unwrap();
                let read = decode::<Event>(item).unwrap();
                assert_eq!(read.value, written);
                assert_eq!(read.version, 1);
            }
        }
    }

    #[test]
    fn only_an_event_with_a_consumer_has_a_timer() {
        let owner = Owner::Account {
            account: id::<AccountId>(),
        };
        for kind in kinds() {
            let consumer = kind.has_consumer();
            let due = event(id(), owner, kind, NOW).due();
            let expected = consumer.then(|| Due {
                job: Job::Reconcile,
                at: NOW.checked_add(DELIVERY).unwrap(),
            });
            assert_eq!(due, expected);
        }
    }

    #[test]
    fn an_undelivered_event_waits_longer_and_longer_then_for_a_person() {
        let minutes = |minutes| later(NOW, SignedDuration::from_mins(minutes));
        for (tried, next) in [
            (0, Some(5)),
            (5, Some(10)),
            (40, Some(80)),
            (600, Some(960)),
            (2_879, Some(3_239)),
            (2_880, None),
        ] {
            assert_eq!(next_delivery(NOW, minutes(tried)), next.map(minutes));
        }
    }

    #[test]
    fn only_decoys_are_forgotten() {
        for owner in owners() {
            let expires = event(id(), owner, EventKind::NothingToSend, NOW).expires_at();
            assert_eq!(expires.is_some(), owner == Owner::Decoy);
        }
    }

    #[test]
    fn the_stream_shows_which_events_wait() {
        let image = |event: &Event| -> serde_dynamo::Item {
            let item = encode(event, 1, id()).unwrap();
            let item = item.into_iter().map(|(name, value)| (name, value.into()));
            serde_dynamo::Item::from(
                item.collect::<std::collections::HashMap<_, serde_dynamo::AttributeValue>>(),
            )
        };
        let owner = Owner::User { user: id() };
        let waiting = event(id(), owner, EventKind::NothingToSend, NOW);
        assert_eq!(waiting_in_stream(&image(&waiting)), Some(waiting.key()));
        let delivered = Event {
            deliver_at: None,
            ..waiting
        };
        assert_eq!(waiting_in_stream(&image(&delivered)), None);
        assert_eq!(waiting_in_stream(&serde_dynamo::Item::default()), None);
    }
}
