//! `resend_verification`: another mail to confirm an address, if one is due.

use super::register::VerificationSent;
use domain::account::LoginStatus;
use domain::email::EmailAddress;
use domain::event::{EventKind, Owner};
use domain::id::{ActId, UserId};
use futures::future::join;
use jiff::Timestamp;
use platform::app::App;
use platform::http::form::{Form, Read};
use platform::http::operation::{Anybody, Input, Operation, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::mailed_token;
use platform::identity::registration::insert_decoy;
use platform::identity::throttle::{self, MAIL_PER_ADDRESS, MAIL_PER_EMAIL, Subject};
use platform::store::{CommitError, Transaction, events};

/// The operation.
pub struct ResendVerification;

/// Whose address is to be confirmed.
pub struct ResendVerificationInput {
    email: EmailAddress,
}

impl Input for ResendVerificationInput {
    fn read(form: &mut Form) -> Read<Self> {
        form.body(|body| {
            Ok(Self {
                email: body.required("email")?,
            })
        })
    }
}

impl Operation for ResendVerification {
    const SPEC: Spec = Spec::post("resend_verification", "/v1/auth/resend-verification")
        .summary("Mail another link to confirm an address; the answer is always the same")
        .success(202)
        .codes(&[Code::TooManyRequests]);
    type Caller = Anybody;
    type Input = ResendVerificationInput;
    type Output = VerificationSent;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Anybody>,
        input: ResendVerificationInput,
    ) -> Result<Reply<VerificationSent>, Failure> {
        let buckets = [
            (MAIL_PER_ADDRESS, Subject::Address(&request.address)),
            (MAIL_PER_EMAIL, Subject::Email(&input.email)),
        ];
        let (tries, login) = join(
            throttle::take(app, &buckets),
            app.store().login(&input.email),
        )
        .await;
        tries??;
        let waiting = login
            .map_err(Failure::from)?
            .filter(|login| login.value.status == LoginStatus::Unverified)
            .map(|login| login.value.user);

        let act = match waiting {
            Some(user) => another_mail(app, user, request.now).await?,
            None => nothing_to_send(app, request.now).await?,
        };
        match app.store().commit(act).await {
            Ok(()) => Ok(Reply::data(VerificationSent::ANSWER)),
            Err(CommitError::Store(error)) => Err(error.into()),
            Err(CommitError::Refused(IdTaken)) => {
                Err(Failure::Fault("a new id was taken".to_owned()))
            }
        }
    }
}

/// An id made just now was there already.
#[derive(Debug, Clone, Copy)]
struct IdTaken;

async fn another_mail(
    app: &App,
    user: UserId,
    now: Timestamp,
) -> Result<Transaction<IdTaken>, Failure> {
    let mut act = Transaction::new(app.new_id::<ActId>()?);
    act.insert(
        &mailed_token::verification(app, user, act.act(), now).await?,
        IdTaken,
    );
    let kind = EventKind::VerificationRequested {
        user,
        token: act.act(),
    };
    act.insert(
        &events::event(app.new_id()?, Owner::User { user }, kind, now),
        IdTaken,
    );
    Ok(act)
}

/// As many items, so that the answer costs the same.
async fn nothing_to_send(app: &App, now: Timestamp) -> Result<Transaction<IdTaken>, Failure> {
    let mut act = Transaction::new(app.new_id::<ActId>()?);
    let token = mailed_token::verification(app, app.new_id()?, act.act(), now).await?;
    insert_decoy(&mut act, &token, IdTaken, now)?;
    act.insert(
        &events::event(app.new_id()?, Owner::Decoy, EventKind::NothingToSend, now),
        IdTaken,
    );
    Ok(act)
}
