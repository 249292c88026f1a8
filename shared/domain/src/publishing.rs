//! What a catalogue must be before it is published: no plan in it shows a price
//! at which it cannot be sold. VAT is judged with the order.

use crate::catalogue::{Plan, Price, Product};
use crate::id::{PlanId, ProductId};
use crate::payment::{LARGEST_CHARGE, SMALLEST_CHARGE};
use crate::tiers::PriceScheme;
use std::collections::BTreeSet;

/// Why a catalogue cannot be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpublishable {
    /// Two products share an id or a slug.
    #[error("product {0} is there twice, or its slug is")]
    ProductTwice(ProductId),
    /// Two plans share an id, or two plans of a product a code.
    #[error("plan {0} is there twice, or its code is")]
    PlanTwice(PlanId),
    /// It has no price, two in one currency, or one that the provider does not
    /// charge for some quantity.
    #[error("plan {0} has no price, two in a currency, or one that cannot be charged")]
    Price(PlanId),
    /// Trials are not sold yet: the first period would be charged at once.
    #[error("plan {0} has a trial, which cannot be sold yet")]
    Trial(PlanId),
}

/// Whether a catalogue can be published.
///
/// # Errors
/// [`Unpublishable`], the first reason found.
pub fn check(products: &[Product]) -> Result<(), Unpublishable> {
    let mut slugs = BTreeSet::new();
    let mut ids = BTreeSet::new();
    let mut plans = BTreeSet::new();
    for product in products {
        if !ids.insert(product.id) || !slugs.insert(&product.slug) {
            return Err(Unpublishable::ProductTwice(product.id));
        }
        let mut codes = BTreeSet::new();
        for plan in &product.plans {
            if !plans.insert(plan.id) || !codes.insert(&plan.code) {
                return Err(Unpublishable::PlanTwice(plan.id));
            }
            if plan.trial_days > 0 {
                return Err(Unpublishable::Trial(plan.id));
            }
            if !has_prices(plan) {
                return Err(Unpublishable::Price(plan.id));
            }
        }
    }
    Ok(())
}

fn has_prices(plan: &Plan) -> bool {
    let mut currencies = BTreeSet::new();
    let can_be_charged = |price: &Price| {
        let within = plan.min_quantity..=plan.max_quantity;
        // Amounts rise within a tier, so its two ends tell.
        price.scheme.validate().is_ok()
            && bounds(&price.scheme)
                .chain([plan.min_quantity, plan.max_quantity])
                .filter(|quantity| within.contains(quantity))
                .all(|quantity| {
                    let amount = plan.amount(quantity, price.currency);
                    amount.is_ok_and(|it| (SMALLEST_CHARGE..=LARGEST_CHARGE).contains(&it.amount()))
                })
    };
    // A smallest quantity of nothing costs nothing, which cannot be charged.
    plan.min_quantity <= plan.max_quantity
        && !plan.prices.is_empty()
        && plan
            .prices
            .iter()
            .all(|price| currencies.insert(price.currency) && can_be_charged(price))
}

/// The last quantity of each tier and the first of the next.
fn bounds(scheme: &PriceScheme) -> impl Iterator<Item = u64> {
    let tiers = match scheme {
        PriceScheme::PerUnit { .. } => &[][..],
        PriceScheme::Graduated(tiers) | PriceScheme::Volume(tiers) => tiers,
    };
    let ends = tiers.iter().filter_map(|tier| tier.up_to);
    ends.flat_map(|end| [end, end.saturating_add(1)])
}
