//! The API's description, generated from the operations and built in.

use platform::app::App;
use platform::http::operation::{Anybody, AtStart, Media, Operation, Spec};
use platform::http::problem::Failure;
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/openapi.json`.
pub struct Openapi;

const DOCUMENT: &str = include_str!("../../../infra/openapi.json");

impl Operation for Openapi {
    const SPEC: Spec = Spec::get("openapi", "/v1/openapi.json")
        .summary("Read the OpenAPI 3.1 description of this API.")
        .media(Media::Document)
        .at_start(AtStart::Nothing);
    type Caller = Anybody;
    type Input = ();
    type Output = ();
    type Error = Failure;

    async fn run(_app: &App, _request: Request<Anybody>, (): ()) -> Result<Reply<()>, Failure> {
        Ok(Reply::document(
            "application/json; charset=utf-8",
            DOCUMENT.as_bytes().to_vec(),
        )
        .header("cache-control", "public, max-age=300"))
    }
}
