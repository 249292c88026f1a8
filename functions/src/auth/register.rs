//! `register`: makes a user and its account, or lets nobody see that they are
//! there already.

use domain::email::EmailAddress;
use domain::event::{EventKind, Owner};
use domain::id::{ActId, UserId};
use domain::locale::Locale;
use domain::text::Line;
use futures::future::join;
use jiff::Timestamp;
use platform::app::App;
use platform::http::fields::{Accepted, Password};
use platform::http::form::{Form, Read};
use platform::http::operation::{Anybody, Input, Operation, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::identity::registration::{Customer, Newcomer, insert_decoy};
use platform::identity::throttle::{self, REGISTRATION_PER_ADDRESS, Subject};
use platform::identity::{mailed_token, password, password_policy};
use platform::store::{CommitError, Transaction, events};
use serde::Serialize;

/// The operation.
pub struct Register;

/// Who registers.
pub struct RegisterInput {
    email: EmailAddress,
    password: Password,
    first_name: Line<100>,
    last_name: Line<100>,
    company: Option<Line<200>>,
    locale: Option<Locale>,
}

impl Input for RegisterInput {
    fn read(form: &mut Form) -> Read<Self> {
        form.body(|body| {
            let email = body.required("email");
            let password = body.required("password");
            let first_name = body.required("firstName");
            let last_name = body.required("lastName");
            let company = body.optional("companyName");
            let locale = body.optional("locale");
            let accepted = body.required::<Accepted>("acceptTerms");
            let input = Self {
                email: email?,
                password: password?,
                first_name: first_name?,
                last_name: last_name?,
                company: company?,
                locale: locale?,
            };
            accepted.map(|Accepted| input)
        })
    }
}

/// What happens next.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct VerificationSent {
    /// `verification_sent`.
    pub(super) status: &'static str,
}

impl VerificationSent {
    /// The one answer there is.
    pub(super) const ANSWER: Self = Self {
        status: "verification_sent",
    };
}

impl Operation for Register {
    const SPEC: Spec = Spec::post("register", "/v1/auth/register")
        .summary("Register; the answer is the same whether or not the address is known")
        .success(202)
        .codes(&[Code::TooManyRequests]);
    type Caller = Anybody;
    type Input = RegisterInput;
    type Output = VerificationSent;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Anybody>,
        input: RegisterInput,
    ) -> Result<Reply<VerificationSent>, Failure> {
        let owner = password_policy::Owner {
            email: &input.email,
            company: input.company.as_ref().map(Line::as_str),
        };
        password_policy::judge(&input.password.0, owner)
            .map_err(|reason| Failure::field("/password", reason))?;

        let buckets = [(REGISTRATION_PER_ADDRESS, Subject::Address(&request.address))];
        let (tries, login) = join(
            throttle::take(app, &buckets),
            app.store().login(&input.email),
        )
        .await;
        tries??;
        let known = login.map_err(Failure::from)?.map(|login| login.value.user);

        let newcomer = Newcomer {
            password_hash: password::hash(app, &input.password.0).await?,
            email: input.email,
            first_name: input.first_name,
            last_name: input.last_name,
            company: input.company,
            locale: input.locale.unwrap_or(request.locale),
        };
        register(app, &newcomer, known, request.now).await?;
        Ok(Reply::data(VerificationSent::ANSWER))
    }
}

/// The address got a login since it was looked up.
#[derive(Debug, Clone, Copy)]
struct Taken;

/// Commits the registration. Both cases cost the same: a known address gets a
/// transaction of as many items of the same sizes.
async fn register(
    app: &App,
    newcomer: &Newcomer,
    known: Option<UserId>,
    now: Timestamp,
) -> Result<(), Failure> {
    let customer = Customer::new(app, newcomer, now).await?;
    let act = match known {
        None => first(app, &customer, now).await?,
        Some(user) => repeated(app, &customer, user, now).await?,
    };
    match app.store().commit(act).await {
        Ok(()) => return Ok(()),
        Err(CommitError::Store(error)) => return Err(error.into()),
        Err(CommitError::Refused(Taken)) => {}
    }
    // Two registrations of one address at once: this one is the second.
    let user = app
        .store()
        .login(&newcomer.email)
        .await?
        .map(|login| login.value.user);
    let user = user.ok_or_else(|| Failure::Unavailable {
        retry_after: 1,
        cause: "a login came and went".to_owned(),
    })?;
    match app
        .store()
        .commit(repeated(app, &customer, user, now).await?)
        .await
    {
        Ok(()) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
        Err(CommitError::Refused(Taken)) => Err(Failure::Fault("a new id was taken".to_owned())),
    }
}

async fn first(
    app: &App,
    customer: &Customer,
    now: Timestamp,
) -> Result<Transaction<Taken>, Failure> {
    let mut act = Transaction::new(app.new_id::<ActId>()?);
    let user = customer.user.id;
    customer.insert(&mut act, Taken);
    act.insert(
        &mailed_token::verification(app, user, act.act(), now).await?,
        Taken,
    );
    let kind = EventKind::UserRegistered {
        user,
        token: act.act(),
    };
    act.insert(
        &events::event(app.new_id()?, Owner::User { user }, kind, now),
        Taken,
    );
    Ok(act)
}

async fn repeated(
    app: &App,
    decoy: &Customer,
    user: UserId,
    now: Timestamp,
) -> Result<Transaction<Taken>, Failure> {
    let mut act = Transaction::new(app.new_id::<ActId>()?);
    decoy.insert_decoys(&mut act, Taken, now)?;
    let token = mailed_token::verification(app, decoy.user.id, act.act(), now).await?;
    insert_decoy(&mut act, &token, Taken, now)?;
    let kind = EventKind::RegistrationRepeated { user };
    act.insert(
        &events::event(app.new_id()?, Owner::User { user }, kind, now),
        Taken,
    );
    Ok(act)
}
