//! Ending a coupon.

use super::views::CouponView;
use domain::coupon::{Coupon, CouponCode};
use domain::event::{EventKind, Owner};
use platform::app::App;
use platform::http::form::{Form, Read};
use platform::http::operation::{Admin, Input, Operation, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::session::require_live;
use platform::store::coupons::end;
use platform::store::events::event;
use platform::store::identity::Session;
use platform::store::{CommitError, Stored, Transaction, keys};

/// Tries against others who end it; the last one reads what became of it.
const ROUNDS: u32 = 8;

/// `DELETE /v1/admin/coupons/{code}`: it can be redeemed no more. Who redeemed
/// it before keeps it.
pub struct EndCoupon;

/// Which coupon.
pub struct EndCouponInput {
    code: CouponCode,
}

impl Input for EndCouponInput {
    fn read(form: &mut Form) -> Read<Self> {
        let code = form.path("code")?;
        Ok(Self { code })
    }
}

impl Operation for EndCoupon {
    const SPEC: Spec = Spec::delete("end_coupon", "/v1/admin/coupons/{code}")
        .summary("End a coupon: it can be redeemed no more, and goes on where it was.")
        .tag(Tag::Guard)
        .codes(&[
            Code::NotFound,
            Code::ConcurrentChange,
            Code::VersionMismatch,
        ]);
    type Caller = Admin;
    type Input = EndCouponInput;
    type Output = CouponView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Admin>,
        input: EndCouponInput,
    ) -> Result<Reply<CouponView>, Failure> {
        for _ in 0..ROUNDS {
            if let Some(reply) = try_end(app, &request, &input.code).await? {
                return Ok(reply);
            }
        }
        Err(Code::ConcurrentChange.into())
    }
}

/// Ends the coupon; nothing when its end moved, for then it is read again.
async fn try_end(
    app: &App,
    request: &Request<Admin>,
    code: &CouponCode,
) -> Result<Option<Reply<CouponView>>, Failure> {
    let Admin(claims) = &request.caller;
    let (session, key) = (
        keys::session(claims.user, claims.session),
        keys::coupon(code),
    );
    let mut batch = app.store().batch(&[session.clone(), key.clone()]).await?;
    let session: Option<Stored<Session>> = batch.take(&session)?;
    require_live(session, request.now)?;
    let coupon: Option<Stored<Coupon>> = batch.take(&key)?;
    let coupon = coupon.ok_or(Code::NotFound)?;
    let expected = request.expected_version()?;
    if expected.is_some_and(|version| version != coupon.version) {
        return Err(Code::VersionMismatch.into());
    }
    let ended = coupon.value.clone().end(request.now);
    if ended == coupon.value {
        // A repetition succeeds, with one effect.
        let reply = Reply::data(CouponView::of(&ended)).version(coupon.version);
        return Ok(Some(reply));
    }
    let told = EventKind::CouponEnded { code: code.clone() };
    let owner = Owner::User { user: claims.user };
    let mut act = Transaction::new(app.new_id()?);
    end(
        &mut act,
        &coupon.value,
        ended.ends_at.unwrap_or(request.now),
        expected,
        (),
    );
    act.insert(&event(app.new_id()?, owner, told, request.now), ());
    match app.store().commit(act).await {
        // It had that version, and nobody else's.
        Ok(()) => Ok(expected.map(|version| {
            let ended = CouponView::of(&ended);
            Reply::data(ended).version(version.saturating_add(1))
        })),
        Err(CommitError::Refused(())) => Ok(None),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
