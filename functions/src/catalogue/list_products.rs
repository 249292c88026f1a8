//! Lists and searches what is for sale.

use super::caching::{cached, holds};
use super::product_view::ProductSummary;
use super::search::{Found, Hit, Order, Search, SearchText, Sort, Values};
use domain::money::Currency;
use platform::app::App;
use platform::http::cursor::Binding;
use platform::http::fields::{Opaque, Whole};
use platform::http::form::{Form, Read};
use platform::http::operation::{Anybody, AtStart, Input, Operation, Spec, Tag};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::Reply;
use platform::http::request::Request;
use serde_json::{Value, json};

/// Products of a page where the customer names no number.
const PAGE: usize = 20;

/// Seconds within which equal pages have equal tags. Half the life of a
/// cursor: a page that was kept must not lead on with one that is over.
const TAG_LIFE: i64 = 1800;

/// A price in minor units.
type Amount = Whole<0, { i64::MAX.unsigned_abs() }>;

/// `GET /v1/products`: from memory, without a table read.
pub struct ListProducts;

/// Which products, and which page of them.
pub struct Listing {
    search: Search,
    limit: usize,
    cursor: Option<String>,
}

impl Input for Listing {
    fn read(form: &mut Form) -> Read<Self> {
        // All are read before any error counts, so that all are told at once.
        let text = form.query::<SearchText>("q");
        let families = form.query::<Values>("family");
        let currency = form.query::<Currency>("currency");
        let available = form.query::<bool>("available");
        let price_min = form.query::<Amount>("priceMin");
        let price_max = form.query::<Amount>("priceMax");
        let sort = form.query::<Sort>("sort");
        let order = form.query::<Order>("order");
        let limit = form.query::<Whole<1, 100>>("limit");
        let cursor = form.query::<Opaque>("cursor");
        let (price_min, price_max) = (price_min?.map(|min| min.0), price_max?.map(|max| max.0));
        if price_min.zip(price_max).is_some_and(|(min, max)| min > max) {
            return Err(form.refuse("/priceMin", Reason::OutOfRange));
        }
        let search = Search {
            text: text?.map(|text| text.0),
            families: families?.map_or_else(Vec::new, |values| values.0),
            currency: currency?,
            available: available?,
            price_min,
            price_max,
            sort: sort?.unwrap_or_default(),
            order: order?,
        };
        let limit = limit?.map_or(PAGE, |limit| usize::try_from(limit.0).unwrap_or(PAGE));
        Ok(Self {
            search,
            limit,
            cursor: cursor?.map(|cursor| cursor.0),
        })
    }
}

impl Operation for ListProducts {
    const SPEC: Spec = Spec::get("list_products", "/v1/products")
        .summary("Lists and searches products; metadata counts them by family.")
        .tag(Tag::Cache)
        .codes(&[Code::InvalidCursor, Code::CursorExpired])
        .at_start(AtStart::Catalogue);
    type Caller = Anybody;
    type Input = Listing;
    type Output = Vec<ProductSummary>;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Anybody>,
        listing: Listing,
    ) -> Result<Reply<Vec<ProductSummary>>, Failure> {
        let snapshot = app.catalogue().products(app).await?;
        // Names sort otherwise in another language.
        let reader = format!("public, {}", request.locale.as_str());
        let binding = Binding::of(Self::SPEC.id, &reader, &request);
        let after = match &listing.cursor {
            Some(cursor) => Some(Position::parse(&binding.open(app, cursor).await?)?),
            None => None,
        };
        let found = listing.search.run(&snapshot.products, request.locale);
        let begin = after.map_or(0, |after| after.next_index(&found.hits));
        let rest = found.hits.get(begin..).unwrap_or_default();
        let (page, more) = rest.split_at_checked(listing.limit).unwrap_or((rest, &[]));
        let last = page.last().filter(|_| !more.is_empty());

        let span = last.map_or(0, |_| request.now.as_second() / TAG_LIFE);
        let tag = format!("\"{}-{}-{span}\"", snapshot.etag, request.locale.as_str());
        if holds(request.header("if-none-match"), &tag) {
            return Ok(cached(Reply::not_modified(), &tag));
        }
        let next = match last {
            Some(hit) => {
                let index = begin.saturating_add(page.len()).saturating_sub(1);
                let position = Position {
                    product: hit.product.id.to_string(),
                    index,
                };
                Some(binding.seal(app, &position.to_string()).await?)
            }
            None => None,
        };
        let products: Vec<_> = page
            .iter()
            .map(|hit| ProductSummary::of(hit.product, hit.price, request.locale))
            .collect();
        let reply = Reply::data(products)
            .page(page.len(), next)
            .metadata("total", found.hits.len())
            .metadata("facets", facets(&found));
        Ok(cached(reply, &tag))
    }
}

fn facets(found: &Found<'_>) -> Value {
    let families: Vec<Value> = found
        .families
        .iter()
        .map(|(value, count)| json!({"value": value, "count": count}))
        .collect();
    json!({"family": families})
}

/// Where a list goes on: after the product that came last; should it have left
/// the list, then with what took its place.
struct Position {
    product: String,
    index: usize,
}

impl Position {
    fn parse(text: &str) -> Result<Self, Code> {
        let (product, index) = text.split_once('@').ok_or(Code::InvalidCursor)?;
        let index = index.parse().map_err(|_| Code::InvalidCursor)?;
        Ok(Self {
            product: product.to_owned(),
            index,
        })
    }

    fn next_index(&self, hits: &[Hit<'_>]) -> usize {
        hits.iter()
            .position(|hit| hit.product.id.to_string() == self.product)
            .map_or(self.index, |index| index.saturating_add(1))
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.product, self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::catalogue::Product;
    use domain::locale::Locale;

    #[test]
    fn a_page_goes_on_after_its_last_product_even_when_others_were_added_or_removed() {
        let mut products: Vec<Product> =
            serde_json::from_str(include_str!("../../../infra/catalogue.json")).unwrap();
        let next = |products: &[Product], position: &Position| {
            let hits = Search::default().run(products, Locale::Fr).hits;
            hits[position.next_index(&hits)].product.slug.clone()
        };
        let third = Position {
            product: products[2].id.to_string(),
            index: 2,
        };
        let position = Position::parse(&third.to_string()).unwrap();
        let fourth = products[3].slug.clone();
        assert_eq!(next(&products, &position), fourth);
        let first = products.remove(0);
        assert_eq!(next(&products, &position), fourth);
        products.insert(0, first);
        products.remove(2);
        assert_eq!(next(&products, &position), fourth);
    }

    #[test]
    fn a_position_that_is_none_is_refused() {
        for text in ["", "prd_1", "prd_1@", "prd_1@x", "@-1"] {
            assert!(Position::parse(text).is_err(), "{text:?}");
        }
    }
}
