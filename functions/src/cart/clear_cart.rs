//! Empties the cart.

use super::shopper::{edit, owner, refused};
use super::view::CartView;
use platform::app::App;
use platform::http::operation::{Operation, Shopper, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `DELETE /v1/cart`: one conditional update.
pub struct ClearCart;

impl Operation for ClearCart {
    const SPEC: Spec = Spec::delete("clear_cart", "/v1/cart")
        .summary("Empties the cart; one that has expired begins anew.")
        .tag(Tag::Guard)
        .codes(&[Code::MalformedHeader, Code::VersionMismatch]);
    type Caller = Shopper;
    type Input = ();
    type Output = CartView;
    type Error = Failure;

    async fn run(app: &App, request: Request<Shopper>, (): ()) -> Result<Reply<CartView>, Failure> {
        let edit = edit(app, &request)?;
        let snapshot = app.catalogue().products(app).await?;
        let cart = match owner(&request.caller)? {
            Some(owner) => app
                .store()
                .clear_cart(&owner, edit)
                .await
                .map_err(refused)?,
            None => None,
        };
        Ok(CartView::of(cart.as_ref(), &snapshot, request.locale)?.into_reply())
    }
}
