//! The seed of the catalogue is what the shop would accept from an editor.

use domain::catalogue::{Plan, Product, ProductStatus};
use domain::interval::{Interval, IntervalUnit};
use domain::localized::Localized;
use domain::money::Currency;
use domain::publishing::{Unpublishable, check};
use domain::tiers::{PriceScheme, Tier};

fn products() -> Vec<Product> {
    serde_json::from_str(include_str!("../../../infra/catalogue.json")).unwrap()
}

fn is_written(text: &Localized) -> bool {
    let is_written = |text: &str| !text.is_empty() && text == text.trim() && !text.contains('<');
    is_written(&text.fr) && is_written(&text.en)
}

/// Days a period has, near enough to compare prices.
fn days(interval: Interval) -> i64 {
    let unit = match interval.unit() {
        IntervalUnit::Day => 1,
        IntervalUnit::Week => 7,
        IntervalUnit::Month => 30,
        IntervalUnit::Year => 360,
    };
    unit * i64::from(interval.count())
}

#[test]
fn every_family_has_offers() {
    let products = products();
    assert!((9..=12).contains(&products.len()));
    for family in ["soc", "edr", "xdr"] {
        let on_sale = products
            .iter()
            .filter(|product| product.family == family && product.is_on_sale());
        assert!(on_sale.count() >= 3, "{family}");
    }
}

#[test]
fn the_seed_can_be_published_and_what_cannot_be_sold_cannot() {
    type Spoil = fn(&mut Vec<Product>);
    assert_eq!(check(&products()), Ok(()));
    let spoiled = |spoil: Spoil| {
        let mut products = products();
        spoil(&mut products);
        check(&products).unwrap_err()
    };
    let first = &products()[0];
    let (product, plan) = (first.id, first.plans[0].id);
    let cases: [(Spoil, Unpublishable); 5] = [
        (
            |all| all.push(all[0].clone()),
            Unpublishable::ProductTwice(product),
        ),
        (
            |all| all[0].slug = all[1].slug.clone(),
            Unpublishable::ProductTwice(products()[1].id),
        ),
        (
            |all| all[1].plans[0].id = all[0].plans[0].id,
            Unpublishable::PlanTwice(plan),
        ),
        (
            |all| all[0].plans[1].code = all[0].plans[0].code.clone(),
            Unpublishable::PlanTwice(first.plans[1].id),
        ),
        (
            |all| all[0].plans[0].trial_days = 14,
            Unpublishable::Trial(plan),
        ),
    ];
    for (spoil, reason) in cases {
        assert_eq!(spoiled(spoil), reason);
    }
}

#[test]
fn a_price_the_provider_would_not_charge_cannot_be_published() {
    let spoil: [fn(&mut Plan); 6] = [
        |plan| plan.prices.clear(),
        |plan| plan.prices.push(plan.prices[0].clone()),
        |plan| plan.min_quantity = 0,
        |plan| plan.max_quantity = 0,
        |plan| plan.max_quantity = u64::from(u32::MAX),
        |plan| {
            // Free between two tiers that are not.
            let tier = |up_to, unit_amount| Tier {
                up_to,
                unit_amount,
                flat_amount: 0,
            };
            let first = Some(plan.min_quantity);
            let second = first.map(|first| first + 1);
            let tiers = vec![tier(first, 900), tier(second, 0), tier(None, 800)];
            plan.prices[0].scheme = PriceScheme::Volume(tiers);
        },
    ];
    for (n, spoil) in spoil.iter().enumerate() {
        let mut products = products();
        spoil(&mut products[0].plans[0]);
        let plan = products[0].plans[0].id;
        assert_eq!(check(&products), Err(Unpublishable::Price(plan)), "{n}");
    }
}

#[test]
fn one_offer_is_no_longer_sold_and_one_is_in_preparation() {
    let count = |status| {
        products()
            .iter()
            .filter(|product| product.status == status)
            .count()
    };
    assert_eq!(
        (count(ProductStatus::Inactive), count(ProductStatus::Draft)),
        (1, 1)
    );
}

#[test]
fn every_text_is_written_in_both_languages() {
    for product in products() {
        let texts = &product.texts;
        let own = [&texts.name, &texts.summary, &texts.description];
        let plans = product
            .plans
            .iter()
            .flat_map(|plan| [&plan.name, &plan.unit_label]);
        for text in own.into_iter().chain(&product.features).chain(plans) {
            assert!(is_written(text), "{}: {text:?}", product.slug);
        }
        assert!(texts.summary.fr.chars().count() <= 160 && texts.summary.en.chars().count() <= 160);
        assert_ne!(texts.description.fr, texts.description.en);
        assert!(!product.features.is_empty() && !product.attributes.is_empty());
        assert!(product.languages.iter().all(|code| code.len() == 2));
    }
}

#[test]
fn every_plan_can_be_priced_over_its_whole_range_in_euros() {
    for product in products() {
        assert!(!product.plans.is_empty(), "{}", product.slug);
        for plan in &product.plans {
            assert!(plan.scheme(Currency::EUR).is_some(), "{}", plan.id);
            assert!(
                0 < plan.min_quantity && plan.min_quantity < plan.max_quantity,
                "{}",
                plan.id
            );
            for price in &plan.prices {
                price.scheme.validate().unwrap();
                let least = plan.amount(plan.min_quantity, price.currency).unwrap();
                let most = plan.amount(plan.max_quantity, price.currency).unwrap();
                assert!(
                    0 < least.amount() && least.amount() < most.amount(),
                    "{}",
                    plan.id
                );
            }
        }
    }
}

#[test]
fn a_longer_commitment_costs_less_but_not_half() {
    let daily = |plan: &Plan, currency| {
        let amount = plan.amount(plan.min_quantity, currency).unwrap().amount();
        amount * 360 / days(plan.interval)
    };
    for product in products() {
        for pair in product.plans.windows(2) {
            for price in &pair[0].prices {
                let (short, long) = (
                    daily(&pair[0], price.currency),
                    daily(&pair[1], price.currency),
                );
                assert!(
                    long < short && long > short / 2,
                    "{} {}",
                    product.slug,
                    price.currency
                );
            }
        }
    }
}
