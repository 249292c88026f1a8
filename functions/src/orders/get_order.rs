//! Reading one order.

use super::views::OrderView;
use domain::id::OrderId;
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, SignedIn, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/orders/{id}`.
pub struct GetOrder;

/// Which order.
pub struct GetOrderInput {
    order: OrderId,
}

impl Input for GetOrderInput {
    fn read(form: &mut Form) -> Read<Self> {
        let IdField(order) = form.path("id")?;
        Ok(Self { order })
    }
}

impl Operation for GetOrder {
    const SPEC: Spec = Spec::get("get_order", "/v1/orders/{id}")
        .summary("Read an order.")
        .tag(Tag::Version)
        .codes(&[Code::NotFound]);
    type Caller = SignedIn;
    type Input = GetOrderInput;
    type Output = OrderView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: GetOrderInput,
    ) -> Result<Reply<OrderView>, Failure> {
        let SignedIn(claims) = &request.caller;
        // The account is part of the key: another's order is simply not there.
        let order = app
            .store()
            .order(claims.account, input.order)
            .await?
            .ok_or(Code::NotFound)?;
        Ok(Reply::data(OrderView::of(&order.value, request.locale)).version(order.version))
    }
}
