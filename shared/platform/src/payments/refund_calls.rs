//! Asking the payment provider for refunds.

use super::form::Form;
use super::objects::{List, MadeRefund};
use super::provider::{CallError, Gateway};

impl Gateway<'_> {
    /// Gives a captured amount back, marked with what is ours about it.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn refund(
        &self,
        key: &str,
        intent: &str,
        amount: i64,
        metadata: &[(&str, String)],
    ) -> Result<MadeRefund, CallError> {
        let mut form = Form::default()
            .field("payment_intent", intent)
            .field("amount", amount);
        for (name, value) in metadata {
            form = form.field(&format!("metadata[{name}]"), value);
        }
        self.post("/v1/refunds", key, form).await
    }

    /// The refunds of a payment, newest first: a hundred at most, and there are
    /// never more of ours.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn refunds_of(&self, intent: &str) -> Result<Vec<MadeRefund>, CallError> {
        let path = format!("/v1/refunds?payment_intent={intent}&limit=100");
        let page: List<MadeRefund> = self.get(&path).await?;
        Ok(page.data)
    }
}
