//! Places in the index `list`.

use super::Key;
use domain::coupon::CouponCode;
use domain::id::{AccountId, Id as _, PaymentId};
use domain::ledger::LedgerEntry;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A place in the index `list`: what staff look for without knowing whose it
/// is, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Partition key: the kind, and the month or day it was made in.
    pub pk: String,
    /// Sort key: the id, or the time.
    pub sk: String,
}

/// Where a payment is listed. Its id says when it was made, so the id alone is
/// enough to find it.
pub fn listed_payment(payment: PaymentId) -> Listed {
    let made = i64::try_from(payment.bits() >> 80)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or_default();
    let month = made.strftime("%Y-%m");
    Listed {
        pk: format!("PAYMENTS#{month}"),
        sk: payment.to_string(),
    }
}

/// The entries of all ledgers that were booked on this day, in UTC.
pub fn ledger_day(day: Date) -> String {
    format!("LEDGER#{day}")
}

/// Where a ledger's entry is listed: under its day, by its time to the
/// nanosecond, and by its place where several have the same.
pub fn listed_entry(entry: &LedgerEntry) -> Listed {
    let (account, sequence) = (entry.account, entry.sequence);
    // Written by hand, for the usual form leaves out zeros at the end.
    let at = entry.at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ");
    Listed {
        pk: ledger_day(entry.at.to_zoned(TimeZone::UTC).date()),
        sk: format!("{at}#{account}#{sequence:012}"),
    }
}
/// Where every coupon is listed.
pub const COUPONS: &str = "COUPONS";

/// Where a coupon is listed: with all others, by its code.
pub fn listed_coupon(code: &CouponCode) -> Listed {
    Listed {
        pk: COUPONS.to_owned(),
        sk: code.to_string(),
    }
}

/// Whose a key in the index `list` is.
pub fn owner(key: &Key) -> Option<AccountId> {
    let id = key.pk.strip_prefix("ACCOUNT#")?;
    AccountId::parse(id).ok()
}
