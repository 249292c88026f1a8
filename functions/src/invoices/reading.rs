//! Reading one invoice, for whatever shows it.

use domain::address::BillingAddress;
use domain::id::{AccountId, InvoiceId};
use domain::invoice::Invoice;
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::Input;
use platform::http::problem::{Code, Failure};
use platform::sealing::{DataKey, open};
use platform::store::{Stored, keys};

/// Which invoice.
pub struct WhichInvoice {
    /// Its id.
    pub invoice: InvoiceId,
}

impl Input for WhichInvoice {
    fn read(form: &mut Form) -> Read<Self> {
        let IdField(invoice) = form.path("id")?;
        Ok(Self { invoice })
    }
}

/// An account's invoice and who is billed.
///
/// # Errors
/// [`Code::NotFound`] when there is none, or another's; [`Failure`] when it
/// cannot be read.
pub(super) async fn invoice_of(
    app: &App,
    account: AccountId,
    WhichInvoice { invoice }: WhichInvoice,
) -> Result<(Stored<Invoice>, BillingAddress), Failure> {
    let (invoice, data_key) = (keys::invoice(account, invoice), keys::data_key(account));
    let mut batch = app
        .store()
        .batch(&[invoice.clone(), data_key.clone()])
        .await?;
    let found: Stored<Invoice> = batch.take(&invoice)?.ok_or(Code::NotFound)?;
    let data_key: Stored<DataKey> = batch.take(&data_key)?.ok_or(Code::NotFound)?;
    let buyer = open(app, &data_key.value, &found.value.buyer).await?;
    Ok((found, buyer))
}
