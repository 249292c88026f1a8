//! `get_profile`: who the caller is.

use domain::account::{AccountRole, StaffRole, User};
use platform::app::App;
use platform::http::operation::{Operation, SignedIn, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::store::identity::Member;
use platform::store::keys;
use serde::Serialize;
use std::collections::BTreeMap;

/// The operation.
pub struct GetProfile;

/// A user, as it sees itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct Profile {
    id: String,
    email: String,
    first_name: String,
    last_name: String,
    /// `customer`, `support`, `finance` or `admin`.
    role: &'static str,
    /// `fr` or `en`.
    locale: &'static str,
    email_verified: bool,
    mfa_enabled: bool,
    /// What the application keeps for the user.
    preferences: BTreeMap<String, String>,
    /// The account the user acts for.
    account: Option<Membership>,
}

/// A place in an account.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct Membership {
    id: String,
    /// `owner`, `billing` or `member`.
    role: &'static str,
}

impl Operation for GetProfile {
    const SPEC: Spec = Spec::get("get_profile", "/v1/me").summary("The signed-in user");
    type Caller = SignedIn;
    type Input = ();
    type Output = Profile;
    type Error = Failure;

    async fn run(app: &App, request: Request<SignedIn>, (): ()) -> Result<Reply<Profile>, Failure> {
        let SignedIn(claims) = &request.caller;
        let (user, member) = (
            keys::user(claims.user),
            keys::member(claims.account, claims.user),
        );
        let mut found = app.store().batch(&[user.clone(), member.clone()]).await?;
        // The token of a user erased since is good for a few minutes more.
        let user = found
            .take::<User>(&user)?
            .ok_or(Code::Unauthenticated)?
            .value;
        let member = found.take::<Member>(&member)?.map(|member| member.value);
        Ok(Reply::data(profile(&user, member.as_ref())))
    }
}

fn profile(user: &User, member: Option<&Member>) -> Profile {
    Profile {
        id: user.id.to_string(),
        email: user.email.as_str().to_owned(),
        first_name: user.first_name.as_str().to_owned(),
        last_name: user.last_name.as_str().to_owned(),
        role: match user.role {
            StaffRole::Customer => "customer",
            StaffRole::Support => "support",
            StaffRole::Finance => "finance",
            StaffRole::Admin => "admin",
        },
        locale: user.locale.as_str(),
        email_verified: user.email_verified_at.is_some(),
        mfa_enabled: false,
        preferences: BTreeMap::new(),
        account: member.map(|member| Membership {
            id: member.account.to_string(),
            role: match member.role {
                AccountRole::Owner => "owner",
                AccountRole::Billing => "billing",
                AccountRole::Member => "member",
            },
        }),
    }
}
