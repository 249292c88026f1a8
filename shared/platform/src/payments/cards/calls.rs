//! Asking the payment provider about saved cards.

use super::objects::{Customer, Method, NewSetup, SetupIntent};
use crate::payments::form::Form;
use crate::payments::objects::Session;
use crate::payments::provider::{CallError, Gateway};

/// HTTP status of what the provider does not know.
const UNKNOWN: u16 = 404;

impl Gateway<'_> {
    /// Opens a page on which a card is given, and saved without a payment.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_setup(&self, key: &str, new: &NewSetup<'_>) -> Result<Session, CallError> {
        let mut form = Form::default()
            .field("mode", "setup")
            .field("payment_method_types[0]", "card")
            .field("customer", new.customer)
            .field("success_url", new.return_url)
            .field("cancel_url", new.return_url)
            .field("expires_at", new.expires_at)
            .field("locale", new.locale);
        for (name, value) in new.metadata {
            // The page's metadata does not reach what it saves.
            form = form
                .field(&format!("metadata[{name}]"), value)
                .field(&format!("setup_intent_data[metadata][{name}]"), value);
        }
        self.open_session(key, form).await
    }

    /// The saving of a card, as it stands.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn setup_intent(&self, id: &str) -> Result<SetupIntent, CallError> {
        self.get(&format!("/v1/setup_intents/{id}")).await
    }

    /// A payment method as it stands; nothing when there is none.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn method(&self, id: &str) -> Result<Option<Method>, CallError> {
        known(self.get(&format!("/v1/payment_methods/{id}")).await)
    }

    /// A customer; nothing when there is none.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn customer(&self, id: &str) -> Result<Option<Customer>, CallError> {
        known(self.get(&format!("/v1/customers/{id}")).await)
    }

    /// Lets the provider forget a payment method. Done also when it was
    /// forgotten before. The provider's own rule makes it happen once; the key
    /// is the act's, for the provider would repeat a failure of its own for a
    /// day.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn forget(&self, method: &str) -> Result<(), CallError> {
        let path = format!("/v1/payment_methods/{method}/detach");
        let key = self.spare(&format!("{method}:detach"));
        match self.post::<Method>(&path, &key, Form::default()).await {
            Ok(_) => Ok(()),
            Err(error @ CallError::Rejected { .. }) => match self.method(method).await? {
                Some(Method {
                    customer: Some(_), ..
                }) => Err(error),
                Some(_) | None => Ok(()),
            },
            Err(error) => Err(error),
        }
    }
}

fn known<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(CallError::Rejected { status, .. }) if status == UNKNOWN => Ok(None),
        Err(error) => Err(error),
    }
}
