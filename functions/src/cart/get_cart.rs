//! Shows the cart.

use super::shopper::owner;
use super::view::CartView;
use platform::app::App;
use platform::http::operation::{Operation, Shopper, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/cart`: one read.
pub struct GetCart;

impl Operation for GetCart {
    const SPEC: Spec = Spec::get("get_cart", "/v1/cart")
        .summary(
            "Shows the cart of the account, or of the guest whose token is sent as X-Cart-Token.",
        )
        .tag(Tag::Version)
        .codes(&[Code::MalformedHeader, Code::CartExpired]);
    type Caller = Shopper;
    type Input = ();
    type Output = CartView;
    type Error = Failure;

    async fn run(app: &App, request: Request<Shopper>, (): ()) -> Result<Reply<CartView>, Failure> {
        let snapshot = app.catalogue().products(app).await?;
        let cart = match owner(&request.caller)? {
            Some(owner) => app.store().cart_of(&owner).await?,
            None => None,
        };
        if cart
            .as_ref()
            .is_some_and(|cart| cart.value.is_expired(request.now))
        {
            return Err(Code::CartExpired.into());
        }
        Ok(CartView::of(cart.as_ref(), &snapshot, request.locale)?.into_reply())
    }
}
