//! Customers: `/v1/customers`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Act;
use crate::error::ApiError;
use crate::form::Form;
use crate::list::{Listed, Page};
use crate::state::State;

/// A customer of the shop, as the provider knows them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Customer {
    id: String,
    created: Timestamp,
    pub(crate) email: Option<String>,
    name: Option<String>,
    description: Option<String>,
    phone: Option<String>,
    metadata: BTreeMap<String, String>,
    pub(crate) deleted: bool,
}

/// Fields of the real API that change nothing a shop could see here.
const UNUSED: &[&str] = &[
    "address",
    "shipping",
    "preferred_locales",
    "tax",
    "tax_id_data",
    "invoice_settings",
];

impl Customer {
    pub(crate) fn to_json(&self, livemode: bool) -> Value {
        if self.deleted {
            return json!({ "id": self.id, "object": "customer", "deleted": true });
        }
        json!({
            "id": self.id,
            "object": "customer",
            "address": null,
            "balance": 0,
            "created": self.created.as_second(),
            "currency": null,
            "default_source": null,
            "delinquent": false,
            "description": self.description,
            "email": self.email,
            "invoice_settings": { "default_payment_method": null },
            "livemode": livemode,
            "metadata": self.metadata,
            "name": self.name,
            "phone": self.phone,
            "preferred_locales": [],
        })
    }

    fn update(&mut self, form: &mut Form) -> Result<(), ApiError> {
        if let Some(email) = take_email(form, "email")? {
            self.email = Some(email);
        }
        for (field, key) in [
            (&mut self.name, "name"),
            (&mut self.description, "description"),
            (&mut self.phone, "phone"),
        ] {
            if let Some(value) = form.take(key) {
                *field = Some(value);
            }
        }
        self.metadata.extend(form.take_metadata()?);
        form.discard(UNUSED);
        Ok(())
    }
}

/// An e-mail address, which the provider looks at: one `@` with something on
/// both sides of it, and nothing blank.
pub(crate) fn take_email(form: &mut Form, key: &str) -> Result<Option<String>, ApiError> {
    let Some(email) = form.take(key) else {
        return Ok(None);
    };
    let sides = email.split_once('@');
    let sound = sides.is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if sound && !email.contains(char::is_whitespace) {
        return Ok(Some(email));
    }
    let message = format!("Invalid email address: {email}");
    Err(ApiError::invalid_as(
        "email_invalid",
        &form.name(key),
        message,
    ))
}

impl Listed for Customer {
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
}

impl State {
    pub(crate) fn create_customer(&mut self, act: &Act, mut form: Form) -> Result<Value, ApiError> {
        let mut customer = Customer {
            id: String::new(),
            created: act.now,
            email: None,
            name: None,
            description: None,
            phone: None,
            metadata: BTreeMap::new(),
            deleted: false,
        };
        customer.update(&mut form)?;
        form.finish()?;
        customer.id = self.ids.next("cus");
        let answer = customer.to_json(self.config.livemode);
        self.customers.insert(customer.id.clone(), customer);
        self.emit(act, "customer.created", &answer);
        Ok(answer)
    }

    pub(crate) fn get_customer(&self, id: &str) -> Result<Value, ApiError> {
        let customer = self
            .customers
            .get(id)
            .ok_or_else(|| ApiError::no_such("customer", id))?;
        Ok(customer.to_json(self.config.livemode))
    }

    pub(crate) fn update_customer(&mut self, id: &str, mut form: Form) -> Result<Value, ApiError> {
        let livemode = self.config.livemode;
        let customer = self
            .customers
            .get_mut(id)
            .filter(|customer| !customer.deleted);
        let customer = customer.ok_or_else(|| ApiError::no_such("customer", id))?;
        customer.update(&mut form)?;
        form.finish()?;
        Ok(customer.to_json(livemode))
    }

    /// Deletes a customer and detaches the saved cards; payments stay.
    pub(crate) fn delete_customer(&mut self, id: &str) -> Result<Value, ApiError> {
        let customer = self
            .customers
            .get_mut(id)
            .filter(|customer| !customer.deleted);
        let customer = customer.ok_or_else(|| ApiError::no_such("customer", id))?;
        customer.deleted = true;
        (customer.email, customer.name, customer.phone) = (None, None, None);
        customer.metadata.clear();
        let answer = customer.to_json(self.config.livemode);
        for method in self.payment_methods.values_mut() {
            if method.customer.as_deref() == Some(id) {
                method.customer = None;
            }
        }
        Ok(answer)
    }

    /// The list, by e-mail where one is given (exact, as at the provider).
    pub(crate) fn list_customers(&self, mut form: Form) -> Result<Value, ApiError> {
        let email = form.take("email");
        let page = Page::take(&mut form)?;
        form.finish()?;
        let wanted = self.customers.values().filter(|customer| {
            !customer.deleted
                && email
                    .as_ref()
                    .is_none_or(|email| customer.email.as_ref() == Some(email))
        });
        page.of("/v1/customers", wanted, |customer| {
            customer.to_json(self.config.livemode)
        })
    }

    /// The customer a parameter names, if it names one.
    pub(crate) fn known_customer(&self, id: Option<String>) -> Result<Option<String>, ApiError> {
        match id {
            Some(id)
                if self
                    .customers
                    .get(&id)
                    .is_none_or(|customer| customer.deleted) =>
            {
                Err(ApiError::no_such_in("customer", "customer", &id))
            }
            known => Ok(known),
        }
    }
}
