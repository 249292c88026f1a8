//! The catalogue: what is shown, found and sold.

use crate::samples::{PER_UNIT, both, dollar, eur, instant, plan, product, tiers};
use domain::cart::{CART_LIFE, Cart};
use domain::catalogue::{Plan, Price, Product, ProductStatus, SaleRefusal, find_on_sale, fold};
use domain::id::{Id as _, PlanId};
use domain::locale::Locale;
use domain::money::{Currency, Money};
use domain::tiers::{PriceError, PriceScheme};
use jiff::SignedDuration;

fn edr() -> Product {
    let monthly = plan(11, "monthly", PER_UNIT);
    let yearly = plan(12, "yearly", PriceScheme::Graduated(tiers()));
    product(1, "cyna-edr", vec![monthly, yearly])
}

#[test]
fn drafts_are_hidden_and_only_active_products_are_sold() {
    for (status, is_listed, is_on_sale) in [
        (ProductStatus::Draft, false, false),
        (ProductStatus::Inactive, true, false),
        (ProductStatus::Active, true, true),
    ] {
        let product = Product { status, ..edr() };
        assert_eq!(product.is_listed(), is_listed, "{status:?}");
        assert_eq!(product.is_on_sale(), is_on_sale, "{status:?}");
        let products = [product];
        let found = find_on_sale(&products, PlanId::from_bits(12));
        assert_eq!(found.is_some(), is_on_sale, "{status:?}");
    }
}

#[test]
fn a_plan_is_found_with_its_own_product() {
    let soc = product(2, "cyna-soc", vec![plan(21, "monthly", PER_UNIT)]);
    let products = [edr(), soc];
    for (id, slug, code) in [
        (11, "cyna-edr", "monthly"),
        (12, "cyna-edr", "yearly"),
        (21, "cyna-soc", "monthly"),
    ] {
        let (product, plan) = find_on_sale(&products, PlanId::from_bits(id)).unwrap();
        assert_eq!((product.slug.as_str(), plan.code.as_str()), (slug, code));
        assert_eq!(plan.id, PlanId::from_bits(id));
    }
    assert!(find_on_sale(&products, PlanId::from_bits(99)).is_none());
}

#[test]
fn a_plan_is_sold_in_its_quantities_and_currencies() {
    let in_dollars = Price {
        currency: dollar(),
        scheme: PriceScheme::PerUnit { unit_amount: 5_500 },
    };
    let mut plan = Plan {
        min_quantity: 2,
        max_quantity: 5,
        ..plan(11, "monthly", PER_UNIT)
    };
    plan.prices.push(in_dollars);
    let refused = Err(SaleRefusal::Quantity { min: 2, max: 5 });
    assert_eq!(plan.amount(1, Currency::EUR), refused);
    assert_eq!(plan.amount(2, Currency::EUR), Ok(eur(9_980)));
    assert_eq!(plan.amount(5, dollar()), Ok(Money::new(27_500, dollar())));
    assert_eq!(plan.amount(6, Currency::EUR), refused);
    let yen = Currency::parse("JPY").unwrap();
    assert_eq!(plan.amount(2, yen), Err(SaleRefusal::Currency));
    assert_eq!(plan.scheme(yen), None);
}

#[test]
fn a_quantity_no_tier_holds_has_no_price() {
    let few = PriceScheme::Volume(vec![tiers()[0]]);
    let above = plan(11, "monthly", few).amount(11, Currency::EUR);
    let reason = PriceError::AboveLastTier;
    assert_eq!(above, Err(SaleRefusal::Price(reason)));
}

#[test]
fn a_product_starts_at_the_price_of_its_cheapest_plan() {
    let product = edr();
    // One unit of the yearly plan costs 10 €, of the monthly one 49.90 €.
    assert_eq!(product.starting_price(Currency::EUR), Some(eur(1_000)));
    assert_eq!(product.starting_price(dollar()), None);
}

#[test]
fn a_plan_is_named_with_its_product_in_both_languages() {
    let product = edr();
    let name = product.plans[0].name_in(&product);
    let expected = both("CYNA Détection – Mensuel", "CYNA Detection – Monthly");
    assert_eq!(name, expected);
}

#[test]
fn a_search_looks_for_every_word_in_the_language_of_the_customer() {
    let product = edr();
    for (query, locale, found) in [
        ("detection", Locale::Fr, true),
        ("DÉTECTION cyna", Locale::Fr, true),
        ("l'intrus", Locale::Fr, true),
        ("nuit edr", Locale::Fr, true),
        ("cyna-edr", Locale::En, true),
        ("intruder", Locale::En, true),
        ("intruder", Locale::Fr, false),
        ("detection soc", Locale::Fr, false),
        ("", Locale::Fr, true),
    ] {
        assert_eq!(product.matches(query, locale), found, "{query:?}");
    }
}

#[test]
fn texts_are_compared_without_case_accents_and_typography() {
    assert_eq!(fold("L’ÉQUIPE Noël"), "l'equipe noel");
    assert_eq!(fold("l'e\u{301}quipe noe\u{308}l"), "l'equipe noel");
}

#[test]
fn an_untouched_cart_is_kept_for_thirty_days() {
    assert_eq!(CART_LIFE, SignedDuration::from_hours(720));
    let end = instant("2026-03-02T09:00:00Z");
    let cart = Cart {
        expires_at: Some(end),
        ..Cart::default()
    };
    assert!(!cart.is_expired(end - SignedDuration::from_nanos(1)));
    assert!(cart.is_expired(end));
    assert!(!Cart::default().is_expired(end), "never filled");
}
