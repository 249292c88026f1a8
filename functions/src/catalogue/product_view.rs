//! Products as customers see them.

use domain::catalogue::Product;
use domain::locale::Locale;
use domain::money::{Currency, Money};
use platform::http::views::{MoneyView, PlanView};
use serde::Serialize;
use std::collections::BTreeMap;

/// A product in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct ProductSummary {
    /// Its id.
    pub id: String,
    /// Its place in a URL.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// Product family.
    pub family: String,
    /// Whether it can be bought now.
    pub available: bool,
    /// The least one period of any plan costs at its smallest quantity,
    /// without VAT; null for a product without prices.
    pub starting_price: Option<MoneyView>,
    /// How it can be bought.
    pub plans: Vec<PlanView>,
}

impl ProductSummary {
    /// The product in a language, with its starting price.
    pub fn of(product: &Product, price: Option<Money>, locale: Locale) -> Self {
        Self {
            id: product.id.to_string(),
            slug: product.slug.clone(),
            name: product.texts.name.get(locale).to_owned(),
            summary: product.texts.summary.get(locale).to_owned(),
            family: product.family.clone(),
            available: product.is_on_sale(),
            starting_price: price.map(MoneyView::from),
            plans: product
                .plans
                .iter()
                .map(|plan| PlanView::of(plan, locale))
                .collect(),
        }
    }
}

/// A product with everything that is said of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "registry", derive(schemars::JsonSchema))]
pub struct ProductDetail {
    /// What a list shows of it.
    #[serde(flatten)]
    pub summary: ProductSummary,
    /// A few paragraphs.
    pub description: String,
    /// Facts to compare products by.
    pub attributes: BTreeMap<String, String>,
    /// What it does, point by point.
    pub features: Vec<String>,
    /// Languages the service is delivered in, as ISO 639-1 codes.
    pub languages: Vec<String>,
}

impl ProductDetail {
    /// The product in a language.
    pub fn of(product: &Product, locale: Locale) -> Self {
        Self {
            summary: ProductSummary::of(product, starting_price(product, None), locale),
            description: product.texts.description.get(locale).to_owned(),
            attributes: product.attributes.clone(),
            features: product
                .features
                .iter()
                .map(|feature| feature.get(locale).to_owned())
                .collect(),
            languages: product.languages.clone(),
        }
    }
}

/// The starting price in the currency asked for. Where none was, in euros, or
/// in the first currency of a product that has no price in euros.
pub(super) fn starting_price(product: &Product, asked: Option<Currency>) -> Option<Money> {
    if let Some(currency) = asked {
        return product.starting_price(currency);
    }
    let others = product
        .plans
        .iter()
        .flat_map(|plan| &plan.prices)
        .map(|price| price.currency);
    std::iter::once(Currency::EUR)
        .chain(others)
        .find_map(|currency| product.starting_price(currency))
}
