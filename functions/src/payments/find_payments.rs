//! Reading a customer's payments for the back office, newest first.

use super::list_payments::answer;
use super::views::PaymentHistoryView;
use crate::listing::{Listing, OfAccount};
use platform::app::App;
use platform::http::operation::{Operation, Spec, Staff};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/admin/payments`.
pub struct FindPayments;

impl Operation for FindPayments {
    const SPEC: Spec = Spec::get("find_payments", "/v1/admin/payments")
        .summary("List the payments of an account with every attempt, for the back office.")
        .codes(&[Code::NotFound, Code::InvalidCursor, Code::CursorExpired]);
    type Caller = Staff;
    type Input = OfAccount;
    type Output = Vec<PaymentHistoryView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Staff>,
        input: OfAccount,
    ) -> Result<Reply<Vec<PaymentHistoryView>>, Failure> {
        let account = input.account;
        let listing = Listing::of(app, Self::SPEC.id, &request, input).await?;
        answer(app, &listing, account, request.locale).await
    }
}
