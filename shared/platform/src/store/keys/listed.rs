//! Keys of the index `list`.

use super::Key;
use domain::coupon::CouponCode;
use domain::id::{AccountId, Id as _, PaymentId};
use jiff::Timestamp;

/// A place in the index `list`: what staff look for without knowing whose it
/// is. Sorted by id, which is the order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Partition key: the kind and the month it was made in.
    pub pk: String,
    /// Sort key: the id.
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
