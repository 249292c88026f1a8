//! Reading a coupon.

use super::views::CouponView;
use domain::coupon::CouponCode;
use platform::app::App;
use platform::http::form::{Form, Read};
use platform::http::operation::{Admin, Input, Operation, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/admin/coupons/{code}`.
pub struct GetCoupon;

/// Which coupon.
pub struct GetCouponInput {
    code: CouponCode,
}

impl Input for GetCouponInput {
    fn read(form: &mut Form) -> Read<Self> {
        let code = form.path("code")?;
        Ok(Self { code })
    }
}

impl Operation for GetCoupon {
    const SPEC: Spec = Spec::get("get_coupon", "/v1/admin/coupons/{code}")
        .summary("Read a coupon, and how often it is redeemed.")
        .tag(Tag::Version)
        .codes(&[Code::NotFound]);
    type Caller = Admin;
    type Input = GetCouponInput;
    type Output = CouponView;
    type Error = Failure;

    async fn run(
        app: &App,
        _request: Request<Admin>,
        input: GetCouponInput,
    ) -> Result<Reply<CouponView>, Failure> {
        let coupon = app.store().coupon(&input.code).await?;
        let coupon = coupon.ok_or(Code::NotFound)?;
        Ok(Reply::data(CouponView::of(&coupon.value)).version(coupon.version))
    }
}
