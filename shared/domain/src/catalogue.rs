//! What is for sale: products, their plans and prices.

use crate::id::{PlanId, ProductId};
use crate::interval::Interval;
use crate::locale::Locale;
use crate::localized::Localized;
use crate::money::{Currency, Money};
use crate::tiers::{PriceError, PriceScheme};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A product with its plans. The catalogue snapshot is a list of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its place in a URL: lower-case letters, digits and hyphens.
    pub slug: String,
    /// Product family, as `soc`, `edr`, `xdr`.
    pub family: String,
    /// Whether it is shown and sold.
    pub status: ProductStatus,
    /// Its name and texts.
    pub texts: ProductTexts,
    /// Facts to compare products by.
    pub attributes: BTreeMap<String, String>,
    /// What it does, point by point.
    pub features: Vec<Localized>,
    /// Languages the service is delivered in, as ISO 639-1 codes.
    pub languages: Vec<String>,
    /// How it can be bought.
    pub plans: Vec<Plan>,
    /// Price revision these plans belong to; rises with every change.
    pub revision: u32,
}

/// The texts of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductTexts {
    /// Name.
    pub name: Localized,
    /// One sentence.
    pub summary: Localized,
    /// A few paragraphs.
    pub description: Localized,
}

/// Whether a product is shown and sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// In preparation: not shown.
    Draft,
    /// Shown and sold.
    Active,
    /// Shown, not sold to new customers.
    Inactive,
}

/// One way to buy a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Its code, unique in the product, as `monthly`.
    pub code: String,
    /// Name.
    pub name: Localized,
    /// Length of a billing period.
    pub interval: Interval,
    /// What is counted: user, device, site.
    pub unit_label: Localized,
    /// One price per currency, without VAT.
    pub prices: Vec<Price>,
    /// Days before the first charge; 0 for none.
    pub trial_days: u16,
    /// Smallest quantity sold.
    pub min_quantity: u64,
    /// Largest quantity sold.
    pub max_quantity: u64,
}

/// The price of a plan in one currency, in minor units and without VAT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// The currency.
    pub currency: Currency,
    /// How the quantity becomes an amount.
    pub scheme: PriceScheme,
}

/// Why a plan cannot be sold as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SaleRefusal {
    /// The plan is in no active product.
    #[error("the plan is not on sale")]
    NotOnSale,
    /// Below the plan's minimum or above its maximum.
    #[error("the quantity is not between {min} and {max}")]
    Quantity {
        /// Smallest quantity sold.
        min: u64,
        /// Largest quantity sold.
        max: u64,
    },
    /// The plan has no price in that currency.
    #[error("the plan has no price in that currency")]
    Currency,
    /// The amount cannot be computed.
    #[error(transparent)]
    Price(#[from] PriceError),
}

impl Product {
    /// True when customers may see it.
    pub fn is_listed(&self) -> bool {
        match self.status {
            ProductStatus::Active | ProductStatus::Inactive => true,
            ProductStatus::Draft => false,
        }
    }

    /// True when customers may buy it.
    pub fn is_on_sale(&self) -> bool {
        self.status == ProductStatus::Active
    }

    /// The lowest amount one period of any plan costs in this currency, at
    /// the plan's smallest quantity.
    pub fn starting_price(&self, currency: Currency) -> Option<Money> {
        self.plans
            .iter()
            .filter_map(|plan| plan.amount(plan.min_quantity, currency).ok())
            .min_by_key(Money::amount)
    }

    /// True when the words of `query` all occur in what is said of the product
    /// in this language. Case and accents do not matter.
    pub fn matches(&self, query: &str, locale: Locale) -> bool {
        let haystack = fold(&format!(
            "{} {} {} {} {}",
            self.texts.name.get(locale),
            self.texts.summary.get(locale),
            self.texts.description.get(locale),
            self.family,
            self.slug,
        ));
        fold(query)
            .split_whitespace()
            .all(|word| haystack.contains(word))
    }
}

/// Lower case without accents and with straight apostrophes, so that
/// `Détection` and `detection`, `l’équipe` and `l'equipe` are equal.
pub fn fold(text: &str) -> String {
    use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| if c == '\u{2019}' { '\'' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

impl Plan {
    /// The price scheme in this currency.
    pub fn scheme(&self, currency: Currency) -> Option<&PriceScheme> {
        self.prices
            .iter()
            .find(|price| price.currency == currency)
            .map(|price| &price.scheme)
    }

    /// What a line with this plan is called: product and plan by name.
    pub fn name_in(&self, product: &Product) -> Localized {
        let name = |locale| {
            let product = product.texts.name.get(locale);
            format!("{product} – {}", self.name.get(locale))
        };
        Localized {
            fr: name(Locale::Fr),
            en: name(Locale::En),
        }
    }

    /// What one full period of this quantity costs without VAT.
    ///
    /// # Errors
    /// [`SaleRefusal`] when the quantity or the currency is not sold.
    pub fn amount(&self, quantity: u64, currency: Currency) -> Result<Money, SaleRefusal> {
        if !(self.min_quantity..=self.max_quantity).contains(&quantity) {
            return Err(SaleRefusal::Quantity {
                min: self.min_quantity,
                max: self.max_quantity,
            });
        }
        let scheme = self.scheme(currency).ok_or(SaleRefusal::Currency)?;
        Ok(Money::new(scheme.total(quantity)?, currency))
    }
}

/// The plan with this id among products that are on sale, with its product.
pub fn find_on_sale(products: &[Product], plan: PlanId) -> Option<(&Product, &Plan)> {
    products
        .iter()
        .filter(|product| product.is_on_sale())
        .find_map(|product| {
            let plan = product
                .plans
                .iter()
                .find(|candidate| candidate.id == plan)?;
            Some((product, plan))
        })
}
