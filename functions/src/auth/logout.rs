//! `logout`: ends the session of a refresh token.

use super::refresh_session::RefreshInput;
use super::session_tokens;
use platform::app::App;
use platform::http::operation::{Anybody, Cookie, Operation, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::session;
use serde::Serialize;

/// The operation.
pub struct Logout;

/// What became of the session.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct SignedOut {
    /// `signed_out`.
    status: &'static str,
}

impl Operation for Logout {
    const SPEC: Spec = Spec::post("logout", "/v1/auth/logout")
        .body_optional()
        .summary("End the session; repeating it changes nothing")
        .cookie(Cookie::Exchanged)
        .codes(&[Code::CrossSite]);
    type Caller = Anybody;
    type Input = RefreshInput;
    type Output = SignedOut;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Anybody>,
        input: RefreshInput,
    ) -> Result<Reply<SignedOut>, Failure> {
        let in_body = input.refresh_token.map(|token| token.0);
        if let Some((token, _)) = session_tokens::presented(app, &request, in_body)? {
            session::end(app, &token).await?;
        }
        let reply = Reply::data(SignedOut {
            status: "signed_out",
        });
        Ok(reply.header("set-cookie", session_tokens::clear_cookie(app)))
    }
}
