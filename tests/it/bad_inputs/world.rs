//! A shop with a customer in it, and good requests to be spoilt.

use super::ask::Ask;
use domain::catalogue::Product;
use functions::registry::{Entry, operations};
use platform::http::operation::Access;
use tests::shop::{EDR_MONTHLY, Shop, User, order_of, text};
use tests::stage::{Stage, refresh_token};

/// A shop with a customer.
pub(super) struct World {
    pub(super) shop: Shop,
    pub(super) ada: User,
}

impl World {
    pub(super) async fn open() -> Self {
        Self::of(Shop::open().await).await
    }

    pub(super) async fn of(shop: Shop) -> Self {
        let ada = shop.customer("ada@example.com").await;
        Self { shop, ada }
    }

    /// Publishes the catalogue with a change.
    pub(super) async fn publish(&self, change: impl FnOnce(&mut Vec<Product>)) {
        self.shop.publish(change).await;
        // What functions have in memory is not what this is about.
        self.shop.cloud.stop_functions();
    }

    /// A good order of one plan.
    pub(super) fn order(&self) -> Ask {
        Ask::post("/v1/orders", &order_of(&[(EDR_MONTHLY, 2)]))
            .by(&self.ada)
            .key("a key of ada's")
    }

    /// The id of a new order that is not paid.
    pub(super) async fn pending_order(&self) -> String {
        let key = self.new_name("key");
        text(&self.ada.order(EDR_MONTHLY, 1, &key).await.data(201)["order"]["id"])
    }

    /// A subscription of the customer's, bought if there is none.
    pub(super) async fn subscription(&self) -> String {
        let list = self.ada.get("/v1/subscriptions").await.data(200);
        match list.get(0) {
            Some(subscription) => text(&subscription["id"]),
            None => text(&self.ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]),
        }
    }

    /// A refresh token of a session of its own, kept by the client itself.
    pub(super) async fn refresh_token(&self) -> String {
        refresh_token(&self.shop, &self.ada.email).await
    }

    /// A name nothing had so far.
    pub(super) fn new_name(&self, of: &str) -> String {
        format!("{of}-{}", self.shop.cloud.effects())
    }
}

/// Every operation with a good request to it by a customer, which it would
/// accept once; and the shop they are good in.
pub(super) async fn good_requests() -> (World, Vec<(Entry, Ask)>) {
    let stage = Stage::set().await;
    let all = operations().into_iter().map(|entry| {
        let good = stage.good(&entry.spec);
        let mut ask = Ask::new(good.method, good.path);
        ask.headers = good
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        if let Some(body) = good.body {
            ask = ask.json(&body);
        }
        let ask = match entry.access {
            Access::Public => ask,
            Access::User | Access::UserOrGuest => ask.by(&stage.ada),
            Access::Staff | Access::Finance => ask.by(&stage.finance),
            Access::Admin => ask.by(&stage.admin),
        };
        (entry, ask)
    });
    let all = all.collect();
    let world = World {
        shop: stage.shop,
        ada: stage.ada,
    };
    (world, all)
}
