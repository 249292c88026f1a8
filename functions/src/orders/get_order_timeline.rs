//! Reading what happened to one order.

use super::timeline_view::TimelineView;
use domain::id::OrderId;
use domain::invoice::Invoice;
use domain::payment::Payment;
use domain::timeline;
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::store::keys;

/// `GET /v1/orders/{id}/timeline`.
pub struct GetOrderTimeline;

/// Which order.
pub struct GetOrderTimelineInput {
    order: OrderId,
}

impl Input for GetOrderTimelineInput {
    fn read(form: &mut Form) -> Read<Self> {
        let IdField(order) = form.path("id")?;
        Ok(Self { order })
    }
}

impl Operation for GetOrderTimeline {
    const SPEC: Spec = Spec::get("get_order_timeline", "/v1/orders/{id}/timeline")
        .summary("Read everything that happened to an order and why, oldest first.")
        .codes(&[Code::NotFound]);
    type Caller = SignedIn;
    type Input = GetOrderTimelineInput;
    type Output = Vec<TimelineView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<SignedIn>,
        input: GetOrderTimelineInput,
    ) -> Result<Reply<Vec<TimelineView>>, Failure> {
        let SignedIn(claims) = &request.caller;
        let order = app
            .store()
            .order(claims.account, input.order)
            .await?
            .ok_or(Code::NotFound)?
            .value;
        let payment = keys::payment(order.account, order.payment);
        let invoice = keys::invoice(order.account, order.invoice);
        let mut read = app
            .store()
            .batch(&[payment.clone(), invoice.clone()])
            .await?;
        // The payment was put with the order, the invoice comes with the money.
        let payment = read
            .take::<Payment>(&payment)?
            .ok_or_else(|| Failure::Fault(format!("the payment of {} is missing", order.id)))?;
        let invoice = read.take::<Invoice>(&invoice)?.map(|read| read.value);
        let told: Vec<TimelineView> = timeline::of_order(&order, &payment.value, invoice.as_ref())
            .iter()
            .map(|moment| TimelineView::of(moment, &order, request.locale))
            .collect();
        let count = told.len();
        Ok(Reply::data(told).metadata("count", count))
    }
}
