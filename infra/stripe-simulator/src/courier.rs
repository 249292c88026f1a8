//! Events and their way to the webhook endpoint: signed, delayed, doubled,
//! lost, tried again.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::later;
use crate::faults::{Dice, WebhookFaults};
use crate::list::Listed;

/// Waits after each failed attempt, in seconds; the last one repeats.
const RETRY_WAITS: [i64; 6] = [5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 12 * 3600];

/// How long after the first attempt the provider goes on trying, in seconds.
const RETRY_SPAN: i64 = 3 * 24 * 3600;

/// One attempt to deliver an event, for the caller to carry to the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Names this delivery to [`crate::Simulator::delivered`].
    pub id: String,
    /// The event's id; several deliveries may carry the same event.
    pub event_id: String,
    /// The event's type.
    pub event_type: String,
    /// The raw body: the same bytes each time an event is sent.
    pub body: Bytes,
    /// The `Stripe-Signature` header, made for this attempt.
    pub signature_header: String,
}

/// An event: the envelope as it is sent, and what the book says of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    id: String,
    pub(crate) kind: String,
    /// The id of what it is about.
    object: String,
    created: Timestamp,
    body: String,
}

impl Event {
    pub(crate) fn new(id: String, kind: String, created: Timestamp, envelope: &Value) -> Self {
        Self {
            id,
            kind,
            object: envelope
                .pointer("/data/object/id")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            created,
            body: envelope.to_string(),
        }
    }

    /// The envelope, as `GET /v1/events/:id` answers it.
    pub(crate) fn to_json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Listed for Event {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
}

/// One attempt: no status where no answer came.
#[derive(Debug, Serialize, Deserialize)]
struct Attempt {
    at: Timestamp,
    status: Option<u16>,
}

/// An event on its way to the endpoint, with its attempts.
#[derive(Debug, Serialize, Deserialize)]
struct Parcel {
    event_id: String,
    /// Nothing more to do where absent.
    due: Option<Timestamp>,
    attempts: Vec<Attempt>,
    /// Asked for by hand: the weather does not touch it.
    spared: bool,
}

impl Parcel {
    /// When to try again should the latest attempt fail; none once the time
    /// for retries is over.
    fn next_attempt(&self, now: Timestamp) -> Option<Timestamp> {
        let first = self.attempts.first()?.at;
        let failed = self.attempts.len().saturating_sub(1);
        let wait = RETRY_WAITS.get(failed).or(RETRY_WAITS.last())?;
        let next = later(now, *wait);
        (next <= later(first, RETRY_SPAN)).then_some(next)
    }
}

/// All events, and those still to be delivered.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Courier {
    pub(crate) events: BTreeMap<String, Event>,
    parcels: BTreeMap<String, Parcel>,
    queue: BTreeSet<(Timestamp, String)>,
    faults: WebhookFaults,
    dice: Dice,
    sent: u64,
}

impl Courier {
    /// Puts other weather in force for events and attempts from now on.
    pub(crate) fn set_faults(&mut self, faults: WebhookFaults, seed: u64) {
        self.faults = faults;
        self.dice = Dice::seeded(seed);
    }

    /// Takes a new event to be sent at `now`, or later in bad weather.
    pub(crate) fn post(&mut self, now: Timestamp, event: Event) {
        let copies = if self.dice.hits(self.faults.duplicate) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let delay = match self.faults.delay_max_seconds {
                0 => 0,
                most => self.dice.below(u64::from(most).saturating_add(1)),
            };
            let due = later(now, i64::try_from(delay).unwrap_or(i64::MAX));
            self.enqueue(due, &event.id, false);
        }
        self.events.insert(event.id.clone(), event);
    }

    /// Sends a known event once more. False for an unknown one.
    pub(crate) fn post_again(&mut self, now: Timestamp, event_id: &str) -> bool {
        let known = self.events.contains_key(event_id);
        if known {
            self.enqueue(now, event_id, true);
        }
        known
    }

    fn enqueue(&mut self, due: Timestamp, event_id: &str, spared: bool) {
        self.sent = self.sent.saturating_add(1);
        let id = format!("whd_sim{:010}", self.sent);
        let event_id = event_id.to_owned();
        let parcel = Parcel {
            event_id,
            due: Some(due),
            attempts: Vec::new(),
            spared,
        };
        self.parcels.insert(id.clone(), parcel);
        self.queue.insert((due, id));
    }

    /// When the next attempt falls due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// The attempts due by `now`, handed out once. Each is booked as one
    /// without an answer, its retry planned, until `delivered` tells better;
    /// so a courier that dies on the way loses nothing.
    pub(crate) fn take_due(
        &mut self,
        now: Timestamp,
        sign: impl Fn(&[u8]) -> String,
    ) -> Vec<Delivery> {
        let mut due = Vec::new();
        while let Some((at, id)) = self.queue.pop_first() {
            if at > now {
                self.queue.insert((at, id));
                break;
            }
            due.push(id);
        }
        let mut deliveries: Vec<Delivery> = due
            .into_iter()
            .filter_map(|id| self.hand_out(now, id, &sign))
            .collect();
        if self.faults.reorder {
            self.dice.shuffle(&mut deliveries);
        }
        deliveries
    }

    /// One attempt on its way, unless the weather swallows it.
    fn hand_out(
        &mut self,
        now: Timestamp,
        id: String,
        sign: &impl Fn(&[u8]) -> String,
    ) -> Option<Delivery> {
        let parcel = self.parcels.get_mut(&id)?;
        parcel.attempts.push(Attempt {
            at: now,
            status: None,
        });
        if !parcel.spared && self.dice.hits(self.faults.lose) {
            parcel.due = None;
            return None;
        }
        parcel.due = parcel.next_attempt(now);
        if let Some(next) = parcel.due {
            self.queue.insert((next, id.clone()));
        }
        if !parcel.spared && self.dice.hits(self.faults.drop) {
            return None;
        }
        let event = self.events.get(&parcel.event_id)?;
        Some(Delivery {
            id,
            event_id: event.id.clone(),
            event_type: event.kind.clone(),
            signature_header: sign(event.body.as_bytes()),
            body: Bytes::from(event.body.clone()),
        })
    }

    /// Books the endpoint's answer to the latest attempt of a delivery. Every
    /// status but a 2xx leaves the planned retry in place.
    pub(crate) fn delivered(&mut self, delivery_id: &str, status: u16) {
        let Some(parcel) = self.parcels.get_mut(delivery_id) else {
            return;
        };
        if let Some(attempt) = parcel.attempts.last_mut() {
            attempt.status = Some(status);
        }
        if (200..300).contains(&status)
            && let Some(planned) = parcel.due.take()
        {
            self.queue.remove(&(planned, delivery_id.to_owned()));
        }
    }

    /// The book's view: each event with its deliveries.
    pub(crate) fn to_book(&self) -> Vec<Value> {
        let mut deliveries: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (id, parcel) in &self.parcels {
            let attempts: Vec<Value> = parcel
                .attempts
                .iter()
                .map(|attempt| json!({ "at": attempt.at, "status": attempt.status }))
                .collect();
            let row = json!({ "id": id, "attempts": attempts, "nextAttemptAt": parcel.due });
            deliveries.entry(&parcel.event_id).or_default().push(row);
        }
        let row = |event: &Event| {
            json!({
                "id": event.id,
                "type": event.kind,
                "object": event.object,
                "createdAt": event.created,
                "deliveries": deliveries.get(event.id.as_str()).cloned().unwrap_or_default(),
            })
        };
        self.events.values().map(row).collect()
    }
}
