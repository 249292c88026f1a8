//! `verify_email`: the mailed token confirms an address, and the login opens.

use domain::account::{Login, LoginStatus, StaffRole, User};
use domain::event::{EventKind, Owner};
use domain::id::ActId;
use jiff::Timestamp;
use platform::app::App;
use platform::http::fields::Text;
use platform::http::form::{Form, Read};
use platform::http::operation::{Anybody, Input, Operation, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::mailed_token;
use platform::store::identity::{OneTimeToken, TokenPurpose};
use platform::store::{CommitError, StoreError, Transaction, events};
use serde::Serialize;

/// The operation.
pub struct VerifyEmail;

/// The token from the link.
pub struct VerifyEmailInput {
    token: Text<256>,
}

impl Input for VerifyEmailInput {
    fn read(form: &mut Form) -> Read<Self> {
        form.body(|body| {
            Ok(Self {
                token: body.required("token")?,
            })
        })
    }
}

/// What became of the address.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct Verified {
    /// `verified`.
    status: &'static str,
}

/// Why an address is not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Unknown, used or over.
    #[error("the token is not good")]
    InvalidToken,
    /// Not to be decided.
    #[error("the confirmation could not be decided: {0:?}")]
    Failed(Failure),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidToken => Code::InvalidToken.into(),
            Error::Failed(failure) => failure,
        }
    }
}

impl Operation for VerifyEmail {
    const SPEC: Spec = Spec::post("verify_email", "/v1/auth/verify-email")
        .summary("Confirm an e-mail address with the token that was mailed to it")
        .codes(&[Code::InvalidToken]);
    type Caller = Anybody;
    type Input = VerifyEmailInput;
    type Output = Verified;
    type Error = Error;

    async fn run(
        app: &App,
        request: Request<Anybody>,
        input: VerifyEmailInput,
    ) -> Result<Reply<Verified>, Error> {
        let now = request.now;
        let found = app
            .store()
            .one_time_token(&mailed_token::hash(&input.token.0))
            .await?;
        let token = found
            .filter(|token| token.value.is_good(TokenPurpose::VerifyEmail, now))
            .ok_or(Error::InvalidToken)?;
        // A user erased since takes the token with it. The token itself names
        // nobody, so the address is found through the user.
        let user = app
            .store()
            .user(token.value.user)
            .await?
            .ok_or(Error::InvalidToken)?;
        let login = app
            .store()
            .login(&user.value.email)
            .await?
            .ok_or(Error::InvalidToken)?;

        let role = role(app, &user.value);
        let mut act = Transaction::new(new_id(app)?);
        act.replace(
            token.version,
            &OneTimeToken {
                used_at: Some(now),
                ..token.value
            },
            (),
        );
        act.replace(login.version, &opened(login.value, role), ());
        let (id, owner) = (
            user.value.id,
            Owner::User {
                user: user.value.id,
            },
        );
        act.replace(user.version, &confirmed(user.value, role, now), ());
        let event_id = app.new_id().map_err(Failure::from)?;
        act.insert(
            &events::event(event_id, owner, EventKind::EmailVerified { user: id }, now),
            (),
        );
        match app.store().commit(act).await {
            Ok(()) => Ok(Reply::data(Verified { status: "verified" })),
            // Used by another call at the same moment.
            Err(CommitError::Refused(())) => Err(Error::InvalidToken),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

fn new_id(app: &App) -> Result<ActId, Failure> {
    Ok(app.new_id()?)
}

/// The role from now on: whoever shows to hold the bootstrap address is the
/// first administrator.
fn role(app: &App, user: &User) -> StaffRole {
    if app.config().bootstrap_admin.as_ref() == Some(&user.email) {
        StaffRole::Admin
    } else {
        user.role
    }
}

fn opened(login: Login, role: StaffRole) -> Login {
    let status = match login.status {
        LoginStatus::Unverified | LoginStatus::Active => LoginStatus::Active,
        LoginStatus::Suspended => LoginStatus::Suspended,
    };
    Login {
        status,
        role,
        ..login
    }
}

fn confirmed(user: User, role: StaffRole, now: Timestamp) -> User {
    User {
        email_verified_at: user.email_verified_at.or(Some(now)),
        role,
        ..user
    }
}
