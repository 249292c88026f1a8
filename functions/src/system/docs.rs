//! The reference page, generated from the API's description and built in.

use platform::app::App;
use platform::http::operation::{Anybody, AtStart, Media, Operation, Spec};
use platform::http::problem::Failure;
use platform::http::reply::Reply;
use platform::http::request::{Request, sha256_base64};

/// `GET /docs`.
pub struct Docs;

const PAGE: &str = include_str!("../../../infra/docs.html");

impl Operation for Docs {
    const SPEC: Spec = Spec::get("docs", "/docs")
        .summary("Read this API's reference as a page.")
        .media(Media::Document)
        .at_start(AtStart::Nothing);
    type Caller = Anybody;
    type Input = ();
    type Output = ();
    type Error = Failure;

    async fn run(_app: &App, _request: Request<Anybody>, (): ()) -> Result<Reply<()>, Failure> {
        Ok(
            Reply::document("text/html; charset=utf-8", PAGE.as_bytes().to_vec())
                .header("cache-control", "public, max-age=300")
                .header("content-security-policy", policy()),
        )
    }
}

/// The page brings its own style and nothing else.
fn policy() -> String {
    let style = PAGE
        .split_once("<style>")
        .and_then(|(_, rest)| rest.split_once("</style>"))
        .map_or("", |(style, _)| style);
    let style = sha256_base64(style);
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
