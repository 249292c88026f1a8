//! Users and accounts.

use crate::email::EmailAddress;
use crate::id::{AccountId, UserId};
use crate::locale::Locale;
use crate::text::Line;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a user may do for CYNA itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// No staff: a customer.
    Customer,
    /// Reads customers, orders and subscriptions.
    Support,
    /// Refunds, ledger, reports.
    Finance,
    /// Everything.
    Admin,
}

/// What a user may do for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRole {
    /// Everything, members included.
    Owner,
    /// Payments and subscriptions.
    Billing,
    /// Reads and orders.
    Member,
}

/// A login identity: personal data of one person.
#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Where mail goes.
    pub email: EmailAddress,
    /// Given name.
    pub first_name: Line<100>,
    /// Family name.
    pub last_name: Line<100>,
    /// Language of mails and pages.
    pub locale: Locale,
    /// When the address was confirmed.
    pub email_verified_at: Option<Timestamp>,
    /// Staff role.
    pub role: StaffRole,
    /// The account it acts for.
    pub account: AccountId,
    /// When it registered.
    pub created_at: Timestamp,
}

/// How a login stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginStatus {
    /// The address is not confirmed yet.
    Unverified,
    /// May log in.
    Active,
    /// Shut by staff.
    Suspended,
}

/// The credentials behind an e-mail address.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    /// The address.
    pub email: EmailAddress,
    /// Argon2id hash as a PHC string, with the id of the pepper used.
    pub password_hash: String,
    /// Whose login it is.
    pub user: UserId,
    /// The account the user acts for.
    pub account: AccountId,
    /// Staff role, copied into access tokens.
    pub role: StaffRole,
    /// How it stands.
    pub status: LoginStatus,
}

/// A customer: the billed party.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The user who made it; mails about money go there.
    pub owner: UserId,
    /// Company name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Line<200>>,
    /// IANA time zone of billing dates.
    pub zone: crate::anchor::Zone,
    /// Language of invoices and mails.
    pub locale: Locale,
    /// The customer at the payment provider, from the first payment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_customer: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}
