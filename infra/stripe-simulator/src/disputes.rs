//! Disputes: a buyer who asks the bank for the money back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Act;
use crate::state::State;

/// A capture its card holder denies.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Dispute {
    id: String,
    created: Timestamp,
    charge: String,
    intent: String,
    amount: u64,
    currency: String,
}

impl Dispute {
    pub(crate) fn to_json(&self, livemode: bool) -> Value {
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "charge": self.charge,
            "created": self.created.as_second(),
            "currency": self.currency,
            "livemode": livemode,
            "metadata": {},
            "payment_intent": self.intent,
            "reason": "fraudulent",
            "status": "needs_response",
        })
    }
}

impl State {
    /// Opens a dispute where the card that paid is the disputing test card.
    pub(crate) fn dispute_if_the_card_does(&mut self, act: &Act, charge: &str, method: &str) {
        let disputes = self
            .payment_methods
            .get(method)
            .is_some_and(|method| method.card.disputes);
        let Some(charge) = self.charges.get_mut(charge).filter(|_| disputes) else {
            return;
        };
        charge.disputed = true;
        let dispute = Dispute {
            id: self.ids.next("du"),
            created: act.now,
            charge: charge.id.clone(),
            intent: charge.intent.clone(),
            amount: charge.amount,
            currency: charge.currency.clone(),
        };
        let object = dispute.to_json(self.config.livemode);
        self.disputes.insert(dispute.id.clone(), dispute);
        self.emit(act, "charge.dispute.created", &object);
    }
}
