//! Reading one invoice as a PDF, which is an e-invoice too.

use super::reading::{WhichInvoice, invoice_of};
use documents::{Document, pdf};
use platform::app::App;
use platform::http::operation::{Media, Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/invoices/{id}/pdf`.
pub struct GetInvoicePdf;

impl Operation for GetInvoicePdf {
    const SPEC: Spec = Spec::get("get_invoice_pdf", "/v1/invoices/{id}/pdf")
        .summary("Read an invoice or credit note as a PDF, with the same as Factur-X in it.")
        .media(Media::Document)
        .codes(&[Code::NotFound]);
    type Caller = SignedIn;
    type Input = WhichInvoice;
    type Output = ();
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: WhichInvoice,
    ) -> Result<Reply<()>, Failure> {
        let SignedIn(claims) = &request.caller;
        let (found, buyer) = invoice_of(app, claims.account, input).await?;
        // A draft has no number: nobody has been billed yet.
        let document =
            Document::of(&found.value, &buyer, &app.config().seller).ok_or(Code::NotFound)?;
        let name = document.file_name();
        let file = pdf(&document).map_err(|error| Failure::fault(&error))?;
        Ok(Reply::document("application/pdf", file).header(
            "content-disposition",
            format!("inline; filename=\"{name}\""),
        ))
    }
}
