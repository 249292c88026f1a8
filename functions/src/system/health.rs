//! Telling that the API answers.

use platform::app::App;
use platform::http::operation::{Anybody, AtStart, Operation, Spec};
use platform::http::problem::Failure;
use platform::http::reply::Reply;
use platform::http::request::Request;
use serde::Serialize;

/// `GET /v1/health`.
pub struct Health;

/// That it answers.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct HealthView {
    /// `ok`.
    pub status: &'static str,
    /// What time it is here.
    pub time: String,
}

impl Operation for Health {
    const SPEC: Spec = Spec::get("health", "/v1/health")
        .summary("Tell whether the API answers.")
        .at_start(AtStart::Nothing);
    type Caller = Anybody;
    type Input = ();
    type Output = HealthView;
    type Error = Failure;

    async fn run(
        _app: &App,
        request: Request<Anybody>,
        (): (),
    ) -> Result<Reply<HealthView>, Failure> {
        Ok(Reply::data(HealthView {
            status: "ok",
            time: request.now.to_string(),
        }))
    }
}
