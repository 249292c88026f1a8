//! Shows one product.

use super::caching::{cached, holds};
use super::product_view::ProductDetail;
use platform::app::App;
use platform::http::fields::Text;
use platform::http::form::{Form, Read};
use platform::http::operation::{Anybody, AtStart, Input, Operation, Spec, Tag};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/products/{slug}`: from memory, without a table read.
pub struct GetProduct;

/// Which product.
pub struct ProductSlug(String);

impl Input for ProductSlug {
    fn read(form: &mut Form) -> Read<Self> {
        form.path::<Text<128>>("slug").map(|slug| Self(slug.0))
    }
}

impl Operation for GetProduct {
    const SPEC: Spec = Spec::get("get_product", "/v1/products/{slug}")
        .summary("Shows a product with its plans, prices and features.")
        .tag(Tag::Cache)
        .codes(&[Code::NotFound])
        .at_start(AtStart::Catalogue);
    type Caller = Anybody;
    type Input = ProductSlug;
    type Output = ProductDetail;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Anybody>,
        ProductSlug(slug): ProductSlug,
    ) -> Result<Reply<ProductDetail>, Failure> {
        let snapshot = app.catalogue().products(app).await?;
        let product = snapshot.listed(&slug).ok_or(Code::NotFound)?;
        let tag = format!("\"{}-{}\"", snapshot.etag, request.locale.as_str());
        if holds(request.header("if-none-match"), &tag) {
            return Ok(cached(Reply::not_modified(), &tag));
        }
        let detail = ProductDetail::of(product, request.locale);
        Ok(cached(Reply::data(detail), &tag))
    }
}
