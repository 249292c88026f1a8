//! What login, refreshing and logout share: how tokens travel.

use platform::app::App;
use platform::http::problem::Code;
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::access::LIFE_SECONDS;
use platform::identity::session::Tokens;
use platform::store::identity::{ClientKind, Session};
use serde::Serialize;

/// Name of the cookie that holds the refresh token.
const COOKIE: &str = "cyna_refresh";

/// A session's tokens.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct SessionTokens {
    /// Sent as `Authorization: Bearer` with every call.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds the access token is good for.
    expires_in: i64,
    /// Good for one refresh; only where the body was asked for, else it is in
    /// the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Answers with a session's tokens: the refresh token in the cookie or in the
/// body, as the client keeps it.
pub(super) fn reply(app: &App, tokens: Tokens) -> Reply<SessionTokens> {
    let (cookie, refresh_token) = match tokens.client {
        ClientKind::Cookie => (
            Some(set_cookie(app, &tokens.refresh, Session::IDLE.as_secs())),
            None,
        ),
        ClientKind::Body => (None, Some(tokens.refresh)),
    };
    let reply = Reply::data(SessionTokens {
        access_token: tokens.access,
        token_type: "Bearer",
        expires_in: LIFE_SECONDS,
        refresh_token,
    });
    match cookie {
        Some(cookie) => reply.header("set-cookie", cookie),
        None => reply,
    }
}

/// The header that takes the cookie away.
pub(super) fn clear_cookie(app: &App) -> String {
    set_cookie(app, "", 0)
}

fn set_cookie(app: &App, value: &str, max_age: i64) -> String {
    // Browsers keep no `Secure` cookie of a plain loopback server.
    let secure = if app.config().loopback {
        ""
    } else {
        "; Secure"
    };
    format!("{COOKIE}={value}; Path=/v1/auth; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}")
}

/// The refresh token a call brings, and how. One in the body comes from the
/// client itself; one in the cookie may be sent by any page, so the call must
/// show that it comes from the application.
///
/// # Errors
/// [`Code::CrossSite`] for a cookie without `X-CYNA-Client`, or without an
/// allowed origin.
pub(super) fn presented<C>(
    app: &App,
    request: &Request<C>,
    in_body: Option<String>,
) -> Result<Option<(String, ClientKind)>, Code> {
    if let Some(token) = in_body {
        return Ok(Some((token, ClientKind::Body)));
    }
    let Some(token) = request.cookie(COOKIE).filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let from_application = request.headers.contains_key("x-cyna-client");
    // Browsers send it with every such call.
    let origin_allowed = request
        .header(http::header::ORIGIN.as_str())
        .is_some_and(|origin| app.config().allows_origin(origin));
    if !from_application || !origin_allowed {
        return Err(Code::CrossSite);
    }
    Ok(Some((token.to_owned(), ClientKind::Cookie)))
}
