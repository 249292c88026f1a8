//! The endpoints of payment intents: `/v1/payment_intents`.

use jiff::Timestamp;
use serde_json::Value;

use crate::cards::{Refusal, Verdict};
use crate::clock::Act;
use crate::error::ApiError;
use crate::form::Form;
use crate::intents::{Intent, IntentStatus};
use crate::list::Page;
use crate::state::State;

/// Parameters of the real API that change nothing a shop could see here.
const UNUSED: &[&str] = &[
    "automatic_payment_methods",
    "payment_method_types",
    "payment_method_options",
    "receipt_email",
    "return_url",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "use_stripe_sdk",
    "error_on_requires_action",
];

impl State {
    pub(crate) fn create_intent(&mut self, act: &Act, mut form: Form) -> Result<Value, ApiError> {
        let amount = form
            .take_amount("amount")?
            .ok_or_else(|| ApiError::missing("amount"))?;
        self.check_amount("amount", amount)?;
        let currency = form.require_currency("currency")?;
        let customer = self.known_customer(form.take("customer"))?;
        let method = form.take("payment_method");
        let confirm = form.take_flag("confirm")?;
        let off_session = form.take_flag("off_session")?;
        let description = form.take("description");
        let saves_card = form.take("setup_future_usage").is_some();
        let metadata = form.take_metadata()?;
        form.discard(UNUSED);
        form.finish()?;
        if off_session && !confirm {
            let message = "You can only set `off_session` when `confirm` is true.";
            return Err(ApiError::invalid("off_session", message));
        }
        if confirm && method.is_none() {
            return Err(ApiError::missing("payment_method"));
        }
        if let Some(method) = &method {
            self.check_method(method, customer.as_deref())?;
        }
        let id = self.ids.next("pi");
        let status = match &method {
            Some(_) => IntentStatus::RequiresConfirmation,
            None => IntentStatus::RequiresPaymentMethod,
        };
        let intent = Intent {
            id: id.clone(),
            created: self.weather.clock(act.now),
            amount,
            currency,
            customer,
            description,
            metadata,
            saves_card,
            status,
            method,
            last_error: None,
            latest_charge: None,
            canceled: None,
            session: None,
        };
        self.open_intent(act, intent);
        if confirm {
            self.try_card(act, &id, off_session)
        } else {
            self.get_intent(&id)
        }
    }

    /// `POST /v1/payment_intents/:id/confirm`.
    pub(crate) fn confirm_intent(
        &mut self,
        act: &Act,
        id: &str,
        mut form: Form,
    ) -> Result<Value, ApiError> {
        let method = form.take("payment_method");
        let off_session = form.take_flag("off_session")?;
        form.discard(UNUSED);
        form.finish()?;
        let intent = self.intent(id)?;
        let customer = intent.customer.clone();
        if !intent.status.is_open() || intent.session.is_some() {
            return Err(unexpected_state(intent, "confirm"));
        }
        if let Some(method) = method {
            self.check_method(&method, customer.as_deref())?;
            if let Some(intent) = self.intents.get_mut(id) {
                intent.method = Some(method);
            }
        }
        self.try_card(act, id, off_session)
    }

    /// Charges the card the intent names.
    fn try_card(&mut self, act: &Act, id: &str, off_session: bool) -> Result<Value, ApiError> {
        let intent = self.intent(id)?;
        let Some(method) = intent.method.clone() else {
            return Err(unexpected_state(intent, "confirm"));
        };
        let card = self.payment_methods.get(&method).map(|method| &method.card);
        let card =
            card.ok_or_else(|| ApiError::no_such_in("payment_method", "PaymentMethod", &method))?;
        let verdict = if off_session {
            card.off_session.clone()
        } else {
            card.on_session.clone()
        };
        match verdict {
            Verdict::Approve => self.capture(act, id, &method),
            Verdict::Authenticate if !off_session => self.require_action(act, id, &method),
            Verdict::Authenticate => {
                return self.refuse(act, id, &method, Refusal::of("authentication_required"));
            }
            Verdict::Decline(refusal) => return self.refuse(act, id, &method, refusal),
        }
        self.get_intent(id)
    }

    fn refuse(
        &mut self,
        act: &Act,
        id: &str,
        method: &str,
        refusal: Refusal,
    ) -> Result<Value, ApiError> {
        self.decline(act, id, method, refusal.clone());
        let intent = self.intent(id)?;
        let charge = intent.latest_charge.clone();
        let intent = self.intent_json(intent);
        let method = self.get_payment_method(method)?;
        Err(ApiError::card(&refusal, charge, intent, method))
    }

    fn intent(&self, id: &str) -> Result<&Intent, ApiError> {
        self.intents
            .get(id)
            .ok_or_else(|| ApiError::no_such("payment_intent", id))
    }

    pub(crate) fn get_intent(&self, id: &str) -> Result<Value, ApiError> {
        self.intent(id).map(|intent| self.intent_json(intent))
    }

    pub(crate) fn list_intents(&self, now: Timestamp, mut form: Form) -> Result<Value, ApiError> {
        let customer = form.take("customer");
        let page = Page::take(&mut form)?;
        form.finish()?;
        let wanted = self
            .intents
            .values()
            .filter(|intent| customer.is_none() || intent.customer == customer)
            .filter(|intent| intent.created <= self.weather.shown_until(now));
        page.of("/v1/payment_intents", wanted, |intent| {
            self.intent_json(intent)
        })
    }

    /// `POST /v1/payment_intents/:id/cancel`. The intent of an open session
    /// ends with its session only.
    pub(crate) fn cancel_intent(
        &mut self,
        act: &Act,
        id: &str,
        mut form: Form,
    ) -> Result<Value, ApiError> {
        let reason = form.take("cancellation_reason");
        form.finish()?;
        let known = [
            "duplicate",
            "fraudulent",
            "requested_by_customer",
            "abandoned",
        ];
        if reason
            .as_deref()
            .is_some_and(|reason| !known.contains(&reason))
        {
            return Err(ApiError::invalid(
                "cancellation_reason",
                "Invalid cancellation_reason.",
            ));
        }
        let intent = self.intent(id)?;
        if !intent.status.is_open() || intent.session.is_some() {
            return Err(unexpected_state(intent, "cancel"));
        }
        self.cancel(act, id, reason);
        self.get_intent(id)
    }

    /// Refuses amounts the provider would not charge.
    pub(crate) fn check_amount(&self, param: &str, amount: u64) -> Result<(), ApiError> {
        let least = self.config.minimum_amount.max(1);
        if amount < least {
            let message = format!("Amount must be at least {least} in minor units.");
            return Err(ApiError::invalid_as("amount_too_small", param, message));
        }
        if amount > 99_999_999 {
            let message = "Amount must be no more than 99999999 in minor units.";
            return Err(ApiError::invalid_as("amount_too_large", param, message));
        }
        Ok(())
    }

    /// A saved card can be charged for its own customer only.
    fn check_method(&self, id: &str, customer: Option<&str>) -> Result<(), ApiError> {
        let method = self.payment_methods.get(id);
        let method =
            method.ok_or_else(|| ApiError::no_such_in("payment_method", "PaymentMethod", id))?;
        if method.customer.is_none() || method.customer.as_deref() != customer {
            let message = "The provided PaymentMethod does not belong to the Customer you \
                           supplied, or was detached from it.";
            return Err(ApiError::invalid("payment_method", message));
        }
        Ok(())
    }
}

fn unexpected_state(intent: &Intent, act: &str) -> ApiError {
    let status = serde_json::to_value(intent.status).unwrap_or_default();
    let status = status.as_str().unwrap_or_default();
    let message = if intent.session.is_some() && intent.status.is_open() {
        format!(
            "You cannot {act} this PaymentIntent: it belongs to a Checkout Session. Expire the \
             Checkout Session instead."
        )
    } else {
        format!("You cannot {act} this PaymentIntent because it has a status of {status}.")
    };
    ApiError::state(Some("payment_intent_unexpected_state"), message)
}
