//! A subscription that cannot be renewed because of our own data.

use domain::card::Wallet;
use domain::id::{Id as _, SubscriptionId};
use domain::subscription::{MAX_FAULTS, Subscription};
use platform::store::{Stored, Transaction, keys};
use serde_json::Value;
use tests::shop::{EDR_MONTHLY, Shop, User, text};

/// Takes the saved cards and the payment method away, as no operation does.
async fn break_it(shop: &Shop, ada: &User, id: &str) {
    let app = shop.cloud.app("test");
    let key = keys::subscription(ada.account, SubscriptionId::parse(id).unwrap());
    let read = app.store().get::<Subscription>(&key).await;
    let read = read.unwrap().unwrap();
    let broken = Subscription {
        payment_method: None,
        ..read.value
    };
    let mut act = Transaction::new(app.new_id().unwrap());
    act.replace(read.version, &broken, ());
    let key = keys::wallet(ada.account);
    let wallet: Option<Stored<Wallet>> = app.store().get(&key).await.unwrap();
    act.delete(&key, wallet.unwrap().version, ());
    app.store().commit(act).await.unwrap();
}

#[tokio::test]
async fn what_fails_again_and_again_is_left_alone_and_somebody_is_called_once() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    break_it(&shop, &ada, &id).await;
    shop.advance("P1M").await;
    shop.advance("P2D").await;
    let log = shop.cloud.take_log();
    let swept = log.iter().filter(|line| {
        line.contains("\"renew_subscriptions\"") && line.contains("the saved payment method")
    });
    assert_eq!(swept.count(), usize::try_from(MAX_FAULTS).unwrap());
    let called = log.iter().filter(|line| line.contains("\"Parked\":1"));
    assert_eq!(called.count(), 1);
    assert_eq!(ada.subscription(&id).await["nextActionAt"], Value::Null);
    let path = format!("/_local/items?pk=ACCOUNT%23{}", ada.account);
    let items = shop.get(&path).await.json;
    let told = items.as_array().unwrap().iter();
    let told = told.filter(|item| item["event"] == "subscription_parked");
    assert_eq!(told.count(), 1);
    assert_eq!(shop.tick("renew_subscriptions").await["failed"], 0);
    shop.audit(&ada).await;
}
