//! Publishing the catalogue while customers read it.

use domain::catalogue::Product;
use futures::future::{Either, select};
use std::pin::pin;
use tests::shop::{EDR_MONTHLY, Shop, text};

/// The catalogue, its first product under another name.
fn named(name: &str) -> Vec<Product> {
    let mut products: Vec<Product> =
        serde_json::from_str(include_str!("../../infra/catalogue.json")).unwrap();
    name.clone_into(&mut products[0].texts.name.en);
    products
}

/// Publishes, and dies after so many calls; true when it had finished before.
async fn publish_and_die(shop: &Shop, products: &[Product], after: u64) -> bool {
    let app = shop.cloud.app("publisher");
    let last = shop.cloud.effects() + after;
    let dies = async {
        while shop.cloud.effects() < last {
            tokio::task::yield_now().await;
        }
    };
    let act = app.new_id().unwrap();
    let publishes = pin!(app.store().publish_catalogue(act, products));
    match select(publishes, pin!(dies)).await {
        Either::Left((published, _)) => {
            published.unwrap();
            true
        }
        Either::Right(((), _)) => false,
    }
}

#[tokio::test]
async fn wherever_a_publication_dies_customers_read_one_catalogue_or_the_other() {
    let shop = Shop::open().await;
    let first = named("")[0].clone();
    let path = format!("/v1/products/{}", first.slug);
    let read = async || {
        // Nothing is in memory.
        shop.cloud.stop_functions();
        let listed = shop.get("/v1/products?limit=100").await.data(200);
        let name = shop.get(&path).await.data(200)["name"].clone();
        (listed.as_array().unwrap().len(), text(&name))
    };
    let (listed, mut shown) = read().await;
    for publication in ["second", "third", "fourth"] {
        let products = named(publication);
        let before = shop.cloud.snapshot().await.unwrap();
        let mut deaths = 0;
        while !publish_and_die(&shop, &products, deaths + 1).await {
            deaths += 1;
            let seen = read().await;
            let either = [shown.clone(), publication.to_owned()];
            assert!(either.contains(&seen.1), "{publication}, {deaths}");
            assert_eq!(seen.0, listed, "{publication}, {deaths}");
            shop.cloud.go_back(&before).await.unwrap();
        }
        assert!(deaths > 3, "{publication}: {deaths}");
        publication.clone_into(&mut shown);
        assert_eq!(read().await, (listed, shown.clone()));
    }
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 1).await;
}
