//! Payment intents and their charges: what an attempt to take money leaves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cards::Refusal;
use crate::clock::Act;
use crate::list::Listed;
use crate::state::State;

/// Where an intent stands. `RequiresPaymentMethod` is also where a declined
/// one returns to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IntentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Succeeded,
    Canceled,
}

impl IntentStatus {
    /// Whether money may still be taken by it.
    pub(crate) fn is_open(self) -> bool {
        match self {
            Self::RequiresPaymentMethod | Self::RequiresConfirmation | Self::RequiresAction => true,
            Self::Succeeded | Self::Canceled => false,
        }
    }
}

/// A failed attempt, as the intent remembers it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LastError {
    pub(crate) refusal: Refusal,
    method: String,
    charge: Option<String>,
}

/// One payment: at most one capture, over as many attempts as it takes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) amount: u64,
    pub(crate) currency: String,
    pub(crate) customer: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) saves_card: bool,
    pub(crate) status: IntentStatus,
    pub(crate) method: Option<String>,
    pub(crate) last_error: Option<LastError>,
    pub(crate) latest_charge: Option<String>,
    pub(crate) canceled: Option<(Timestamp, Option<String>)>,
    /// The Checkout Session that made it.
    pub(crate) session: Option<String>,
}

impl Listed for Intent {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
}

/// One attempt that reached the network: money taken, or refused.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) intent: String,
    pub(crate) amount: u64,
    pub(crate) refunded: u64,
    pub(crate) currency: String,
    customer: Option<String>,
    metadata: BTreeMap<String, String>,
    pub(crate) method: String,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) disputed: bool,
}

impl Charge {
    /// What may still be refunded, in minor units.
    pub(crate) fn refundable(&self) -> u64 {
        if self.refusal.is_some() {
            0
        } else {
            self.amount.saturating_sub(self.refunded)
        }
    }

    pub(crate) fn to_json(&self, livemode: bool) -> Value {
        let paid = self.refusal.is_none();
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": if paid { self.amount } else { 0 },
            "amount_refunded": self.refunded,
            "balance_transaction": paid.then(|| crate::balance::transaction_of(&self.id)),
            "captured": paid,
            "created": self.created.as_second(),
            "currency": self.currency,
            "customer": self.customer,
            "disputed": self.disputed,
            "failure_code": self.refusal.as_ref().map(|refusal| &refusal.code),
            "failure_message": self.refusal.as_ref().map(Refusal::message),
            "livemode": livemode,
            "metadata": self.metadata,
            "outcome": {
                "network_status": if paid { "approved_by_network" } else { "declined_by_network" },
                "reason": self.refusal.as_ref().map(Refusal::reason),
                "type": if paid { "authorized" } else { "issuer_declined" },
            },
            "paid": paid,
            "payment_intent": self.intent,
            "payment_method": self.method,
            "refunded": paid && self.refunded == self.amount,
            "status": if paid { "succeeded" } else { "failed" },
        })
    }
}

impl State {
    /// Puts a new intent and tells of it.
    pub(crate) fn open_intent(&mut self, act: &Act, intent: Intent) {
        let id = intent.id.clone();
        self.intents.insert(id.clone(), intent);
        self.emit_intent(act, "payment_intent.created", &id);
    }

    /// Takes the money. An intent that is not open takes none.
    pub(crate) fn capture(&mut self, act: &Act, id: &str, method: &str) {
        let charge = self.charge(act.now, id, method, None);
        let Some(intent) = self
            .intents
            .get_mut(id)
            .filter(|intent| intent.status.is_open())
        else {
            return;
        };
        intent.status = IntentStatus::Succeeded;
        intent.method = Some(method.to_owned());
        intent.last_error = None;
        intent.latest_charge.clone_from(&charge);
        if intent.saves_card {
            let customer = intent.customer.clone();
            self.attach(method, customer.as_ref());
        }
        self.emit_intent(act, "payment_intent.succeeded", id);
        if let Some(charge) = charge {
            self.dispute_if_the_card_does(act, &charge, method);
        }
    }

    /// Books a refused attempt; the intent stays open for another card.
    pub(crate) fn decline(&mut self, act: &Act, id: &str, method: &str, refusal: Refusal) {
        // 3-D Secure fails before there is a charge.
        let charged = refusal != Refusal::failed_authentication();
        let charge = if charged {
            self.charge(act.now, id, method, Some(&refusal))
        } else {
            None
        };
        let Some(intent) = self
            .intents
            .get_mut(id)
            .filter(|intent| intent.status.is_open())
        else {
            return;
        };
        intent.status = IntentStatus::RequiresPaymentMethod;
        intent.method = None;
        if charge.is_some() {
            intent.latest_charge.clone_from(&charge);
        }
        intent.last_error = Some(LastError {
            refusal,
            method: method.to_owned(),
            charge,
        });
        self.emit_intent(act, "payment_intent.payment_failed", id);
    }

    /// Waits for the buyer to pass 3-D Secure.
    pub(crate) fn require_action(&mut self, act: &Act, id: &str, method: &str) {
        let Some(intent) = self
            .intents
            .get_mut(id)
            .filter(|intent| intent.status.is_open())
        else {
            return;
        };
        intent.status = IntentStatus::RequiresAction;
        intent.method = Some(method.to_owned());
        self.emit_intent(act, "payment_intent.requires_action", id);
    }

    /// Ends an open intent for good.
    pub(crate) fn cancel(&mut self, act: &Act, id: &str, reason: Option<String>) {
        let Some(intent) = self
            .intents
            .get_mut(id)
            .filter(|intent| intent.status.is_open())
        else {
            return;
        };
        intent.status = IntentStatus::Canceled;
        intent.canceled = Some((act.now, reason));
        self.emit_intent(act, "payment_intent.canceled", id);
    }

    fn charge(
        &mut self,
        now: Timestamp,
        intent: &str,
        method: &str,
        refusal: Option<&Refusal>,
    ) -> Option<String> {
        let intent = self
            .intents
            .get(intent)
            .filter(|intent| intent.status.is_open())?;
        let id = self.ids.next("ch");
        let charge = Charge {
            id: id.clone(),
            created: now,
            intent: intent.id.clone(),
            amount: intent.amount,
            refunded: 0,
            currency: intent.currency.clone(),
            customer: intent.customer.clone(),
            metadata: intent.metadata.clone(),
            method: method.to_owned(),
            refusal: refusal.cloned(),
            disputed: false,
        };
        self.charges.insert(id.clone(), charge);
        Some(id)
    }

    fn emit_intent(&mut self, act: &Act, kind: &str, id: &str) {
        if let Some(intent) = self.intents.get(id) {
            let object = self.intent_json(intent);
            self.emit(act, kind, &object);
        }
    }

    /// An intent as the API shows it.
    pub(crate) fn intent_json(&self, intent: &Intent) -> Value {
        let livemode = self.config.livemode;
        let captured = if intent.status == IntentStatus::Succeeded {
            intent.amount
        } else {
            0
        };
        let last_error = intent.last_error.as_ref().map(|error| {
            let method = self.payment_methods.get(&error.method);
            json!({
                "charge": error.charge,
                "code": error.refusal.code,
                "decline_code": error.refusal.decline_code,
                "message": error.refusal.message(),
                "payment_method": method.map(|method| method.to_json(livemode)),
                "type": error.refusal.kind(),
            })
        });
        let next_action = (intent.status == IntentStatus::RequiresAction)
            .then(|| json!({ "type": "use_stripe_sdk" }));
        let canceled = intent.canceled.as_ref();
        json!({
            "id": intent.id,
            "object": "payment_intent",
            "amount": intent.amount,
            "amount_capturable": 0,
            "amount_received": captured,
            "canceled_at": canceled.map(|(at, _)| at.as_second()),
            "cancellation_reason": canceled.and_then(|(_, reason)| reason.as_ref()),
            "capture_method": "automatic",
            "client_secret": format!("{}_secret_sim", intent.id),
            "confirmation_method": "automatic",
            "created": intent.created.as_second(),
            "currency": intent.currency,
            "customer": intent.customer,
            "description": intent.description,
            "last_payment_error": last_error,
            "latest_charge": intent.latest_charge,
            "livemode": livemode,
            "metadata": intent.metadata,
            "next_action": next_action,
            "payment_method": intent.method,
            "payment_method_types": ["card"],
            "setup_future_usage": intent.saves_card.then_some("off_session"),
            "status": intent.status,
        })
    }
}
