//! The provider's own book, and the reads that only look things up in it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::Form;
use crate::intents::{Intent, IntentStatus};
use crate::list::Page;
use crate::state::State;

impl State {
    /// Everything the provider holds, oldest first.
    pub(crate) fn book(&self) -> Value {
        let livemode = self.config.livemode;
        let customers: Vec<Value> = self
            .customers
            .values()
            .map(|customer| customer.to_json(livemode))
            .collect();
        let mut attempts: BTreeMap<&str, u32> = BTreeMap::new();
        for charge in self.charges.values() {
            let count = attempts.entry(&charge.intent).or_default();
            *count = count.saturating_add(1);
        }
        let attempts = |id: &str| attempts.get(id).copied().unwrap_or_default();
        let payments: Vec<Value> = self
            .intents
            .values()
            .map(|intent| self.payment_json(intent, attempts(&intent.id)))
            .collect();
        let sessions: Vec<Value> = self
            .sessions
            .values()
            .map(|session| self.session_json(session))
            .collect();
        let cards: Vec<Value> = self
            .payment_methods
            .values()
            .filter(|method| method.customer.is_some())
            .map(|method| method.to_json(livemode))
            .collect();
        let refunds: Vec<Value> = self
            .refunds
            .values()
            .map(crate::refunds::Refund::to_json)
            .collect();
        let disputes: Vec<Value> = self
            .disputes
            .values()
            .map(|dispute| dispute.to_json(livemode))
            .collect();
        json!({
            "customers": customers,
            "cards": cards,
            "sessions": sessions,
            "payments": payments,
            "refunds": refunds,
            "disputes": disputes,
            "events": self.courier.to_book(),
        })
    }

    fn payment_json(&self, intent: &Intent, attempts: u32) -> Value {
        let charge = intent
            .latest_charge
            .as_ref()
            .and_then(|id| self.charges.get(id));
        let status = match (intent.status, &intent.last_error) {
            (IntentStatus::RequiresPaymentMethod, Some(_)) => "failed",
            (IntentStatus::RequiresPaymentMethod, None) => "requires_payment_method",
            (IntentStatus::RequiresConfirmation, _) => "requires_confirmation",
            (IntentStatus::RequiresAction, _) => "requires_action",
            (IntentStatus::Succeeded, _) => "succeeded",
            (IntentStatus::Canceled, _) => "canceled",
        };
        let captured = if intent.status == IntentStatus::Succeeded {
            intent.amount
        } else {
            0
        };
        let mut payment = json!({
            "id": intent.id,
            "status": status,
            "amount": intent.amount,
            "amountCaptured": captured,
            "refundedAmount": charge.map_or(0, |charge| charge.refunded),
            "currency": intent.currency,
            "customer": intent.customer,
            "metadata": intent.metadata,
            "paymentMethod": intent.method,
            "session": intent.session,
            "charges": attempts,
            "createdAt": intent.created,
        });
        if let (Some(error), Value::Object(members)) = (&intent.last_error, &mut payment) {
            members.insert("declineCode".to_owned(), json!(error.refusal.reason()));
        }
        payment
    }

    pub(crate) fn get_charge(&self, id: &str) -> Result<Value, ApiError> {
        let charge = self
            .charges
            .get(id)
            .ok_or_else(|| ApiError::no_such("charge", id))?;
        Ok(charge.to_json(self.config.livemode))
    }

    pub(crate) fn get_event(&self, id: &str) -> Result<Value, ApiError> {
        let event = self
            .courier
            .events
            .get(id)
            .ok_or_else(|| ApiError::no_such("event", id))?;
        Ok(event.to_json())
    }

    pub(crate) fn list_events(&self, mut form: Form) -> Result<Value, ApiError> {
        let kind = form.take("type");
        let page = Page::take(&mut form)?;
        form.finish()?;
        let wanted = self
            .courier
            .events
            .values()
            .filter(|event| kind.as_ref().is_none_or(|kind| event.kind == *kind));
        page.of("/v1/events", wanted, crate::courier::Event::to_json)
    }
}
