//! Reading an account's payments, newest first, each with every try at it.

use super::views::PaymentHistoryView;
use crate::listing::{ListInput, Listing};
use domain::id::AccountId;
use domain::locale::Locale;
use platform::app::App;
use platform::http::operation::{Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/payments`.
pub struct ListPayments;

impl Operation for ListPayments {
    const SPEC: Spec = Spec::get("list_payments", "/v1/payments")
        .summary("List the account's payments with every attempt and why it went so, newest first.")
        .codes(&[Code::InvalidCursor, Code::CursorExpired]);
    type Caller = SignedIn;
    type Input = ListInput;
    type Output = Vec<PaymentHistoryView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: ListInput,
    ) -> Result<Reply<Vec<PaymentHistoryView>>, Failure> {
        let listing = Listing::open(app, Self::SPEC.id, "", &request, input, true).await?;
        let SignedIn(claims) = &request.caller;
        answer(app, &listing, claims.account, request.locale).await
    }
}

/// One page of an account's payments.
///
/// # Errors
/// [`Failure`] when the table cannot be read, or the cursor not be signed.
pub(super) async fn answer(
    app: &App,
    listing: &Listing,
    account: AccountId,
    locale: Locale,
) -> Result<Reply<Vec<PaymentHistoryView>>, Failure> {
    let page = app.store().payments_of(account, &listing.page).await?;
    let payments: Vec<PaymentHistoryView> = page
        .items
        .iter()
        .map(|payment| PaymentHistoryView::of(&payment.value, locale))
        .collect();
    let (count, next) = (payments.len(), listing.next(app, page.next).await?);
    Ok(Reply::data(payments).page(count, next))
}
