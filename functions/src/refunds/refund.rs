//! Giving a captured payment back, in full or in part.

use super::steps::{ROUNDS, commit, invoice_of, make_now, read, refuse};
use super::views::RefundedView;
use domain::event::EventKind;
use domain::id::{PaymentId, RefundId};
use domain::money::{Currency, Money};
use domain::payment::LARGEST_CHARGE;
use domain::refund::{RefundReason, RefundRequest};
use domain::text::Line;
use platform::app::App;
use platform::http::fields::{IdField, Whole};
use platform::http::form::{Form, Read};
use platform::http::operation::{Finance, Idempotency, Input, Operation, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::store::claims::Honoured;

/// `POST /v1/admin/payments/{id}/refunds`: writes down what will be given back,
/// lets the provider do it, and leaves the rest to the reconciler.
pub struct Refund;

/// What is given back, and why.
pub struct RefundInput {
    payment: PaymentId,
    amount: Money,
    reason: RefundReason,
    comment: Option<Line<500>>,
}

/// Most that can be captured at once, so most that can be given back.
const LARGEST: u64 = LARGEST_CHARGE.unsigned_abs();

impl Input for RefundInput {
    fn read(form: &mut Form) -> Read<Self> {
        let payment = form.path::<IdField<PaymentId>>("id");
        let (amount, reason, comment) = form.body(|body| {
            let amount = body.object("amount", |money| {
                let amount = money.required::<Whole<1, LARGEST>>("amount");
                let currency = money.required::<Currency>("currency");
                let amount = i64::try_from(amount?.0).unwrap_or(LARGEST_CHARGE);
                Ok(Money::new(amount, currency?))
            });
            let reason = body.required("reason");
            let comment = body.optional("comment");
            Ok((amount?, reason?, comment?))
        })?;
        let IdField(payment) = payment?;
        Ok(Self {
            payment,
            amount,
            reason,
            comment,
        })
    }
}

impl Operation for Refund {
    const SPEC: Spec = Spec::post("refund", "/v1/admin/payments/{id}/refunds")
        .summary("Give a captured payment back, in full or in part, with a credit note. Above a limit a second person must approve it first.")
        .success(201)
        .idempotency(Idempotency::Required)
        .codes(&[Code::NotFound, Code::StateConflict, Code::PaymentDisputed, Code::ConcurrentChange]);
    type Caller = Finance;
    type Input = RefundInput;
    type Output = RefundedView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Finance>,
        input: RefundInput,
    ) -> Result<Reply<RefundedView>, Failure> {
        for _ in 0..ROUNDS {
            if let Some(reply) = try_refund(app, &request, &input).await? {
                return Ok(reply);
            }
        }
        Err(Code::ConcurrentChange.into())
    }
}

/// Refunds the payment as it stands; nothing when it changed meanwhile.
async fn try_refund(
    app: &App,
    request: &Request<Finance>,
    input: &RefundInput,
) -> Result<Option<Reply<RefundedView>>, Failure> {
    let mut key = Honoured::of(request, Refund::SPEC);
    let found = read(app, request, input.payment, &mut key).await?;
    if let Some(answer) = key.earlier()? {
        return Ok(Some(Reply::answer(answer)));
    }
    let payment = found.ok_or(Code::NotFound)?;
    let invoice = invoice_of(app, &payment.value).await?;
    let asked = ask(app, request, input)?;
    let (id, needs_approval) = (asked.id, asked.needs_approval);
    let Finance(claims) = &request.caller;
    let asked = payment
        .value
        .clone()
        .request_refund(asked, &invoice, request.now);
    let asked = asked.map_err(refuse)?;
    let refund = asked.refund(id).ok_or(Code::NotFound)?;
    let reply = Reply::data(RefundedView::of(refund))
        .header("location", format!("/v1/admin/payments/{}", asked.id));
    let told = EventKind::RefundRequested {
        payment: asked.id,
        refund: id,
        by: claims.user,
        needs_approval,
    };
    if !commit(app, request, (&payment, &asked), told, &reply, &key).await? {
        return Ok(None);
    }
    if !needs_approval {
        make_now(app, &asked).await;
    }
    Ok(Some(reply))
}

fn ask(
    app: &App,
    request: &Request<Finance>,
    input: &RefundInput,
) -> Result<RefundRequest, Failure> {
    let Finance(claims) = &request.caller;
    Ok(RefundRequest {
        id: app.new_id::<RefundId>()?,
        credit_note: app.new_id()?,
        amount: input.amount,
        reason: input.reason,
        comment: input.comment.clone(),
        by: claims.user,
        needs_approval: input.amount.amount() > app.config().refund_approval_above,
    })
}
