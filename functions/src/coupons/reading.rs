//! Reading what a coupon is to be.

use domain::coupon::{CouponCode, CouponDuration, CouponTerms, Reduction};
use domain::id::{AccountId, ProductId};
use domain::money::{Currency, Money};
use domain::payment::LARGEST_CHARGE;
use jiff::Timestamp;
use platform::http::fields::{IdField, Ids, Instant, Whole};
use platform::http::form::{Field, Form, Object, Read};
use platform::http::operation::Input;
use platform::http::problem::Reason;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// Most products a coupon names; one for more is for all.
const MOST_PRODUCTS: usize = 50;

/// Most that is taken off at once, in minor units: what can be charged.
const LARGEST: u64 = LARGEST_CHARGE.unsigned_abs();

/// Most redemptions, and most periods.
const MANY: u64 = 1_000_000;

/// What a coupon is to be.
pub struct NewCoupon {
    /// What it takes off.
    pub terms: CouponTerms,
    /// From when it can be redeemed.
    pub starts_at: Option<Timestamp>,
    /// When that is over.
    pub ends_at: Option<Timestamp>,
    /// How often in all.
    pub max_redemptions: Option<u64>,
    /// How often by one account; once, unless it says otherwise.
    pub per_customer: u64,
    /// The one account it is for.
    pub account: Option<AccountId>,
    /// True when only who never paid anything may redeem it.
    pub first_purchase_only: bool,
}

impl Input for NewCoupon {
    fn read(form: &mut Form) -> Read<Self> {
        form.body(|body| {
            let code = body.required::<CouponCode>("code");
            let reduction = read_reduction(body);
            let duration = read_duration(body);
            let products = body.optional::<Ids<ProductId, MOST_PRODUCTS>>("products");
            let starts_at = body.optional::<Instant>("startsAt");
            let ends_at = body.optional::<Instant>("endsAt");
            let max_redemptions = body.optional::<Whole<1, MANY>>("maxRedemptions");
            let per_customer = body.optional::<Whole<1, MANY>>("perCustomer");
            let account = body.optional::<IdField<AccountId>>("accountId");
            let first_purchase_only = body.optional::<bool>("firstPurchaseOnly");
            let starts_at = starts_at?.map(|Instant(at)| at);
            let ends_at = ends_at?.map(|Instant(at)| at);
            let (start, end) = (starts_at.unwrap_or(Timestamp::MIN), ends_at);
            if end.is_some_and(|end| end <= start) {
                return Err(body.refuse("endsAt", Reason::OutOfRange));
            }
            Ok(Self {
                terms: CouponTerms {
                    code: code?,
                    reduction: reduction?,
                    duration: duration?,
                    products: products?.map_or_else(BTreeSet::new, |Ids(ids)| ids),
                },
                starts_at,
                ends_at,
                max_redemptions: max_redemptions?.map(|Whole(most)| most),
                per_customer: per_customer?.map_or(1, |Whole(most)| most),
                account: account?.map(|IdField(account)| account),
                first_purchase_only: first_purchase_only?.unwrap_or(false),
            })
        })
    }
}

/// A percentage or an amount, as the kind says, and not both.
fn read_reduction(body: &mut Object<'_>) -> Read<Reduction> {
    let kind = body.required::<Kind>("kind");
    let basis_points = body.optional::<Whole<1, 10_000>>("basisPoints");
    let amount = body.optional_object("amount", |money| {
        let amount = money.required::<Whole<1, LARGEST>>("amount");
        let currency = money.required::<Currency>("currency");
        let amount = i64::try_from(amount?.0).unwrap_or(LARGEST_CHARGE);
        Ok(Money::new(amount, currency?))
    });
    match (kind?, basis_points?, amount?) {
        (Kind::Percent, Some(Whole(points)), None) => Ok(Reduction::Percent {
            basis_points: u32::try_from(points).unwrap_or(10_000),
        }),
        (Kind::Amount, None, Some(value)) => Ok(Reduction::Amount { value }),
        (Kind::Percent, None, _) => Err(body.refuse("basisPoints", Reason::Required)),
        (Kind::Percent, Some(_), Some(_)) => Err(body.refuse("amount", Reason::Exclusive)),
        (Kind::Amount, _, None) => Err(body.refuse("amount", Reason::Required)),
        (Kind::Amount, Some(_), Some(_)) => Err(body.refuse("basisPoints", Reason::Exclusive)),
    }
}

/// For how long, and only then for how many periods.
fn read_duration(body: &mut Object<'_>) -> Read<CouponDuration> {
    let name = body.required::<Duration>("duration");
    let periods = body.optional::<Whole<1, 1_200>>("periods");
    let periods = periods?.and_then(|Whole(periods)| u32::try_from(periods).ok());
    match (name?, periods.and_then(NonZeroU32::new)) {
        (Duration::Once, None) => Ok(CouponDuration::Once),
        (Duration::Forever, None) => Ok(CouponDuration::Forever),
        (Duration::Repeating, Some(periods)) => Ok(CouponDuration::Repeating { periods }),
        (Duration::Repeating, None) => Err(body.refuse("periods", Reason::Required)),
        (Duration::Once | Duration::Forever, Some(_)) => {
            Err(body.refuse("periods", Reason::Exclusive))
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Percent,
    Amount,
}

impl Field for Kind {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        match value.as_str() {
            Some("percent") => Ok(Self::Percent),
            Some("amount") => Ok(Self::Amount),
            Some(_) => Err(Reason::UnknownValue),
            None => Err(Reason::WrongType),
        }
    }

    fn schema() -> Value {
        json!({"type": "string", "enum": ["percent", "amount"]})
    }
}

#[derive(Clone, Copy)]
enum Duration {
    Once,
    Repeating,
    Forever,
}

impl Field for Duration {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        match value.as_str() {
            Some("once") => Ok(Self::Once),
            Some("repeating") => Ok(Self::Repeating),
            Some("forever") => Ok(Self::Forever),
            Some(_) => Err(Reason::UnknownValue),
            None => Err(Reason::WrongType),
        }
    }

    fn schema() -> Value {
        json!({"type": "string", "enum": ["once", "repeating", "forever"]})
    }
}
