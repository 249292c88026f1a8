//! Reading a customer's orders for the back office, newest first.

use super::filter::Filter;
use super::list_orders::answer;
use super::views::OrderView;
use crate::listing::{Listing, OfAccount};
use platform::app::App;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, Spec, Staff};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/admin/orders`.
pub struct FindOrders;

/// Whose orders, which of them, and which part of the list.
pub struct FindOrdersInput {
    of: OfAccount,
    filter: Filter,
}

impl Input for FindOrdersInput {
    fn read(form: &mut Form) -> Read<Self> {
        let of = OfAccount::read(form);
        let filter = Filter::read(form);
        Ok(Self {
            of: of?,
            filter: filter?,
        })
    }
}

impl Operation for FindOrders {
    const SPEC: Spec = Spec::get("find_orders", "/v1/admin/orders")
        .summary("List the orders of an account, newest first, for the back office.")
        .details("The filters are those of `list_orders`, and so are its pages.")
        .codes(&[Code::NotFound, Code::InvalidCursor, Code::CursorExpired]);
    type Caller = Staff;
    type Input = FindOrdersInput;
    type Output = Vec<OrderView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Staff>,
        input: FindOrdersInput,
    ) -> Result<Reply<Vec<OrderView>>, Failure> {
        let account = input.of.account;
        let listing = Listing::of(app, Self::SPEC.id, &request, input.of).await?;
        answer(app, &listing, account, &input.filter, request.locale).await
    }
}
