//! Which products a customer looks for, and in which order.

use super::product_view::starting_price;
use domain::catalogue::{Product, fold};
use domain::locale::Locale;
use domain::money::{Currency, Money};
use platform::http::form::Field;
use platform::http::problem::Reason;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Most values of one filter.
const MOST_VALUES: usize = 50;

/// Most characters of a search text.
const MOST_CHARACTERS: usize = 256;

/// What a customer looks for.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Words that all must occur.
    pub(super) text: Option<String>,
    /// Families, any of them; all where none is named.
    pub(super) families: Vec<String>,
    /// The currency to pay in: products without a price in it are left out.
    pub(super) currency: Option<Currency>,
    /// Only what can be bought now, or only what cannot.
    pub(super) available: Option<bool>,
    /// Least starting price, in minor units.
    pub(super) price_min: Option<u64>,
    /// Greatest starting price, in minor units.
    pub(super) price_max: Option<u64>,
    /// What to sort by; by relevance where words are searched, else as the
    /// catalogue is ordered.
    pub(super) sort: Sort,
    /// The direction; by default the one that fits what is sorted by.
    pub(super) order: Option<Order>,
}

/// A product that was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit<'a> {
    /// The product.
    pub(super) product: &'a Product,
    /// Its starting price.
    pub(super) price: Option<Money>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// The products, in order.
    pub(super) hits: Vec<Hit<'a>>,
    /// How many there would be of each family, whatever families were named.
    pub(super) families: BTreeMap<&'a str, usize>,
}

impl Search {
    /// Looks through the products.
    pub(super) fn run<'a>(&self, products: &'a [Product], locale: Locale) -> Found<'a> {
        let mut families = BTreeMap::new();
        let mut hits = Vec::new();
        for product in products.iter().filter(|product| product.is_listed()) {
            let hit = Hit {
                product,
                price: starting_price(product, self.currency),
            };
            if !self.admits(hit, locale) {
                continue;
            }
            let count: &mut usize = families.entry(product.family.as_str()).or_default();
            *count = count.saturating_add(1);
            if self.families.is_empty() || self.families.contains(&product.family) {
                hits.push(hit);
            }
        }
        self.arrange(&mut hits, locale);
        Found { hits, families }
    }

    /// All filters but the family's.
    fn admits(&self, hit: Hit<'_>, locale: Locale) -> bool {
        let price = hit
            .price
            .map(|price| u64::try_from(price.amount()).unwrap_or(0));
        (self.currency.is_none() || price.is_some())
            && self
                .available
                .is_none_or(|wanted| wanted == hit.product.is_on_sale())
            && self
                .price_min
                .is_none_or(|min| price.is_some_and(|price| price >= min))
            && self
                .price_max
                .is_none_or(|max| price.is_some_and(|price| price <= max))
            && self
                .text
                .as_deref()
                .is_none_or(|text| hit.product.matches(text, locale))
    }

    fn arrange(&self, hits: &mut [Hit<'_>], locale: Locale) {
        let natural = match self.sort {
            Sort::Relevance => {
                if let Some(text) = &self.text {
                    let text = fold(text);
                    hits.sort_by_cached_key(|hit| missing_words(hit.product, &text, locale));
                }
                Order::Desc
            }
            Sort::Newest => {
                // Ids begin with the time they were made at.
                hits.sort_by_key(|hit| Reverse(hit.product.id));
                Order::Desc
            }
            Sort::Name => {
                hits.sort_by_cached_key(|hit| fold(hit.product.texts.name.get(locale)));
                Order::Asc
            }
            Sort::Price => {
                hits.sort_by_key(|hit| hit.price.map_or(i64::MAX, |price| price.amount()));
                Order::Asc
            }
        };
        if self.order.is_some_and(|order| order != natural) {
            hits.reverse();
        }
    }
}

/// How many of the words the name does not hold, then how many the summary
/// does not hold: the fewer, the more relevant.
fn missing_words(product: &Product, folded: &str, locale: Locale) -> (usize, usize) {
    let missing = |text: &str| {
        let text = fold(text);
        folded
            .split_whitespace()
            .filter(|word| !text.contains(word))
            .count()
    };
    (
        missing(product.texts.name.get(locale)),
        missing(product.texts.summary.get(locale)),
    )
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sort {
    /// Best match first.
    #[default]
    Relevance,
    /// Starting price.
    Price,
    /// Name in the language of the request.
    Name,
    /// Newest first.
    Newest,
}

impl Field for Sort {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        match value.as_str() {
            Some("relevance") => Ok(Self::Relevance),
            Some("price") => Ok(Self::Price),
            Some("name") => Ok(Self::Name),
            Some("newest") => Ok(Self::Newest),
            Some(_) => Err(Reason::UnknownValue),
            None => Err(Reason::WrongType),
        }
    }

    fn schema() -> Value {
        json!({"type": "string", "enum": ["relevance", "price", "name", "newest"], "default": "relevance"})
    }
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Rising.
    Asc,
    /// Falling.
    Desc,
}

impl Field for Order {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        match value.as_str() {
            Some("asc") => Ok(Self::Asc),
            Some("desc") => Ok(Self::Desc),
            Some(_) => Err(Reason::UnknownValue),
            None => Err(Reason::WrongType),
        }
    }

    fn schema() -> Value {
        json!({"type": "string", "enum": ["asc", "desc"]})
    }
}

/// Words to search for. Case, accents and composition do not matter.
pub(crate) struct SearchText(pub(crate) String);

impl Field for SearchText {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let text = value.as_str().ok_or(Reason::WrongType)?;
        if text.chars().any(char::is_control) {
            return Err(Reason::ControlCharacter);
        }
        if text.trim().is_empty() {
            return Err(Reason::TooShort);
        }
        if text.chars().count() > MOST_CHARACTERS {
            return Err(Reason::TooLong);
        }
        // Wildcards and the placeholders of expressions are no words: whoever
        // sends them expects something this search does not do.
        let has_word = text.chars().any(|c| c.is_alphanumeric() || !c.is_ascii());
        let has_placeholder = text
            .split_whitespace()
            .any(|word| word.starts_with(['#', ':']));
        if !has_word || has_placeholder {
            return Err(Reason::Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS})
    }
}

/// Values of one filter, joined by commas.
pub(super) struct Values(pub(super) Vec<String>);

impl Field for Values {
    fn from_json(value: &Value) -> Result<Self, Reason> {
        let text = value.as_str().ok_or(Reason::WrongType)?;
        let values: Vec<String> = text.split(',').map(str::to_owned).collect();
        if values.len() > MOST_VALUES {
            return Err(Reason::OutOfRange);
        }
        let is_plain = |value: &String| {
            value
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if values.iter().any(String::is_empty) {
            return Err(Reason::TooShort);
        }
        if !values.iter().all(is_plain) {
            return Err(Reason::Malformed);
        }
        Ok(Self(values))
    }

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^[a-z0-9-]+(,[a-z0-9-]+)*$",
            "description": "one or several values, joined by commas"
        })
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
