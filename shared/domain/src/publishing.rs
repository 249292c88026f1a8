//! What a catalogue must be before it is published: whatever is in it can be
//! sold as it says.

use crate::catalogue::{Plan, Product};
use crate::id::{PlanId, ProductId};
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
    /// A price has no amount for every quantity that is sold, or none at all.
    #[error("plan {0} has no price for some quantity it is sold in")]
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
    let ends = [plan.min_quantity, plan.max_quantity];
    let is_whole = |price: &crate::catalogue::Price| {
        let amounts = ends.map(|quantity| plan.amount(quantity, price.currency));
        price.scheme.validate().is_ok()
            && amounts
                .iter()
                .all(|amount| amount.as_ref().is_ok_and(|amount| amount.amount() > 0))
    };
    plan.min_quantity > 0 && !plan.prices.is_empty() && plan.prices.iter().all(is_whole)
}
