//! Everything the provider knows, and what all its parts share.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Config;
use crate::clock::Act;
use crate::courier::{Courier, Event};
use crate::customers::Customer;
use crate::disputes::Dispute;
use crate::faults::ApiWeather;
use crate::idempotency::KeyStore;
use crate::ids::Ids;
use crate::intents::{Charge, Intent};
use crate::payment_methods::PaymentMethod;
use crate::refunds::Refund;
use crate::sessions::Session;
use crate::setup_intents::SetupIntent;

/// The provider's memory. Maps are by id, and ids sort in order of creation.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// Given by the caller, never part of a dump: it holds the secrets.
    #[serde(skip)]
    pub(crate) config: Config,
    pub(crate) ids: Ids,
    pub(crate) keys: KeyStore,
    pub(crate) courier: Courier,
    pub(crate) weather: ApiWeather,
    pub(crate) customers: BTreeMap<String, Customer>,
    pub(crate) payment_methods: BTreeMap<String, PaymentMethod>,
    pub(crate) sessions: BTreeMap<String, Session>,
    /// Open sessions by the time they expire.
    pub(crate) expiries: BTreeSet<(Timestamp, String)>,
    pub(crate) intents: BTreeMap<String, Intent>,
    pub(crate) setup_intents: BTreeMap<String, SetupIntent>,
    pub(crate) charges: BTreeMap<String, Charge>,
    pub(crate) refunds: BTreeMap<String, Refund>,
    /// Refunds that will be returned or go through, by when.
    pub(crate) turns: BTreeSet<(Timestamp, String)>,
    pub(crate) disputes: BTreeMap<String, Dispute>,
}

impl State {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            ..Self::default()
        }
    }

    /// Sends an event about `object` as it is at this moment.
    pub(crate) fn emit(&mut self, act: &Act, kind: &str, object: &Value) {
        self.emit_data(act, kind, json!({ "object": object }));
    }

    /// The same for a change, with what was there before it.
    pub(crate) fn emit_change(&mut self, act: &Act, kind: &str, object: &Value, before: &Value) {
        let data = json!({ "object": object, "previous_attributes": before });
        self.emit_data(act, kind, data);
    }

    fn emit_data(&mut self, act: &Act, kind: &str, data: Value) {
        let id = self.ids.next("evt");
        let envelope = json!({
            "id": id,
            "object": "event",
            "api_version": self.config.webhook_api_version,
            "created": act.now.as_second(),
            "data": data,
            "livemode": self.config.livemode,
            "pending_webhooks": 1,
            "request": { "id": act.request_id, "idempotency_key": act.idempotency_key },
            "type": kind,
        });
        self.courier
            .post(act.now, Event::new(id, kind.to_owned(), act.now, &envelope));
    }
}
