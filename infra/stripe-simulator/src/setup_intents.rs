//! Setup intents: a card saved without a payment, by a session in setup mode.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cards::Refusal;
use crate::clock::Act;
use crate::error::ApiError;
use crate::intents::IntentStatus;
use crate::state::State;

/// One card to be saved.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SetupIntent {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) customer: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) status: IntentStatus,
    pub(crate) method: Option<String>,
    pub(crate) last_error: Option<Refusal>,
}

impl SetupIntent {
    fn to_json(&self, livemode: bool) -> Value {
        let last_error = self.last_error.as_ref().map(|refusal| {
            json!({
                "code": refusal.code,
                "decline_code": refusal.decline_code,
                "message": refusal.message(),
                "type": refusal.kind(),
            })
        });
        json!({
            "id": self.id,
            "object": "setup_intent",
            "client_secret": format!("{}_secret_sim", self.id),
            "created": self.created.as_second(),
            "customer": self.customer,
            "last_setup_error": last_error,
            "livemode": livemode,
            "metadata": self.metadata,
            "payment_method": self.method,
            "payment_method_types": ["card"],
            "status": self.status,
            "usage": "off_session",
        })
    }
}

/// What an attempt to save a card came to.
pub(crate) enum Setup {
    Saved,
    Authenticating,
    Refused(Refusal),
}

impl State {
    /// Books an attempt on an open setup intent; a saved card belongs to the
    /// customer from then on.
    pub(crate) fn set_up(&mut self, act: &Act, id: &str, method: &str, outcome: Setup) {
        let livemode = self.config.livemode;
        let Some(setup) = self
            .setup_intents
            .get_mut(id)
            .filter(|setup| setup.status.is_open())
        else {
            return;
        };
        setup.method = Some(method.to_owned());
        setup.last_error = None;
        let (status, event) = match outcome {
            Setup::Saved => (IntentStatus::Succeeded, "setup_intent.succeeded"),
            Setup::Authenticating => (IntentStatus::RequiresAction, "setup_intent.requires_action"),
            Setup::Refused(refusal) => {
                setup.method = None;
                setup.last_error = Some(refusal);
                (
                    IntentStatus::RequiresPaymentMethod,
                    "setup_intent.setup_failed",
                )
            }
        };
        setup.status = status;
        let object = setup.to_json(livemode);
        let customer = setup.customer.clone();
        if status == IntentStatus::Succeeded {
            self.attach(method, customer.as_ref());
        }
        self.emit(act, event, &object);
    }

    /// Ends an open setup intent for good.
    pub(crate) fn cancel_setup(&mut self, act: &Act, id: &str) {
        let livemode = self.config.livemode;
        let Some(setup) = self
            .setup_intents
            .get_mut(id)
            .filter(|setup| setup.status.is_open())
        else {
            return;
        };
        setup.status = IntentStatus::Canceled;
        let object = setup.to_json(livemode);
        self.emit(act, "setup_intent.canceled", &object);
    }

    pub(crate) fn get_setup_intent(&self, id: &str) -> Result<Value, ApiError> {
        let setup = self.setup_intents.get(id);
        let setup = setup.ok_or_else(|| ApiError::no_such("setupintent", id))?;
        Ok(setup.to_json(self.config.livemode))
    }
}
