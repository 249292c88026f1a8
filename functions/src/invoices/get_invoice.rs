//! Reading one invoice.

use super::views::InvoiceView;
use domain::id::InvoiceId;
use domain::invoice::Invoice;
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, SignedIn, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::sealing::{DataKey, open};
use platform::store::{Stored, keys};

/// `GET /v1/invoices/{id}`.
pub struct GetInvoice;

/// Which invoice.
pub struct GetInvoiceInput {
    invoice: InvoiceId,
}

impl Input for GetInvoiceInput {
    fn read(form: &mut Form) -> Read<Self> {
        let IdField(invoice) = form.path("id")?;
        Ok(Self { invoice })
    }
}

impl Operation for GetInvoice {
    const SPEC: Spec = Spec::get("get_invoice", "/v1/invoices/{id}")
        .summary("Read an invoice.")
        .tag(Tag::Version)
        .codes(&[Code::NotFound]);
    type Caller = SignedIn;
    type Input = GetInvoiceInput;
    type Output = InvoiceView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: GetInvoiceInput,
    ) -> Result<Reply<InvoiceView>, Failure> {
        let SignedIn(claims) = &request.caller;
        let (invoice, data_key) = (
            keys::invoice(claims.account, input.invoice),
            keys::data_key(claims.account),
        );
        let mut batch = app
            .store()
            .batch(&[invoice.clone(), data_key.clone()])
            .await?;
        let found: Stored<Invoice> = batch.take(&invoice)?.ok_or(Code::NotFound)?;
        let data_key: Stored<DataKey> = batch.take(&data_key)?.ok_or(Code::NotFound)?;
        let buyer = open(app, &data_key.value, &found.value.buyer).await?;
        // A draft has no number: nobody has been billed yet.
        let view =
            InvoiceView::of(&found.value, buyer, &app.config().seller).ok_or(Code::NotFound)?;
        Ok(Reply::data(view).version(found.version))
    }
}
