//! Reading one invoice.

use super::reading::{WhichInvoice, invoice_of};
use super::views::InvoiceView;
use platform::app::App;
use platform::http::operation::{Operation, SignedIn, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/invoices/{id}`.
pub struct GetInvoice;

impl Operation for GetInvoice {
    const SPEC: Spec = Spec::get("get_invoice", "/v1/invoices/{id}")
        .summary("Read an invoice.")
        .tag(Tag::Version)
        .codes(&[Code::NotFound]);
    type Caller = SignedIn;
    type Input = WhichInvoice;
    type Output = InvoiceView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: WhichInvoice,
    ) -> Result<Reply<InvoiceView>, Failure> {
        let SignedIn(claims) = &request.caller;
        let (found, buyer) = invoice_of(app, claims.account, input).await?;
        // A draft has no number: nobody has been billed yet.
        let view =
            InvoiceView::of(&found.value, buyer, &app.config().seller).ok_or(Code::NotFound)?;
        Ok(Reply::data(view).version(found.version))
    }
}
