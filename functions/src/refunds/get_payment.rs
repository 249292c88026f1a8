//! A payment with its refunds, for staff.

use super::views::StaffPaymentView;
use domain::id::PaymentId;
use domain::payment::Payment;
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, Spec, Staff, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::store::{Stored, keys};

/// `GET /v1/admin/payments/{id}`.
pub struct GetPayment;

/// Which payment.
pub struct GetPaymentInput {
    payment: PaymentId,
}

impl Input for GetPaymentInput {
    fn read(form: &mut Form) -> Read<Self> {
        let IdField(payment) = form.path("id")?;
        Ok(Self { payment })
    }
}

impl Operation for GetPayment {
    const SPEC: Spec = Spec::get("get_payment", "/v1/admin/payments/{id}")
        .summary(
            "Read a payment of any account: every try at it, and what was or may be given back.",
        )
        .tag(Tag::Version)
        .codes(&[Code::NotFound]);
    type Caller = Staff;
    type Input = GetPaymentInput;
    type Output = StaffPaymentView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Staff>,
        input: GetPaymentInput,
    ) -> Result<Reply<StaffPaymentView>, Failure> {
        let owner = app.store().owner_of(input.payment).await?;
        let key = keys::payment(owner.ok_or(Code::NotFound)?, input.payment);
        let found: Option<Stored<Payment>> = app.store().get(&key).await?;
        let payment = found.ok_or(Code::NotFound)?;
        let view = StaffPaymentView::of(&payment.value, request.locale);
        Ok(Reply::data(view).version(payment.version))
    }
}
