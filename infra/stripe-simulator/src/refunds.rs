//! Refunds: `/v1/refunds`. Never more than was captured.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::{Act, later};
use crate::error::ApiError;
use crate::form::Form;
use crate::list::{Listed, Page};
use crate::state::State;

/// How long a refund takes to be returned, or to go through, in seconds.
const TURNS_AFTER: i64 = 60 * 60;

/// What becomes of refunds to a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refunding {
    /// They go through at once.
    Succeeds,
    /// They seem to, and are returned later.
    Fails,
    /// They are under way, and go through later.
    Waits,
}

impl Refunding {
    /// How a refund stands when it was just made.
    fn at_first(self) -> Status {
        match self {
            Self::Succeeds | Self::Fails => Status::Succeeded,
            Self::Waits => Status::Pending,
        }
    }
}

/// How a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Succeeded,
    Pending,
    Failed,
}

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
    status: Status,
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
            "failure_reason":
                (self.status == Status::Failed).then_some("expired_or_canceled_card"),
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "reason": self.reason,
            "status": self.status,
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
        self.refuse_disputed(&charge)?;
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
        let method = self.payment_methods.get(&charge.method);
        let refunding = method.map_or(Refunding::Succeeds, |method| method.card.refunds);
        let refund = Refund {
            id: self.ids.next("re"),
            created: act.now,
            charge: charge.id.clone(),
            intent: charge.intent.clone(),
            amount,
            currency: charge.currency.clone(),
            reason,
            metadata,
            status: refunding.at_first(),
        };
        let (answer, object) = (refund.to_json(), charge.to_json(livemode));
        if refunding != Refunding::Succeeds {
            let turns_at = later(act.now, TURNS_AFTER);
            self.turns.insert((turns_at, refund.id.clone()));
        }
        self.refunds.insert(refund.id.clone(), refund);
        self.emit(act, "refund.created", &answer);
        self.emit(act, "charge.refunded", &object);
        Ok(answer)
    }

    /// What a bank decides on, or took, cannot be refunded.
    fn refuse_disputed(&self, charge: &str) -> Result<(), ApiError> {
        let mut disputes = self.disputes.values();
        if disputes.any(|dispute| dispute.charge == charge && dispute.holds()) {
            let message = format!("Charge {charge} has been charged back; cannot issue a refund.");
            return Err(ApiError::state(Some("charge_disputed"), message));
        }
        Ok(())
    }

    /// Refunds end whose time has come: returned by the bank, or gone through.
    pub(crate) fn turn_refunds(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.turns.pop_first() {
            if at > now {
                self.turns.insert((at, id));
                break;
            }
            let Some(refund) = self.refunds.get_mut(&id) else {
                continue;
            };
            let fails = refund.status == Status::Succeeded;
            refund.status = if fails {
                Status::Failed
            } else {
                Status::Succeeded
            };
            if fails && let Some(charge) = self.charges.get_mut(&refund.charge) {
                charge.refunded = charge.refunded.saturating_sub(refund.amount);
            }
            let (act, object) = (Act::outside(at), refund.to_json());
            self.emit(&act, "refund.updated", &object);
            self.emit(&act, "charge.refund.updated", &object);
            if fails {
                self.emit(&act, "refund.failed", &object);
            }
        }
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
