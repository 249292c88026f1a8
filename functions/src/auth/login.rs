//! `login`: a password opens a session.

use super::session_tokens::{self, SessionTokens};
use domain::account::{Login as Credentials, LoginStatus};
use domain::email::EmailAddress;
use domain::id::ActId;
use futures::future::join;
use platform::app::App;
use platform::http::fields::Password;
use platform::http::form::{Field, Form, Read};
use platform::http::operation::{Anybody, Cookie, Input, Operation, Spec};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::password::{self, Verdict};
use platform::identity::session;
use platform::identity::throttle::{self, LOGIN_PER_ADDRESS, LOGIN_PER_EMAIL, Subject, Throttled};
use platform::store::identity::ClientKind;
use platform::store::{Stored, Transaction};
use serde_json::{Value, json};

/// The operation.
pub struct Login;

/// Where the refresh token goes.
struct TokenTransport(ClientKind);

impl Field for TokenTransport {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        match value.as_str().ok_or(Reason::WrongType)? {
            "cookie" => Ok(Self(ClientKind::Cookie)),
            "body" => Ok(Self(ClientKind::Body)),
            _ => Err(Reason::UnknownValue),
        }
    }

    fn schema() -> Value {
        json!({"type": "string", "enum": ["cookie", "body"], "default": "cookie"})
    }
}

/// What a login is told.
pub struct LoginInput {
    email: EmailAddress,
    password: Password,
    transport: Option<TokenTransport>,
}

impl Input for LoginInput {
    fn read(form: &mut Form) -> Read<Self> {
        form.body(|body| {
            let email = body.required("email");
            let password = body.required("password");
            let transport = body.optional("tokenTransport");
            Ok(Self {
                email: email?,
                password: password?,
                transport: transport?,
            })
        })
    }
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Unknown, wrong, not confirmed or shut: which of them is not told.
    #[error("the credentials open no session")]
    InvalidCredentials,
    /// Too many tries.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// Not to be decided.
    #[error("the login could not be decided: {0:?}")]
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
            Error::InvalidCredentials => Code::InvalidCredentials.into(),
            Error::Throttled(throttled) => throttled.into(),
            Error::Failed(failure) => failure,
        }
    }
}

impl Operation for Login {
    const SPEC: Spec = Spec::post("login", "/v1/auth/login")
        .summary("Log in with e-mail address and password")
        .cookie(Cookie::Set)
        .codes(&[Code::InvalidCredentials, Code::TooManyRequests]);
    type Caller = Anybody;
    type Input = LoginInput;
    type Output = SessionTokens;
    type Error = Error;

    async fn run(
        app: &App,
        request: Request<Anybody>,
        input: LoginInput,
    ) -> Result<Reply<SessionTokens>, Error> {
        let buckets = [
            (LOGIN_PER_ADDRESS, Subject::Address(&request.address)),
            (LOGIN_PER_EMAIL, Subject::Email(&input.email)),
        ];
        let (tries, found) = join(
            throttle::take(app, &buckets),
            app.store().login(&input.email),
        )
        .await;
        let tries = tries??;
        let found = found.map_err(Failure::from)?;

        let stored_hash = found
            .as_ref()
            .map(|login| login.value.password_hash.as_str());
        let verdict = password::verify(app, &input.password.0, stored_hash).await?;
        let login = admit(found, verdict).ok_or(Error::InvalidCredentials)?;

        let client = input
            .transport
            .map_or(ClientKind::Cookie, |transport| transport.0);
        let opened = session::open(app, &login.value, client, request.now);
        let (tokens, ()) = join(opened, tries.give_back(app)).await;
        if verdict == Verdict::Outdated {
            hash_again(app, login, &input.password).await;
        }
        Ok(session_tokens::reply(app, tokens?))
    }
}

/// The login that may open a session.
fn admit(found: Option<Stored<Credentials>>, verdict: Verdict) -> Option<Stored<Credentials>> {
    let right = match verdict {
        Verdict::Right | Verdict::Outdated => true,
        Verdict::Wrong => false,
    };
    found.filter(|login| right && login.value.status == LoginStatus::Active)
}

/// Hashes the password with today's parameters. Where that fails, the old hash
/// is still good, and the next login tries again.
async fn hash_again(app: &App, login: Stored<Credentials>, password: &Password) {
    let (Ok(password_hash), Ok(act)) = (
        password::hash(app, &password.0).await,
        app.new_id::<ActId>(),
    ) else {
        return;
    };
    let mut act = Transaction::new(act);
    act.replace(
        login.version,
        &Credentials {
            password_hash,
            ..login.value
        },
        (),
    );
    let _ = app.store().commit(act).await;
}
