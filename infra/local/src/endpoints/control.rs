//! What a developer turns: cards, faults, webhooks, reset.

use super::{Answer, Refused, json, read_json};
use crate::cloud::Cloud;
use crate::faults::Faults;
use bytes::Bytes;
use http::Request;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json as object;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cards {
    email: String,
    /// How they answer charges from now on.
    behave: Option<String>,
    /// The month they expire with, as `2027-03`.
    expires: Option<String>,
}

/// A month, as `2027-03`.
fn month(text: &str) -> Option<(i16, i8)> {
    let first: Date = format!("{text}-01").parse().ok()?;
    Some((first.year(), first.month()))
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
        let cards: Cards = read_json(request)?;
        let (simulator, email) = (self.simulator(), &cards.email);
        let mut changed = 0;
        if let Some(behave) = &cards.behave {
            changed = simulator.set_card_behaviour(email, behave);
        }
        if let Some(expires) = &cards.expires {
            let wrong = || Refused::unprocessable("a month is written like 2027-03");
            let expires = month(expires).ok_or_else(wrong)?;
            changed = simulator.set_card_expiry(self.now(), email, expires);
        }
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
