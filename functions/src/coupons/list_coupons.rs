//! Reading all coupons.

use super::views::CouponView;
use crate::listing::{ListInput, Listing};
use platform::app::App;
use platform::http::operation::{Admin, Operation, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/admin/coupons`.
pub struct ListCoupons;

impl Operation for ListCoupons {
    const SPEC: Spec = Spec::get("list_coupons", "/v1/admin/coupons")
        .summary("List all coupons by their codes, ended ones too.")
        .codes(&[Code::InvalidCursor, Code::CursorExpired]);
    type Caller = Admin;
    type Input = ListInput;
    type Output = Vec<CouponView>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Admin>,
        input: ListInput,
    ) -> Result<Reply<Vec<CouponView>>, Failure> {
        let listing = Listing::open(app, Self::SPEC.id, "", &request, input, false).await?;
        let page = app.store().coupons(&listing.page).await?;
        let coupons: Vec<CouponView> = page
            .items
            .iter()
            .map(|coupon| CouponView::of(&coupon.value))
            .collect();
        let (count, next) = (coupons.len(), listing.next(app, page.next).await?);
        Ok(Reply::data(coupons).page(count, next))
    }
}
