//! The second person's word on a large refund.

use super::steps::{ROUNDS, commit, make_now, read, refuse};
use super::views::RefundedView;
use domain::event::EventKind;
use domain::id::{PaymentId, RefundId};
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Field, Form, Read};
use platform::http::operation::{Finance, Idempotency, Input, Operation, Spec};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::store::claims::Honoured;
use serde_json::{Value, json};

/// `POST /v1/admin/payments/{id}/refunds/{refundId}/approval`.
pub struct ApproveRefund;

/// What the second person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Approve,
    Reject,
}

impl Field for Decision {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        match value.as_str() {
            Some("approve") => Ok(Self::Approve),
            Some("reject") => Ok(Self::Reject),
            Some(_) => Err(Reason::UnknownValue),
            None => Err(Reason::WrongType),
        }
    }

    fn schema() -> Value {
        json!({"type": "string", "enum": ["approve", "reject"]})
    }
}

/// Which refund, and what is said.
pub struct ApproveRefundInput {
    payment: PaymentId,
    refund: RefundId,
    decision: Decision,
}

impl Input for ApproveRefundInput {
    fn read(form: &mut Form) -> Read<Self> {
        let payment = form.path::<IdField<PaymentId>>("id");
        let refund = form.path::<IdField<RefundId>>("refundId");
        let decision = form.body(|body| body.required("decision"))?;
        let (IdField(payment), IdField(refund)) = (payment?, refund?);
        Ok(Self {
            payment,
            refund,
            decision,
        })
    }
}

impl Operation for ApproveRefund {
    const SPEC: Spec = Spec::post(
        "approve_refund",
        "/v1/admin/payments/{id}/refunds/{refundId}/approval",
    )
    .summary("Approve a refund that waits for a second person, or reject it. Whoever asked for it may only reject.")
    .idempotency(Idempotency::Honoured)
    .codes(&[Code::NotFound, Code::StateConflict, Code::PaymentDisputed, Code::ConcurrentChange]);
    type Caller = Finance;
    type Input = ApproveRefundInput;
    type Output = RefundedView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Finance>,
        input: ApproveRefundInput,
    ) -> Result<Reply<RefundedView>, Failure> {
        for _ in 0..ROUNDS {
            if let Some(reply) = try_decide(app, &request, &input).await? {
                return Ok(reply);
            }
        }
        Err(Code::ConcurrentChange.into())
    }
}

/// Decides on the refund as it stands; nothing when the payment changed
/// meanwhile.
async fn try_decide(
    app: &App,
    request: &Request<Finance>,
    input: &ApproveRefundInput,
) -> Result<Option<Reply<RefundedView>>, Failure> {
    let Finance(claims) = &request.caller;
    let mut key = Honoured::of(request, ApproveRefund::SPEC);
    let found = read(app, request, input.payment, &mut key).await?;
    if let Some(answer) = key.earlier()? {
        return Ok(Some(Reply::answer(answer)));
    }
    let payment = found.ok_or(Code::NotFound)?;
    let agrees = input.decision == Decision::Approve;
    if let Some(refund) = payment.value.refund(input.refund)
        && refund.is_decided(claims.user, agrees)
    {
        // A repetition succeeds, with one effect.
        let reply = Reply::data(RefundedView::of(refund));
        return Ok(key.keep_alone(app, &reply).await?.then_some(reply));
    }
    let decided = payment
        .value
        .clone()
        .decide_refund(input.refund, claims.user, agrees, request.now)
        .map_err(refuse)?;
    let refund = decided.refund(input.refund).ok_or(Code::NotFound)?;
    let reply = Reply::data(RefundedView::of(refund));
    let (id, refund, by) = (decided.id, input.refund, claims.user);
    let told = match input.decision {
        Decision::Approve => EventKind::RefundApproved {
            payment: id,
            refund,
            by,
        },
        Decision::Reject => EventKind::RefundRejected {
            payment: id,
            refund,
            by,
        },
    };
    if !commit(app, request, (&payment, &decided), told, &reply, &key).await? {
        return Ok(None);
    }
    if agrees {
        make_now(app, &decided).await;
    }
    Ok(Some(reply))
}
