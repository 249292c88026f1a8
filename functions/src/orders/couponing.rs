//! What an order takes off by a coupon, and whether what is left can be charged.

use super::placing::Terms;
use domain::coupon::{AppliedCoupon, CouponRefusal};
use domain::id::AccountId;
use domain::money::Money;
use domain::offer::Offer;
use domain::order::OrderLine;
use domain::payment::{LARGEST_CHARGE, SMALLEST_CHARGE};
use domain::rounding::ArithmeticError;
use domain::vat::vat_on;
use jiff::Timestamp;
use platform::app::App;
use platform::http::problem::{Failure, FieldError, Reason};
use platform::identity::throttle::{self, COUPON_PER_ADDRESS, Subject, Tries};
use platform::store::coupons::{CouponKeys, ReadCoupon};

impl Terms {
    /// What there is to read about the coupon, if there is one.
    pub(super) fn coupon_keys(&self, account: Option<AccountId>) -> Option<CouponKeys> {
        let code = self.coupon.as_ref()?;
        Some(CouponKeys::of(code, account))
    }
}

/// Counts a try at a code, before it is looked up: whoever was told too often
/// that there is no such code is told nothing for a while, so that codes are
/// not found by trying.
///
/// # Errors
/// A refusal after too many tries.
pub(super) async fn count_try(
    app: &App,
    terms: &Terms,
    address: &str,
) -> Result<Option<Tries>, Failure> {
    if terms.coupon.is_none() {
        return Ok(None);
    }
    let buckets = [(COUPON_PER_ADDRESS, Subject::Address(address))];
    Ok(Some(throttle::take(app, &buckets).await??))
}

/// Gives the try back when there is such a coupon for whoever asks.
pub(super) async fn count_known(app: &App, tries: Option<Tries>, read: &ReadCoupon) {
    let is_theirs = read.coupon.as_ref().is_some_and(|coupon| {
        let owner = coupon.value.account;
        owner.is_none() || owner == read.redeemer.map(|by| by.account)
    });
    if let Some(tries) = tries.filter(|_| is_theirs) {
        tries.give_back(app).await;
    }
}

/// Lines with the coupon taken off, where one is redeemed.
pub(super) type Discounted = (Vec<OrderLine>, Option<AppliedCoupon>);

/// Takes the coupon off, if it can be redeemed now.
///
/// # Errors
/// A refusal of the code that says why it cannot be.
pub(super) fn take_off(
    lines: Vec<OrderLine>,
    terms: &Terms,
    read: &ReadCoupon,
    now: Timestamp,
) -> Result<Discounted, Failure> {
    if terms.coupon.is_none() {
        return Ok((lines, None));
    }
    let Some(coupon) = &read.coupon else {
        return Err(refuse(CouponRefusal::Unknown));
    };
    let (coupon, currency) = (&coupon.value, terms.currency);
    let checked = coupon.check(currency, read.redeemer.as_ref(), now);
    checked.map_err(refuse)?;
    let (lines, applied) = coupon.terms.take_off(lines, currency).map_err(refuse)?;
    Ok((lines, Some(applied)))
}

fn refuse(refusal: CouponRefusal) -> Failure {
    let reason = match refusal {
        CouponRefusal::Unknown => Reason::UnknownCoupon,
        CouponRefusal::CurrencyMismatch => Reason::CurrencyMismatch,
        CouponRefusal::NotStarted => Reason::NotStarted,
        CouponRefusal::Expired => Reason::Expired,
        CouponRefusal::Exhausted => Reason::Exhausted,
        CouponRefusal::CustomerLimit => Reason::CustomerLimit,
        CouponRefusal::FirstPurchaseOnly => Reason::FirstPurchaseOnly,
        CouponRefusal::NotApplicable => Reason::NotApplicable,
    };
    Failure::field("/couponCode", reason)
}

/// Checks that the provider will charge an order of this, and later each of its
/// lines when it renews: with what the coupon takes off then, and without.
///
/// # Errors
/// A refusal that names what is too small or too large.
pub(super) fn is_chargeable(offer: &Offer) -> Result<(), Failure> {
    let mut errors = Vec::new();
    let renewals = renewals(offer).map_err(|error| Failure::fault(&error))?;
    for (index, (discounted, whole)) in renewals.into_iter().enumerate() {
        if whole.amount() < SMALLEST_CHARGE || whole.amount() > LARGEST_CHARGE {
            errors.push(out_of_range(format!("/items/{index}/quantity")));
        } else if discounted.amount() < SMALLEST_CHARGE {
            errors.push(too_large());
        }
    }
    let total = offer.totals.total.amount();
    if errors.is_empty() && total > LARGEST_CHARGE {
        errors.push(out_of_range("/items".to_owned()));
    }
    // Without a coupon each line alone is enough.
    if errors.is_empty() && total < SMALLEST_CHARGE {
        errors.push(too_large());
    }
    errors.dedup();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Failure::fields(errors))
    }
}

/// What each line comes to when it renews, VAT included: while the coupon goes
/// on, and after.
fn renewals(offer: &Offer) -> Result<Vec<(Money, Money)>, ArithmeticError> {
    let goes_on = offer.coupon.as_ref().map(|coupon| &coupon.terms);
    let goes_on = goes_on.filter(|terms| terms.duration.covers(1));
    let with_tax = |net: Money| {
        let tax = vat_on(net.amount(), offer.tax.rate_basis_points)?;
        net.checked_add(Money::new(tax, net.currency()))
    };
    let lines = offer.lines.iter();
    lines
        .map(|line| {
            let whole = with_tax(line.subtotal)?;
            let Some(terms) = goes_on.filter(|terms| terms.is_for(line.product)) else {
                return Ok((whole, whole));
            };
            // Each renews alone: what a percentage takes off then may be a cent
            // more than the line's share now.
            let off = terms.share_alone(line)?;
            let discounted = with_tax(line.subtotal.checked_sub(off)?)?;
            Ok((discounted, whole))
        })
        .collect()
}

fn too_large() -> FieldError {
    FieldError {
        path: "/couponCode".to_owned(),
        reason: Reason::TooLarge,
    }
}

fn out_of_range(path: String) -> FieldError {
    FieldError {
        path,
        reason: Reason::OutOfRange,
    }
}
