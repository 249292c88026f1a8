//! Making a coupon.

use super::reading::NewCoupon;
use super::views::CouponView;
use domain::coupon::Coupon;
use domain::event::{EventKind, Owner};
use jiff::Timestamp;
use platform::app::App;
use platform::http::operation::{Admin, Idempotency, Operation, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::access::Claims;
use platform::identity::session::require_live;
use platform::store::claims::Honoured;
use platform::store::events::event;
use platform::store::{CommitError, Stored, Transaction, keys};

/// Tries against others with the same key or code.
const ROUNDS: u32 = 4;

/// `POST /v1/admin/coupons`: what it takes off never changes after.
pub struct CreateCoupon;

impl Operation for CreateCoupon {
    const SPEC: Spec = Spec::post("create_coupon", "/v1/admin/coupons")
        .summary("Make a coupon. What it takes off never changes; it can only be ended.")
        .success(201)
        .idempotency(Idempotency::Honoured)
        .tag(Tag::Version)
        .codes(&[Code::StateConflict, Code::ConcurrentChange]);
    type Caller = Admin;
    type Input = NewCoupon;
    type Output = CouponView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Admin>,
        input: NewCoupon,
    ) -> Result<Reply<CouponView>, Failure> {
        for _ in 0..ROUNDS {
            if let Some(reply) = try_create(app, &request, &input).await? {
                return Ok(reply);
            }
        }
        Err(Code::ConcurrentChange.into())
    }
}

/// Makes the coupon; nothing when another request with the same key or code was
/// faster.
async fn try_create(
    app: &App,
    request: &Request<Admin>,
    input: &NewCoupon,
) -> Result<Option<Reply<CouponView>>, Failure> {
    let Admin(claims) = &request.caller;
    let mut key = Honoured::of(request, CreateCoupon::SPEC);
    let session = keys::session(claims.user, claims.session);
    let code = keys::coupon(&input.terms.code);
    let mut wanted = vec![session.clone(), code.clone()];
    wanted.extend(key.wanted());
    let mut batch = app.store().batch(&wanted).await?;
    key.take(&mut batch)?;
    require_live(batch.take(&session)?, request.now)?;
    if let Some(answer) = key.earlier()? {
        return Ok(Some(Reply::answer(answer)));
    }
    let taken: Option<Stored<Coupon>> = batch.take(&code)?;
    if taken.is_some() {
        // Codes are never given twice, ended or not.
        return Err(Code::StateConflict.into());
    }
    let coupon = coupon(input, claims, request.now);
    let code = coupon.terms.code.clone();
    let reply = Reply::data(CouponView::of(&coupon))
        .header("location", format!("/v1/admin/coupons/{code}"))
        .version(1);
    let owner = Owner::User { user: claims.user };
    let told = EventKind::CouponCreated { code };
    let mut act = Transaction::new(app.new_id()?);
    act.insert(&coupon, ());
    act.insert(&event(app.new_id()?, owner, told, request.now), ());
    key.keep(&mut act, &reply, ())
        .map_err(|error| Failure::fault(&error))?;
    match app.store().commit(act).await {
        Ok(()) => Ok(Some(reply)),
        Err(CommitError::Refused(())) => Ok(None),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

fn coupon(new: &NewCoupon, by: &Claims, now: Timestamp) -> Coupon {
    Coupon {
        terms: new.terms.clone(),
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        max_redemptions: new.max_redemptions,
        per_customer: Some(new.per_customer),
        account: new.account,
        first_purchase_only: new.first_purchase_only,
        redemptions: 0,
        created_by: by.user,
        created_at: now,
    }
}
