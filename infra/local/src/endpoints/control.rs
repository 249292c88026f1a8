//! What a developer turns: cards, faults, webhooks, reset.

use super::{Answer, Refused, json, read_json};
use crate::cloud::Cloud;
use crate::faults::Faults;
use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::json as object;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cards {
    email: String,
    behave: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dispute {
    /// The provider's payment.
    payment: String,
    #[serde(default)]
    inquiry: bool,
}

impl Cloud {
    pub(super) fn set_cards(&self, request: &Request<Bytes>) -> Answer {
        let Cards { email, behave } = read_json(request)?;
        let changed = self.simulator().set_card_behaviour(&email, &behave);
        Ok(json(&object!({"cards": changed})))
    }

    pub(super) async fn open_dispute(&self, request: &Request<Bytes>) -> Answer {
        let Dispute { payment, inquiry } = read_json(request)?;
        let opened = self.simulator().dispute(self.now(), &payment, inquiry);
        let Some(dispute) = opened else {
            return Err(Refused::not_found("no such payment can be disputed"));
        };
        self.settle().await;
        Ok(json(&object!({"dispute": dispute})))
    }

    pub(super) async fn redeliver(&self, event: &str) -> Answer {
        if !self.simulator().redeliver(self.now(), event) {
            return Err(Refused::not_found("the provider sent no such event"));
        }
        self.settle().await;
        Ok(json(&object!({"redelivered": event})))
    }

    pub(super) fn put_faults(&self, request: &Request<Bytes>) -> Answer {
        let faults: Faults = read_json(request)?;
        self.set_faults(faults).map_err(Refused::fault)?;
        Ok(json(&self.backends().faults()))
    }

    pub(super) async fn reset_all(&self) -> Answer {
        self.reset().await.map_err(Refused::fault)?;
        Ok(json(&object!({"now": self.now()})))
    }
}
