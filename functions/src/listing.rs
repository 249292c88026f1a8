//! Lists of an account's own things, page by page.

use domain::account::Account;
use domain::id::AccountId;
use platform::app::App;
use platform::http::cursor::Binding;
use platform::http::fields::{IdField, Opaque, Whole};
use platform::http::form::{Form, Read};
use platform::http::operation::Input;
use platform::http::problem::{Code, Failure, Reason};
use platform::http::request::Request;
use platform::identity::access::Claims;
use platform::store::{PageRequest, Stored, keys};

/// Which part of a list is asked for: `limit` 1 to 100, and `cursor`.
pub struct ListInput {
    limit: u32,
    cursor: Option<String>,
}

impl Input for ListInput {
    fn read(form: &mut Form) -> Read<Self> {
        let limit = form.query::<Whole<1, 100>>("limit");
        let cursor = form.query::<Opaque>("cursor");
        Ok(Self {
            limit: limit?
                .and_then(|Whole(limit)| u32::try_from(limit).ok())
                .unwrap_or(20),
            cursor: cursor?.map(|Opaque(cursor)| cursor),
        })
    }
}

/// Which part of whose list is asked for.
pub struct OfAccount {
    /// Whose.
    pub account: AccountId,
    list: ListInput,
}

impl Input for OfAccount {
    fn read(form: &mut Form) -> Read<Self> {
        let list = ListInput::read(form);
        match form.query("account")? {
            Some(IdField(account)) => Ok(Self {
                account,
                list: list?,
            }),
            None => Err(form.refuse("/account", Reason::Required)),
        }
    }
}

/// A list being read: the page asked for, and how its cursor is signed.
pub struct Listing {
    binding: Binding,
    /// The page asked for.
    pub page: PageRequest,
}

impl Listing {
    /// The page `input` asks for, of a list of this caller.
    ///
    /// # Errors
    /// A refusal when the cursor was not made for this list and caller.
    pub async fn open(
        app: &App,
        operation: &str,
        scope: &str,
        request: &Request<impl AsRef<Claims>>,
        input: ListInput,
        descending: bool,
    ) -> Result<Self, Failure> {
        let claims = request.caller.as_ref();
        let binding = Binding::of(operation, &format!("{} {scope}", claims.account), request);
        let after = match &input.cursor {
            Some(cursor) => Some(binding.open(app, cursor).await?),
            None => None,
        };
        Ok(Self {
            binding,
            page: PageRequest {
                limit: input.limit,
                after,
                descending,
            },
        })
    }

    /// The page a member of staff asks for, newest first, of an account's list.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is no such account; a refusal when the
    /// cursor was not made for this list, account and caller.
    pub async fn of(
        app: &App,
        operation: &str,
        request: &Request<impl AsRef<Claims>>,
        input: OfAccount,
    ) -> Result<Self, Failure> {
        let scope = input.account.to_string();
        let listing = Self::open(app, operation, &scope, request, input.list, true).await?;
        let key = keys::account(input.account);
        let profile: Option<Stored<Account>> = app.store().get(&key).await?;
        profile.ok_or(Code::NotFound)?;
        Ok(listing)
    }

    /// The cursor of the next page, if there is one.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when it cannot be signed.
    pub async fn next(&self, app: &App, next: Option<String>) -> Result<Option<String>, Failure> {
        match next {
            Some(position) => self.binding.seal(app, &position).await.map(Some),
            None => Ok(None),
        }
    }
}
