//! Discounts: how they are spread, and whom they are given to.

use crate::rows::{Row, read, rows};
use crate::{check_totals, interval, parts};
use domain::allocation::{Discount, fixed_discount, percent_discount};
use domain::anchor::{Anchor, Zone};
use domain::coupon::{
    Coupon, CouponCode, CouponDuration, CouponRefusal, CouponTerms, Redeemer, Reduction,
    RunningCoupon, first_period,
};
use domain::id::{AccountId, Id as _, UserId};
use domain::money::{Currency, Money};
use domain::rounding::mul_ratio;
use jiff::Timestamp;
use std::collections::BTreeSet;

#[test]
fn discounts_are_spread_by_largest_remainder() {
    for row in rows("discount_allocation.csv", 20) {
        let amounts: Vec<i64> = row.list("amounts");
        let discount = match row.text("kind") {
            "amount" => fixed_discount(&amounts, row.get("value")),
            "percent" => percent_discount(&amounts, row.get("value")),
            kind => panic!("kind {kind}"),
        };
        let expected = Discount {
            total: row.get("total_discount"),
            shares: row.list("allocation"),
        };
        assert_eq!(discount, Ok(expected), "{row:?}");
    }
}

#[test]
fn coupons_and_partial_credits_keep_the_totals() {
    for row in rows("coupon_credit_notes.csv", 14) {
        let lines: Vec<(i64, u32)> = row
            .list::<String>("lines")
            .iter()
            .map(|line| {
                let [amount, rate] = parts(line, '@');
                (read(amount), read(rate))
            })
            .collect();
        let amounts: Vec<i64> = lines.iter().map(|(amount, _)| *amount).collect();
        let coupon = fixed_discount(&amounts, row.get("coupon")).unwrap();
        let fraction = row.text("fraction");
        let (numerator, denominator) = fraction.split_once('/').unwrap_or((fraction, "1"));
        let nets: Vec<(i64, u32)> = lines
            .iter()
            .zip(&coupon.shares)
            .map(|((amount, rate), share)| {
                (
                    mul_ratio(amount - share, read(numerator), read(denominator)).unwrap(),
                    *rate,
                )
            })
            .collect();
        check_totals(&row, &nets);
    }
}

/// The coupon of a row, as it stands before.
fn coupon(row: &Row) -> Coupon {
    let reduction = match row.text("kind") {
        "percent" => Reduction::Percent {
            basis_points: row.get("value"),
        },
        "amount" => Reduction::Amount {
            value: Money::new(
                row.get("value"),
                Currency::parse(row.text("currency")).unwrap(),
            ),
        },
        kind => panic!("kind {kind}"),
    };
    let duration = match row.text("duration") {
        "once" => CouponDuration::Once,
        "repeating" => CouponDuration::Repeating {
            periods: row.get("repeat_periods"),
        },
        "forever" => CouponDuration::Forever,
        duration => panic!("duration {duration}"),
    };
    Coupon {
        terms: CouponTerms {
            code: CouponCode::parse("WELCOME").unwrap(),
            reduction,
            duration,
            products: BTreeSet::new(),
        },
        starts_at: row.optional("starts_at"),
        ends_at: row.optional("ends_at"),
        max_redemptions: row.optional("max_redemptions"),
        per_customer: row.optional("per_customer_limit"),
        account: None,
        first_purchase_only: false,
        redemptions: row.get("redemptions_before"),
        created_by: UserId::from_bits(1),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn a_coupon_is_redeemed_within_its_limits_and_takes_off_the_periods_that_follow() {
    for row in rows("coupon_terms.csv", 17) {
        let coupon = coupon(&row);
        let by = Redeemer {
            account: AccountId::from_bits(2),
            redemptions: row.get("customer_redemptions_before"),
            has_paid: true,
        };
        let currency = Currency::parse(row.text("invoice_currency")).unwrap();
        let redeemed_at: Timestamp = row.get("redeemed_at");
        let refused = coupon.check(currency, Some(&by), redeemed_at).err();
        let reason = refused.map_or("", |refusal| match refusal {
            CouponRefusal::CurrencyMismatch => "currency_mismatch",
            CouponRefusal::NotStarted => "not_started",
            CouponRefusal::Expired => "expired",
            CouponRefusal::Exhausted => "exhausted",
            CouponRefusal::CustomerLimit => "customer_limit",
            other @ (CouponRefusal::Unknown
            | CouponRefusal::FirstPurchaseOnly
            | CouponRefusal::NotApplicable) => panic!("{other}"),
        });
        assert_eq!(reason, row.text("reason"), "{row:?}");
        assert_eq!(refused.is_none(), row.text("accepted") == "yes", "{row:?}");
        if refused.is_some() {
            continue;
        }
        let anchor = Anchor::new(row.get("start"), Zone::UTC, interval(&row));
        let running = RunningCoupon {
            code: coupon.terms.code,
            reduction: coupon.terms.reduction,
            duration: coupon.terms.duration,
            first: first_period(&anchor, redeemed_at).unwrap(),
        };
        let covered: Vec<u32> = (0..row.get("periods"))
            .filter(|index| running.covers(*index))
            .collect();
        assert_eq!(covered, row.list::<u32>("discounted_periods"), "{row:?}");
    }
}
