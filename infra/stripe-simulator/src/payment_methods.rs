//! Saved cards: `/v1/payment_methods`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cards::Card;
use crate::clock::Act;
use crate::error::ApiError;
use crate::form::Form;
use crate::list::{Listed, Page};
use crate::state::State;

/// A card the hosted page took; saved once it belongs to a customer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PaymentMethod {
    id: String,
    created: Timestamp,
    pub(crate) customer: Option<String>,
    pub(crate) card: Card,
}

impl PaymentMethod {
    pub(crate) fn to_json(&self, livemode: bool) -> Value {
        json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "limited",
            "billing_details": { "address": null, "email": null, "name": null, "phone": null },
            "card": self.card.to_json(),
            "created": self.created.as_second(),
            "customer": self.customer,
            "livemode": livemode,
            "metadata": {},
            "type": "card",
        })
    }
}

impl Listed for PaymentMethod {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
}

impl State {
    /// Keeps a card that was just typed in; it belongs to nobody yet.
    pub(crate) fn take_card(&mut self, now: Timestamp, card: Card) -> String {
        let id = self.ids.next("pm");
        let method = PaymentMethod {
            id: id.clone(),
            created: now,
            customer: None,
            card,
        };
        self.payment_methods.insert(id.clone(), method);
        id
    }

    /// Saves a card for its customer, to be charged without them later.
    pub(crate) fn attach(&mut self, method: &str, customer: Option<&String>) {
        if let Some(method) = self.payment_methods.get_mut(method) {
            method.customer = customer.cloned();
        }
    }

    pub(crate) fn get_payment_method(&self, id: &str) -> Result<Value, ApiError> {
        let method = self.payment_methods.get(id);
        let method = method.ok_or_else(|| ApiError::no_such("PaymentMethod", id))?;
        Ok(method.to_json(self.config.livemode))
    }

    pub(crate) fn detach_payment_method(
        &mut self,
        act: &Act,
        id: &str,
        form: Form,
    ) -> Result<Value, ApiError> {
        form.finish()?;
        let method = self.payment_methods.get_mut(id);
        let method = method.ok_or_else(|| ApiError::no_such("PaymentMethod", id))?;
        let Some(customer) = method.customer.take() else {
            return Err(ApiError::state(
                None,
                "The payment method you provided is not attached to a customer so detachment is \
                 impossible.",
            ));
        };
        let detached = method.to_json(self.config.livemode);
        let before = json!({ "customer": customer });
        self.emit_change(act, "payment_method.detached", &detached, &before);
        Ok(detached)
    }

    /// The saved cards of one customer.
    pub(crate) fn list_payment_methods(&self, mut form: Form) -> Result<Value, ApiError> {
        let customer = self.known_customer(Some(form.require("customer")?))?;
        let kind = form.take("type");
        let page = Page::take(&mut form)?;
        form.finish()?;
        let wanted = self.payment_methods.values().filter(|method| {
            method.customer == customer && kind.as_deref().is_none_or(|kind| kind == "card")
        });
        page.of("/v1/payment_methods", wanted, |method| {
            method.to_json(self.config.livemode)
        })
    }

    /// Lets the network say that every saved card of the customers with that
    /// e-mail expires with another month; answers how many cards that is.
    pub(crate) fn set_card_expiry(
        &mut self,
        act: &Act,
        email: &str,
        year: i16,
        month: i8,
    ) -> usize {
        let owned = self.cards_of(email);
        let livemode = self.config.livemode;
        for id in &owned {
            let Some(method) = self.payment_methods.get_mut(id) else {
                continue;
            };
            let before = method.card.expire_with(year, month);
            let (after, before) = (method.to_json(livemode), json!({ "card": before }));
            let kind = "payment_method.automatically_updated";
            self.emit_change(act, kind, &after, &before);
        }
        owned.len()
    }

    /// The saved cards of the customers with that e-mail.
    fn cards_of(&self, email: &str) -> Vec<String> {
        let is_theirs = |method: &&PaymentMethod| {
            let owner = method.customer.as_ref();
            let owner = owner.and_then(|id| self.customers.get(id));
            let address = owner.and_then(|customer| customer.email.as_deref());
            address.is_some_and(|address| address.eq_ignore_ascii_case(email))
        };
        let theirs = self.payment_methods.values().filter(is_theirs);
        theirs.map(|method| method.id.clone()).collect()
    }

    /// Makes every saved card of the customers with that e-mail behave so from
    /// now on; answers how many cards that is.
    pub(crate) fn set_card_behaviour(&mut self, email: &str, behave: &str) -> usize {
        let owned = self.cards_of(email);
        for id in &owned {
            if let Some(method) = self.payment_methods.get_mut(id) {
                method.card.behave(behave);
            }
        }
        owned.len()
    }
}
