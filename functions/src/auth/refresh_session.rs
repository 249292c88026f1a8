//! `refresh_session`: a refresh token becomes the next one and an access token.

use super::session_tokens::{self, SessionTokens};
use platform::app::App;
use platform::http::fields::Text;
use platform::http::form::{Form, Read};
use platform::http::operation::{Anybody, Cookie, Input, Operation, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::session;

/// The operation.
pub struct RefreshSession;

/// A refresh token in the body, where it is not in the cookie.
pub struct RefreshInput {
    /// The token.
    pub(super) refresh_token: Option<Text<4096>>,
}

impl Input for RefreshInput {
    fn read(form: &mut Form) -> Read<Self> {
        form.body(|body| {
            Ok(Self {
                refresh_token: body.optional("refreshToken")?,
            })
        })
    }
}

/// Why a session does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No token, or one that is unknown, used, over, or of another client.
    #[error("the refresh token is not good")]
    InvalidRefreshToken,
    /// A cookie without the sign that the application sent it.
    #[error("the call does not come from the application")]
    CrossSite,
    /// Not to be decided.
    #[error("the refresh could not be decided: {0:?}")]
    Failed(Failure),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidRefreshToken => Code::InvalidRefreshToken.into(),
            Error::CrossSite => Code::CrossSite.into(),
            Error::Failed(failure) => failure,
        }
    }
}

impl Operation for RefreshSession {
    const SPEC: Spec = Spec::post("refresh_session", "/v1/auth/refresh")
        .body_optional()
        .summary("Exchange a refresh token for the next one and an access token")
        .cookie(Cookie::Exchanged)
        .codes(&[Code::InvalidRefreshToken, Code::CrossSite]);
    type Caller = Anybody;
    type Input = RefreshInput;
    type Output = SessionTokens;
    type Error = Error;

    async fn run(
        app: &App,
        request: Request<Anybody>,
        input: RefreshInput,
    ) -> Result<Reply<SessionTokens>, Error> {
        let in_body = input.refresh_token.map(|token| token.0);
        let presented =
            session_tokens::presented(app, &request, in_body).map_err(|_| Error::CrossSite)?;
        let (token, client) = presented.ok_or(Error::InvalidRefreshToken)?;
        let tokens = session::refresh(app, &token, client, request.now).await?;
        Ok(session_tokens::reply(
            app,
            tokens.ok_or(Error::InvalidRefreshToken)?,
        ))
    }
}
