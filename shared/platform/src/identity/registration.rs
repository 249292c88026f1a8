//! What registering makes: a login, a user, an account, the user's place in
//! it, and the account's data key.

use super::password;
use crate::app::App;
use crate::http::problem::{Code, Failure, Reason};
use crate::sealing::DataKey;
use crate::store::identity::{Decoy, Member};
use crate::store::{CommitError, Entity, StoreError, Transaction};
use domain::account::{Account, AccountRole, Login, LoginStatus, StaffRole, User};
use domain::anchor::Zone;
use domain::email::EmailAddress;
use domain::id::{AccountId, ActId, UserId};
use domain::locale::Locale;
use domain::text::Line;
use jiff::Timestamp;

/// Somebody who registers.
#[derive(Clone)]
pub struct Newcomer {
    /// Address to log in with.
    pub email: EmailAddress,
    /// Given name.
    pub first_name: Line<100>,
    /// Family name.
    pub last_name: Line<100>,
    /// Company.
    pub company: Option<Line<200>>,
    /// Language of mails.
    pub locale: Locale,
    /// PHC string of the password.
    pub password_hash: String,
}

/// The items of a new customer.
pub struct Customer {
    /// Its credentials.
    pub login: Login,
    /// The user.
    pub user: User,
    account: Account,
    member: Member,
    data_key: DataKey,
}

impl Customer {
    /// The items for a newcomer whose address is not confirmed yet.
    ///
    /// # Errors
    /// When random bytes or the master key cannot be had.
    pub async fn new(app: &App, newcomer: &Newcomer, now: Timestamp) -> Result<Self, Failure> {
        let user: UserId = app.new_id()?;
        let account: AccountId = app.new_id()?;
        Ok(Self {
            login: Login {
                email: newcomer.email.clone(),
                password_hash: newcomer.password_hash.clone(),
                user,
                account,
                role: StaffRole::Customer,
                status: LoginStatus::Unverified,
            },
            user: User {
                id: user,
                email: newcomer.email.clone(),
                first_name: newcomer.first_name.clone(),
                last_name: newcomer.last_name.clone(),
                locale: newcomer.locale,
                email_verified_at: None,
                role: StaffRole::Customer,
                account,
                created_at: now,
            },
            account: Account {
                id: account,
                owner: user,
                company: newcomer.company.clone(),
                zone: Zone::UTC,
                locale: newcomer.locale,
                provider_customer: None,
                created_at: now,
            },
            member: Member {
                account,
                user,
                role: AccountRole::Owner,
                since: now,
            },
            data_key: DataKey::generate(app, account).await?,
        })
    }

    /// The same customer with a confirmed address and a staff role.
    fn verified(mut self, role: StaffRole, now: Timestamp) -> Self {
        self.login.status = LoginStatus::Active;
        self.login.role = role;
        self.user.email_verified_at = Some(now);
        self.user.role = role;
        self
    }

    /// Puts the items. The login's is the guard of the address.
    pub fn insert<R: Copy>(&self, act: &mut Transaction<R>, taken: R) {
        act.insert(&self.login, taken);
        act.insert(&self.user, taken);
        act.insert(&self.account, taken);
        act.insert(&self.member, taken);
        act.insert(&self.data_key, taken);
    }

    /// Puts items of the same number and size that mean nothing, for an
    /// address that has a login already.
    ///
    /// # Errors
    /// [`StoreError::Encode`] when one cannot be written.
    pub fn insert_decoys<R: Copy>(
        &self,
        act: &mut Transaction<R>,
        taken: R,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        insert_decoy(act, &self.login, taken, now)?;
        insert_decoy(act, &self.user, taken, now)?;
        insert_decoy(act, &self.account, taken, now)?;
        insert_decoy(act, &self.member, taken, now)?;
        insert_decoy(act, &self.data_key, taken, now)
    }
}

/// Puts an item of the size of `of` that means nothing.
///
/// # Errors
/// [`StoreError::Encode`] when it cannot be written.
pub fn insert_decoy<T: Entity, R: Copy>(
    act: &mut Transaction<R>,
    of: &T,
    taken: R,
    now: Timestamp,
) -> Result<(), StoreError> {
    let decoy = Decoy::standing_for(of, act.act(), now)?;
    act.insert(&decoy, taken);
    Ok(())
}

/// Puts a user who may log in at once, with an account: how a local stack and
/// tests come to their people. The password is not judged.
///
/// # Errors
/// [`Code::StateConflict`] when the address has a login; field errors for
/// names or an address that cannot be.
pub async fn seed_user(
    app: &App,
    email: &str,
    password: &str,
    first_name: &str,
    last_name: &str,
    role: StaffRole,
) -> Result<(UserId, AccountId), Failure> {
    let malformed = |field: &str| Failure::field(format!("/{field}"), Reason::Malformed);
    let now = app.now();
    let newcomer = Newcomer {
        email: EmailAddress::parse(email).map_err(|_| malformed("email"))?,
        first_name: Line::parse(first_name).map_err(|_| malformed("firstName"))?,
        last_name: Line::parse(last_name).map_err(|_| malformed("lastName"))?,
        company: None,
        locale: Locale::default(),
        password_hash: password::hash(app, password).await?,
    };
    let customer = Customer::new(app, &newcomer, now)
        .await?
        .verified(role, now);
    let mut act = Transaction::new(app.new_id::<ActId>()?);
    customer.insert(&mut act, Code::StateConflict);
    match app.store().commit(act).await {
        Ok(()) => Ok((customer.login.user, customer.login.account)),
        Err(CommitError::Refused(code)) => Err(code.into()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
