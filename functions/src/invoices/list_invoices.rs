//! Reading an account's invoices, newest first.

use super::views::InvoiceView;
use crate::listing::{ListInput, Listing};
use platform::app::App;
use platform::http::operation::{Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::sealing::{DataKey, open};
use platform::store::keys;

/// `GET /v1/invoices`.
pub struct ListInvoices;

impl Operation for ListInvoices {
    const SPEC: Spec = Spec::get("list_invoices", "/v1/invoices")
        .summary("List the account's invoices, newest first. Drafts are not listed.")
        .codes(&[Code::InvalidCursor, Code::CursorExpired]);
    type Caller = SignedIn;
    type Input = ListInput;
    type Output = Vec<InvoiceView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: ListInput,
    ) -> Result<Reply<Vec<InvoiceView>>, Failure> {
        let listing = Listing::open(app, Self::SPEC.id, "", &request, input, true).await?;
        let SignedIn(claims) = &request.caller;
        let key = keys::data_key(claims.account);
        let (page, data_key) = futures::future::join(
            app.store().invoices_of(claims.account, &listing.page),
            app.store().get::<DataKey>(&key),
        )
        .await;
        let (page, data_key) = (page?, data_key?);
        let mut invoices = Vec::with_capacity(page.items.len());
        for invoice in page
            .items
            .iter()
            .filter(|invoice| invoice.value.issued().is_some())
        {
            let key = data_key
                .as_ref()
                .ok_or_else(|| Failure::Fault("an account without data key".to_owned()))?;
            let buyer = open(app, &key.value, &invoice.value.buyer).await?;
            invoices.extend(InvoiceView::of(&invoice.value, buyer, &app.config().seller));
        }
        let (count, next) = (invoices.len(), listing.next(app, page.next).await?);
        Ok(Reply::data(invoices).page(count, next))
    }
}
