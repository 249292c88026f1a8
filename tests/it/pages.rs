//! Lists that are read page by page, and pages that were kept.

use domain::catalogue::{Product, ProductStatus};
use serde_json::Value;
use tests::shop::{Answer, EDR_MONTHLY, Shop, User, text};

/// What the entries of a page are called by this member.
fn named(page: &Answer, member: &str) -> Vec<String> {
    let entries = page.data(200);
    let entries = entries.as_array().unwrap().iter();
    entries.map(|entry| text(&entry[member])).collect()
}

/// Where the next page is; none after the last.
fn next(path: &str, page: &Answer) -> Option<String> {
    let cursor = page.json["metadata"]["nextCursor"].as_str()?;
    Some(format!("{path}&cursor={cursor}"))
}

/// Every page of a list of somebody's, its entries called by this member.
async fn pages(user: &User, path: &str, member: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut at = Some(path.to_owned());
    while let Some(here) = at {
        let page = user.get(&here).await;
        pages.push(named(&page, member));
        at = next(path, &page);
    }
    pages
}

#[tokio::test]
async fn a_page_on_which_there_was_only_a_draft_leads_on_to_the_invoices_before_it() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    // Nobody knows yet how the renewal ends, so its invoice is a draft.
    shop.cut_off_provider().await;
    shop.advance("P1M").await;
    shop.advance("PT10M").await;
    let open = ("open".to_owned(), vec!["unknown".to_owned()]);
    assert_eq!(ada.first_renewal(&id).await, open);
    let told = pages(&ada, "/v1/invoices?limit=1", "number").await;
    assert_eq!(told, [vec![], vec!["F2026-000001".to_owned()]]);
}

#[tokio::test]
async fn orders_are_listed_newest_first_and_the_pages_lead_back_in_time() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let mut placed = Vec::new();
    for key in ["first", "second", "third"] {
        let order = ada.order(EDR_MONTHLY, 1, key).await.data(201);
        placed.push(text(&order["order"]["id"]));
        shop.wait(60);
    }
    placed.reverse();
    let whole = pages(&ada, "/v1/orders?limit=100", "id").await;
    assert_eq!(whole, [placed.clone()]);
    let told = pages(&ada, "/v1/orders?limit=2", "id").await;
    assert_eq!(told, [placed[..2].to_vec(), placed[2..].to_vec()]);
}

#[tokio::test]
async fn what_a_subscription_cost_in_four_years_and_more_is_told_on_one_page() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    // Each period cites a payment and an invoice: more than the table reads at
    // once.
    shop.advance("P51M").await;
    shop.advance("PT10M").await;
    let told = ada.renewals(&id).await;
    assert_eq!(told.len(), 52);
    for (index, period) in told.iter().enumerate() {
        assert_eq!(period["index"], index);
        assert_eq!(period["status"], "paid", "{index}");
        // A number for each month, anew each year.
        let (year, number) = (2026 + index / 12, 1 + index % 12);
        let number = format!("F{year}-{number:06}");
        assert_eq!(period["invoiceNumber"], number, "{index}");
        let attempts = period["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 1, "{index}");
        assert_eq!(attempts[0]["outcome"], "succeeded", "{index}");
    }
}

#[tokio::test]
async fn no_product_is_skipped_where_the_last_of_a_page_was_withdrawn() {
    let shop = Shop::open().await;
    let all = named(&shop.get("/v1/products?limit=100").await, "slug");
    assert!(all.len() > 6, "{all:?}");
    let path = "/v1/products?limit=2";
    let first = shop.get(path).await;
    let mut seen = named(&first, "slug");
    assert_eq!(seen, all[..2]);
    let withdraw = |products: &mut Vec<Product>| {
        let last = products.iter_mut().find(|product| product.slug == all[1]);
        last.unwrap().status = ProductStatus::Draft;
    };
    shop.publish(withdraw).await;
    shop.wait(20);
    let mut at = next(path, &first);
    while let Some(here) = at {
        let page = shop.get(&here).await;
        seen.extend(named(&page, "slug"));
        at = next(path, &page);
    }
    assert_eq!(seen, all);
    let now = named(&shop.get("/v1/products?limit=100").await, "slug");
    assert_eq!(now.len(), all.len() - 1, "it was withdrawn: {now:?}");
}

#[tokio::test]
async fn a_kept_page_of_products_that_is_still_good_leads_on_to_the_next() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let path = "/v1/products?family=edr&limit=1";
    let mut kept = shop.get(path).await;
    let (mut good, mut renewed) = (0, 0);
    // Three hours, of which a cursor lives one.
    for minute in (10..=180).step_by(10) {
        shop.wait(600);
        let again = shop
            .call("GET", path)
            .header("if-none-match", kept.header("etag"));
        let again = again.send().await;
        if again.status == 304 {
            good += 1;
        } else {
            assert_eq!(again.data(200), kept.data(200), "{minute}");
            renewed += 1;
            kept = again;
        }
        let onward = shop.get(&next(path, &kept).unwrap()).await;
        assert_eq!(named(&onward, "slug"), ["edr-advanced"], "{minute}");
    }
    // It is good for half an hour: for two of three visits.
    assert_eq!((good, renewed), (12, 6));
    // The last page leads nowhere, so it is good for as long as it is true.
    let whole = shop.get("/v1/products?family=edr&limit=100").await;
    assert_eq!(whole.json["metadata"]["nextCursor"], Value::Null);
    shop.wait(24 * 3_600);
    let again = shop
        .call("GET", "/v1/products?family=edr&limit=100")
        .header("if-none-match", whole.header("etag"));
    assert_eq!(again.send().await.status, 304);
}
