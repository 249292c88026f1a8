//! Refunds: `/v1/refunds`. Never more than was captured.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Act;
use crate::error::ApiError;
use crate::form::Form;
use crate::list::{Listed, Page};
use crate::state::State;

/// Money given back.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    charge: String,
    pub(crate) intent: String,
    pub(crate) amount: u64,
    pub(crate) currency: String,
    reason: Option<String>,
    metadata: BTreeMap<String, String>,
}

impl Refund {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": crate::balance::transaction_of(&self.id),
            "charge": self.charge,
            "created": self.created.as_second(),
            "currency": self.currency,
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "reason": self.reason,
            "status": "succeeded",
        })
    }
}

impl Listed for Refund {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
}

impl State {
    pub(crate) fn create_refund(&mut self, act: &Act, mut form: Form) -> Result<Value, ApiError> {
        let charge = self.read_charge(&mut form)?;
        let amount = form.take_amount("amount")?;
        let reason = form.take("reason");
        let metadata = form.take_metadata()?;
        form.finish()?;
        let known = ["duplicate", "fraudulent", "requested_by_customer"];
        if reason
            .as_deref()
            .is_some_and(|reason| !known.contains(&reason))
        {
            return Err(ApiError::invalid("reason", "Invalid reason."));
        }
        if amount == Some(0) {
            return Err(ApiError::invalid("amount", "Invalid positive integer"));
        }
        let livemode = self.config.livemode;
        let charge = self
            .charges
            .get_mut(&charge)
            .ok_or_else(|| ApiError::no_such("charge", &charge))?;
        let left = charge.refundable();
        if left == 0 {
            let message = format!("Charge {} has already been refunded.", charge.id);
            return Err(ApiError::state(Some("charge_already_refunded"), message));
        }
        let amount = amount.unwrap_or(left);
        if amount > left {
            return Err(ApiError::state(
                None,
                format!(
                    "Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
                ),
            ));
        }
        charge.refunded = charge.refunded.saturating_add(amount);
        let refund = Refund {
            id: self.ids.next("re"),
            created: act.now,
            charge: charge.id.clone(),
            intent: charge.intent.clone(),
            amount,
            currency: charge.currency.clone(),
            reason,
            metadata,
        };
        let (answer, object) = (refund.to_json(), charge.to_json(livemode));
        self.refunds.insert(refund.id.clone(), refund);
        self.emit(act, "charge.refunded", &object);
        Ok(answer)
    }

    /// The successful charge that `payment_intent` or `charge` names.
    fn read_charge(&self, form: &mut Form) -> Result<String, ApiError> {
        let (intent, charge) = (form.take("payment_intent"), form.take("charge"));
        let (param, id, charge) = match (intent, charge) {
            (Some(_), Some(_)) => {
                let message =
                    "You may only specify one of these parameters: charge, payment_intent.";
                return Err(ApiError::invalid("charge", message));
            }
            (Some(id), None) => {
                let intent = self.intents.get(&id);
                let intent = intent
                    .ok_or_else(|| ApiError::no_such_in("payment_intent", "payment_intent", &id))?;
                ("payment_intent", id, intent.latest_charge.clone())
            }
            (None, Some(id)) => ("charge", id.clone(), Some(id)),
            (None, None) => return Err(ApiError::missing("payment_intent")),
        };
        let charge = charge.and_then(|charge| self.charges.get(&charge));
        match charge {
            Some(charge) if charge.refusal.is_none() => Ok(charge.id.clone()),
            Some(_) | None if param == "payment_intent" => {
                let message = "This PaymentIntent does not have a successful charge to refund.";
                Err(ApiError::invalid(param, message))
            }
            Some(_) => Err(ApiError::invalid(param, "This charge did not succeed.")),
            None => Err(ApiError::no_such_in(param, "charge", &id)),
        }
    }

    pub(crate) fn get_refund(&self, id: &str) -> Result<Value, ApiError> {
        let refund = self
            .refunds
            .get(id)
            .ok_or_else(|| ApiError::no_such("refund", id))?;
        Ok(refund.to_json())
    }

    pub(crate) fn list_refunds(&self, mut form: Form) -> Result<Value, ApiError> {
        let (intent, charge) = (form.take("payment_intent"), form.take("charge"));
        let page = Page::take(&mut form)?;
        form.finish()?;
        let wanted = self.refunds.values().filter(|refund| {
            intent
                .as_ref()
                .is_none_or(|intent| refund.intent == *intent)
                && charge
                    .as_ref()
                    .is_none_or(|charge| refund.charge == *charge)
        });
        page.of("/v1/refunds", wanted, Refund::to_json)
    }
}
