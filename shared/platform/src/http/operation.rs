//! What an operation declares about itself.

use super::form::{Form, Read};
use super::problem::{Code, Failure};
use super::reply::Reply;
use super::request::Request;
use crate::app::App;
use crate::identity::access::Claims;
use domain::account::StaffRole;
use std::future::Future;

/// The facts of an operation: the same on the wire, in the template, in the
/// API description and in the log.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Operation id; also the name of the module, the binary and, in Pascal
    /// case, the function in the template.
    pub id: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Route.
    pub path: &'static str,
    /// One line for the API description.
    pub summary: &'static str,
    /// What the line leaves out, for the API description.
    pub details: &'static str,
    /// Status of success.
    pub success: u16,
    /// What the idempotency key means here.
    pub idempotency: Idempotency,
    /// Refusals of its own, beside those every operation has.
    pub codes: &'static [Code],
    /// What it answers and reads.
    pub media: Media,
    /// True when no body means the same as an empty object.
    pub body_optional: bool,
    /// What is read before the first request.
    pub at_start: AtStart,
    /// What its `ETag` is good for.
    pub tag: Tag,
    /// What it does with the cookie of the refresh token.
    pub cookie: Cookie,
}

impl Spec {
    /// A read: answers 200.
    pub const fn get(id: &'static str, path: &'static str) -> Self {
        Self {
            id,
            method: "GET",
            path,
            summary: "",
            details: "",
            success: 200,
            idempotency: Idempotency::None,
            codes: &[],
            media: Media::Json,
            body_optional: false,
            at_start: AtStart::Keys,
            tag: Tag::None,
            cookie: Cookie::None,
        }
    }

    /// A command: answers 200.
    pub const fn post(id: &'static str, path: &'static str) -> Self {
        Self {
            method: "POST",
            ..Self::get(id, path)
        }
    }

    /// A replacement: answers 200.
    pub const fn put(id: &'static str, path: &'static str) -> Self {
        Self {
            method: "PUT",
            ..Self::get(id, path)
        }
    }

    /// A removal: answers 200.
    pub const fn delete(id: &'static str, path: &'static str) -> Self {
        Self {
            method: "DELETE",
            ..Self::get(id, path)
        }
    }

    /// Says what it does.
    pub const fn summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// Says what the summary leaves out.
    pub const fn details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    /// Answers with this status.
    pub const fn success(self, success: u16) -> Self {
        Self { success, ..self }
    }

    /// Takes an idempotency key.
    pub const fn idempotency(self, idempotency: Idempotency) -> Self {
        Self {
            idempotency,
            ..self
        }
    }

    /// Refuses with these codes.
    pub const fn codes(self, codes: &'static [Code]) -> Self {
        Self { codes, ..self }
    }

    /// Reads no body as an empty object.
    pub const fn body_optional(self) -> Self {
        Self {
            body_optional: true,
            ..self
        }
    }

    /// Answers or reads something else than JSON in the envelope.
    pub const fn media(self, media: Media) -> Self {
        Self { media, ..self }
    }

    /// Reads this before its first request.
    pub const fn at_start(self, at_start: AtStart) -> Self {
        Self { at_start, ..self }
    }

    /// Answers with an `ETag`.
    pub const fn tag(self, tag: Tag) -> Self {
        Self { tag, ..self }
    }

    /// Sets or reads the cookie of the refresh token.
    pub const fn cookie(self, cookie: Cookie) -> Self {
        Self { cookie, ..self }
    }
}

/// What the `ETag` of a success is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// There is none.
    None,
    /// To be sent as `If-Match` with what changes the thing.
    Version,
    /// The same, and it is read here: another version is refused.
    Guard,
    /// To be sent as `If-None-Match` next time, which may be answered with 304.
    Cache,
}

/// What an operation does with the cookie of the refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Nothing.
    None,
    /// It sets it.
    Set,
    /// It reads it, and sets another or none.
    Exchanged,
}

/// What a function reads before its first request, while the CPU is not
/// throttled: something it will need, which also opens the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtStart {
    /// The public keys, which every authenticated operation needs.
    Keys,
    /// The catalogue.
    Catalogue,
    /// Nothing: it needs no table.
    Nothing,
}

/// What an `Idempotency-Key` means to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// Nothing: the header is ignored.
    None,
    /// Honoured when sent.
    Honoured,
    /// Required.
    Required,
}

/// What an operation answers and reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// JSON in the envelope; a body is JSON.
    Json,
    /// A document of its own.
    Document,
    /// A body of at most 512 KiB, read as it came; JSON in the envelope.
    Webhook,
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// A guest with a cart token, or a user.
    UserOrGuest,
    /// A user, acting for its account.
    User,
    /// Staff: support, finance or an administrator.
    Staff,
    /// Finance or an administrator.
    Finance,
    /// An administrator.
    Admin,
}

/// The one who calls, as far as an operation wants to know.
pub trait Caller: Sized + Send + Sync {
    /// Who may call.
    const ACCESS: Access;

    /// Decides from the access token, if one was sent and is good, and the
    /// guest's cart token.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`] when the caller may not be this.
    fn admit(claims: Option<Claims>, guest: Option<String>) -> Result<Self, Code>;
}

/// Anybody: a token is not even looked at.
#[derive(Debug, Clone, Copy)]
pub struct Anybody;

impl Caller for Anybody {
    const ACCESS: Access = Access::Public;

    fn admit(_claims: Option<Claims>, _guest: Option<String>) -> Result<Self, Code> {
        Ok(Self)
    }
}

/// A user with a good access token.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Claims);

impl Caller for SignedIn {
    const ACCESS: Access = Access::User;

    fn admit(claims: Option<Claims>, _guest: Option<String>) -> Result<Self, Code> {
        claims.map(Self).ok_or(Code::Unauthenticated)
    }
}

impl AsRef<Claims> for SignedIn {
    fn as_ref(&self) -> &Claims {
        &self.0
    }
}

/// A member of the staff, for whom all accounts are open to be looked at.
#[derive(Debug, Clone)]
pub struct Staff(pub Claims);

impl Caller for Staff {
    const ACCESS: Access = Access::Staff;

    fn admit(claims: Option<Claims>, _guest: Option<String>) -> Result<Self, Code> {
        let claims = claims.ok_or(Code::Unauthenticated)?;
        match claims.role {
            StaffRole::Support | StaffRole::Finance | StaffRole::Admin => Ok(Self(claims)),
            StaffRole::Customer => Err(Code::Forbidden),
        }
    }
}

impl AsRef<Claims> for Staff {
    fn as_ref(&self) -> &Claims {
        &self.0
    }
}

/// Who may give money back and read the books.
#[derive(Debug, Clone)]
pub struct Finance(pub Claims);

impl Caller for Finance {
    const ACCESS: Access = Access::Finance;

    fn admit(claims: Option<Claims>, _guest: Option<String>) -> Result<Self, Code> {
        let claims = claims.ok_or(Code::Unauthenticated)?;
        match claims.role {
            StaffRole::Finance | StaffRole::Admin => Ok(Self(claims)),
            StaffRole::Customer | StaffRole::Support => Err(Code::Forbidden),
        }
    }
}

impl AsRef<Claims> for Finance {
    fn as_ref(&self) -> &Claims {
        &self.0
    }
}

/// Who may change what is sold and at which price.
#[derive(Debug, Clone)]
pub struct Admin(pub Claims);

impl Caller for Admin {
    const ACCESS: Access = Access::Admin;

    fn admit(claims: Option<Claims>, _guest: Option<String>) -> Result<Self, Code> {
        let claims = claims.ok_or(Code::Unauthenticated)?;
        match claims.role {
            StaffRole::Admin => Ok(Self(claims)),
            StaffRole::Customer | StaffRole::Support | StaffRole::Finance => Err(Code::Forbidden),
        }
    }
}

impl AsRef<Claims> for Admin {
    fn as_ref(&self) -> &Claims {
        &self.0
    }
}

/// Whose cart it is.
#[derive(Debug, Clone)]
pub enum Shopper {
    /// A user.
    User(Claims),
    /// A guest with the token of its cart.
    Guest(String),
    /// A guest without a cart yet.
    Newcomer,
}

impl Caller for Shopper {
    const ACCESS: Access = Access::UserOrGuest;

    fn admit(claims: Option<Claims>, guest: Option<String>) -> Result<Self, Code> {
        Ok(match (claims, guest) {
            (Some(claims), _) => Self::User(claims),
            (None, Some(token)) => Self::Guest(token),
            (None, None) => Self::Newcomer,
        })
    }
}

/// What an operation is told.
pub trait Input: Sized + Send {
    /// Reads it.
    ///
    /// # Errors
    /// The mark that an error was written into the form.
    fn read(form: &mut Form) -> Read<Self>;
}

/// Nothing.
impl Input for () {
    fn read(_form: &mut Form) -> Read<Self> {
        Ok(())
    }
}

/// Has a JSON schema, in builds that describe the API.
#[cfg(feature = "openapi")]
pub trait Described: schemars::JsonSchema {}
#[cfg(feature = "openapi")]
impl<T: schemars::JsonSchema> Described for T {}

/// Has a JSON schema, in builds that describe the API.
#[cfg(not(feature = "openapi"))]
pub trait Described {}
#[cfg(not(feature = "openapi"))]
impl<T> Described for T {}

/// One bounded operation: one Lambda function.
pub trait Operation: Send + Sync + 'static {
    /// Its facts.
    const SPEC: Spec;
    /// Who calls.
    type Caller: Caller;
    /// What it is told.
    type Input: Input;
    /// What it answers.
    type Output: serde::Serialize + Described + Send;
    /// Why it may refuse.
    type Error: Into<Failure> + Send;

    /// Does it: who, what exists, decide, commit, answer.
    fn run(
        app: &App,
        request: Request<Self::Caller>,
        input: Self::Input,
    ) -> impl Future<Output = Result<Reply<Self::Output>, Self::Error>> + Send;
}
