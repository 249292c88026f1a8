//! A catalogue is published only if all it shows can be sold.

use crate::samples::{PER_UNIT, dollar, plan, product};
use domain::catalogue::{Plan, Price, Product};
use domain::id::{Id as _, PlanId, ProductId};
use domain::money::Currency;
use domain::payment::{LARGEST_CHARGE, SMALLEST_CHARGE};
use domain::publishing::{Unpublishable, check};
use domain::tiers::{PriceScheme, Tier};
use proptest::prelude::*;

fn edr(plans: Vec<Plan>) -> Product {
    product(1, "cyna-edr", plans)
}

fn monthly() -> Plan {
    plan(11, "monthly", PER_UNIT)
}

/// What is said about a catalogue of this one plan.
fn check_plan(plan: Plan) -> Result<(), Unpublishable> {
    check(&[edr(vec![plan])])
}

fn unit(unit_amount: i64) -> PriceScheme {
    PriceScheme::PerUnit { unit_amount }
}

fn tier(up_to: Option<u64>, unit_amount: i64) -> Tier {
    Tier {
        up_to,
        unit_amount,
        flat_amount: 0,
    }
}

/// The plan sold in these quantities at this price.
fn sold(quantities: (u64, u64), scheme: PriceScheme) -> Plan {
    let (min_quantity, max_quantity) = quantities;
    Plan {
        min_quantity,
        max_quantity,
        ..plan(11, "monthly", scheme)
    }
}

fn unpriced() -> Result<(), Unpublishable> {
    Err(Unpublishable::Price(PlanId::from_bits(11)))
}

#[test]
fn ids_and_slugs_belong_to_one_product() {
    let twice = |id, slug| {
        let other = product(id, slug, vec![plan(21, "monthly", PER_UNIT)]);
        check(&[edr(vec![monthly()]), other])
    };
    assert_eq!(twice(2, "cyna-soc"), Ok(()));
    for (id, slug) in [(1, "cyna-soc"), (2, "cyna-edr")] {
        let product = ProductId::from_bits(id);
        assert_eq!(twice(id, slug), Err(Unpublishable::ProductTwice(product)));
    }
}

#[test]
fn a_plan_has_an_id_of_its_own_and_a_code_of_its_own_in_its_product() {
    let beside = |other: Plan| check(&[edr(vec![monthly(), other])]);
    assert_eq!(beside(plan(12, "yearly", PER_UNIT)), Ok(()));
    for (id, code) in [(11, "yearly"), (12, "monthly")] {
        let twice = Err(Unpublishable::PlanTwice(PlanId::from_bits(id)));
        assert_eq!(beside(plan(id, code, PER_UNIT)), twice);
    }
    // The code may come back in another product, the id may not.
    let other = |id| product(2, "cyna-soc", vec![plan(id, "monthly", PER_UNIT)]);
    assert_eq!(check(&[edr(vec![monthly()]), other(12)]), Ok(()));
    let twice = Err(Unpublishable::PlanTwice(PlanId::from_bits(11)));
    assert_eq!(check(&[edr(vec![monthly()]), other(11)]), twice);
}

#[test]
fn trials_cannot_be_sold_yet() {
    let tried = Plan {
        trial_days: 1,
        ..monthly()
    };
    let id = PlanId::from_bits(11);
    assert_eq!(check_plan(tried), Err(Unpublishable::Trial(id)));
}

#[test]
fn a_plan_has_one_price_in_each_currency_and_at_least_one() {
    let priced = |currencies: &[Currency]| {
        let price = |currency: &Currency| Price {
            currency: *currency,
            scheme: PER_UNIT,
        };
        check_plan(Plan {
            prices: currencies.iter().map(price).collect(),
            ..monthly()
        })
    };
    assert_eq!(priced(&[Currency::EUR, dollar()]), Ok(()));
    assert_eq!(priced(&[Currency::EUR, Currency::EUR]), unpriced());
    assert_eq!(priced(&[]), unpriced());
}

#[test]
fn quantities_begin_at_one_and_do_not_end_before_they_begin() {
    for (quantities, expected) in [
        ((1, 1), Ok(())),
        ((5, 5), Ok(())),
        ((0, 5), unpriced()),
        ((0, 0), unpriced()),
        ((5, 4), unpriced()),
    ] {
        let plan = sold(quantities, PER_UNIT);
        assert_eq!(check_plan(plan), expected, "{quantities:?}");
    }
}

#[test]
fn what_the_provider_does_not_charge_cannot_be_sold() {
    let expected = |charged: bool| if charged { Ok(()) } else { unpriced() };
    for (amount, charged) in [
        (SMALLEST_CHARGE - 1, false),
        (SMALLEST_CHARGE, true),
        (LARGEST_CHARGE, true),
        (LARGEST_CHARGE + 1, false),
    ] {
        let plan = sold((1, 1), unit(amount));
        assert_eq!(check_plan(plan), expected(charged), "{amount}");
    }
    // The smallest quantity may cost too little, the largest too much.
    assert_eq!(check_plan(sold((2, 3), unit(25))), Ok(()));
    assert_eq!(check_plan(sold((1, 3), unit(25))), unpriced());
    let half = unit(LARGEST_CHARGE / 2);
    assert_eq!(check_plan(sold((1, 2), half.clone())), Ok(()));
    assert_eq!(check_plan(sold((1, 3), half)), unpriced());
}

#[test]
fn a_price_that_makes_no_sense_is_not_published() {
    assert_eq!(
        check_plan(sold((1, 9), PriceScheme::Volume(vec![]))),
        unpriced()
    );
    // All that is sold could be charged, but the tiers do not rise.
    let falling = vec![tier(Some(9), 100), tier(Some(5), 100)];
    assert_eq!(
        check_plan(sold((1, 4), PriceScheme::Volume(falling))),
        unpriced()
    );
    let few = vec![tier(Some(9), 100)];
    assert_eq!(
        check_plan(sold((1, 10), PriceScheme::Graduated(few))),
        unpriced()
    );
}

#[test]
fn each_tier_is_looked_at_where_it_begins_and_ends() {
    // The 10th unit makes all cost too little, and the last tier is dear again.
    let dip = |unit_amount| {
        let tiers = vec![
            tier(Some(9), 100),
            tier(Some(10), unit_amount),
            tier(None, 100),
        ];
        PriceScheme::Volume(tiers)
    };
    assert_eq!(check_plan(sold((1, 50), dip(5))), Ok(()));
    assert_eq!(check_plan(sold((1, 50), dip(4))), unpriced());
    // What is not sold may cost what it likes.
    assert_eq!(check_plan(sold((1, 9), dip(4))), Ok(()));
    assert_eq!(check_plan(sold((11, 50), dip(4))), Ok(()));
    // The tier that ends is too dear at its end alone.
    let peak = vec![tier(Some(9), LARGEST_CHARGE / 8), tier(None, 100)];
    assert_eq!(
        check_plan(sold((1, 50), PriceScheme::Volume(peak))),
        unpriced()
    );
    // The tier that begins is too cheap at its beginning alone.
    let low = vec![tier(Some(9), 100), tier(None, 4)];
    assert_eq!(
        check_plan(sold((1, 50), PriceScheme::Volume(low))),
        unpriced()
    );
}

fn schemes() -> impl Strategy<Value = PriceScheme> {
    let widths = proptest::collection::vec((1_u64..20, 0_i64..60), 1..4);
    (widths, any::<bool>(), 0_i64..60).prop_map(|(widths, volume, last)| {
        let mut bound = 0;
        let bounded = widths.into_iter().map(|(width, unit_amount)| {
            bound += width;
            tier(Some(bound), unit_amount)
        });
        let tiers = bounded.chain([tier(None, last)]).collect();
        match volume {
            true => PriceScheme::Volume(tiers),
            false => PriceScheme::Graduated(tiers),
        }
    })
}

proptest! {
    /// The check looks at a few quantities and promises it for all.
    #[test]
    fn a_published_price_can_be_charged_for_every_quantity(
        scheme in schemes(),
        min in 1_u64..30,
        more in 0_u64..50,
    ) {
        let max = min + more;
        let plan = sold((min, max), scheme);
        let charged = (min..=max).all(|quantity| {
            let amount = plan.amount(quantity, Currency::EUR).unwrap().amount();
            (SMALLEST_CHARGE..=LARGEST_CHARGE).contains(&amount)
        });
        prop_assert_eq!(check_plan(plan).is_ok(), charged);
    }
}
