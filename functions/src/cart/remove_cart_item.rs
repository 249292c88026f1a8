//! Takes a line out of the cart.

use super::shopper::{edit, owner, refused};
use super::view::CartView;
use domain::id::PlanId;
use platform::app::App;
use platform::http::fields::IdField;
use platform::http::form::{Form, Read};
use platform::http::operation::{Input, Operation, Shopper, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `DELETE /v1/cart/items/{planId}`: one conditional update. A line that is
/// not there is taken out already.
pub struct RemoveCartItem;

/// Which line.
pub struct Line(PlanId);

impl Input for Line {
    fn read(form: &mut Form) -> Read<Self> {
        form.path::<IdField<PlanId>>("planId")
            .map(|plan| Self(plan.0))
    }
}

impl Operation for RemoveCartItem {
    const SPEC: Spec = Spec::delete("remove_cart_item", "/v1/cart/items/{planId}")
        .summary("Takes a plan out of the cart.")
        .tag(Tag::Guard)
        .codes(&[
            Code::MalformedHeader,
            Code::NotFound,
            Code::CartExpired,
            Code::VersionMismatch,
        ]);
    type Caller = Shopper;
    type Input = Line;
    type Output = CartView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Shopper>,
        Line(plan): Line,
    ) -> Result<Reply<CartView>, Failure> {
        let edit = edit(app, &request)?;
        let snapshot = app.catalogue().products(app).await?;
        let cart = match owner(&request.caller)? {
            Some(owner) => app
                .store()
                .remove_cart_line(&owner, edit, plan)
                .await
                .map_err(refused)?,
            None => None,
        };
        Ok(CartView::of(cart.as_ref(), &snapshot, request.locale)?.into_reply())
    }
}
