//! Reading an account's orders, newest first.

use super::views::OrderView;
use crate::listing::{ListInput, Listing};
use platform::app::App;
use platform::http::operation::{Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/orders`.
pub struct ListOrders;

impl Operation for ListOrders {
    const SPEC: Spec = Spec::get("list_orders", "/v1/orders")
        .summary("List the account's orders, newest first.")
        .codes(&[Code::InvalidCursor, Code::CursorExpired]);
    type Caller = SignedIn;
    type Input = ListInput;
    type Output = Vec<OrderView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: ListInput,
    ) -> Result<Reply<Vec<OrderView>>, Failure> {
        let listing = Listing::open(app, Self::SPEC.id, "", &request, input, true).await?;
        let SignedIn(claims) = &request.caller;
        let page = app.store().orders_of(claims.account, &listing.page).await?;
        let orders: Vec<OrderView> = page
            .items
            .iter()
            .map(|order| OrderView::of(&order.value, request.locale))
            .collect();
        let (count, next) = (orders.len(), listing.next(app, page.next).await?);
        Ok(Reply::data(orders).page(count, next))
    }
}
