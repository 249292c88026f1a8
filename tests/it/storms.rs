//! Many at once: one wins, nothing is done twice.

use futures::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;
use tests::shop::{EDR_MONTHLY, GOOD_CARD, Shop, order_of, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_copies_of_one_order_make_one_order() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let copies = (0..64).map(|_| {
        let ada = ada.clone();
        tokio::spawn(async move { ada.order(EDR_MONTHLY, 2, "storm").await })
    });
    let answers: Vec<_> = join_all(copies)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let placed: BTreeSet<String> = answers
        .iter()
        .filter(|a| a.status == 201)
        .map(|a| text(&a.json["data"]["order"]["id"]))
        .collect();
    assert_eq!(placed.len(), 1);
    assert!(
        answers.iter().all(|a| matches!(a.status, 201 | 409 | 503)),
        "{:?}",
        answers.iter().map(|a| a.status).collect::<Vec<_>>()
    );
    assert_eq!(
        ada.get("/v1/orders")
            .await
            .data(200)
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_copies_of_one_webhook_activate_once() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 2, "k").await.data(201);
    shop.pay(&placed, GOOD_CARD).await;
    let now = shop.cloud.now();
    let succeeded = shop
        .cloud
        .simulator()
        .due_deliveries(now)
        .into_iter()
        .find(|delivery| delivery.event_type == "payment_intent.succeeded")
        .expect("the event that says so");
    let copies = (0..64).map(|_| {
        let (shop, delivery) = (shop.clone(), succeeded.clone());
        tokio::spawn(async move {
            shop.call("POST", "/v1/webhooks/stripe")
                .header("stripe-signature", &delivery.signature_header)
                .raw("application/json", delivery.body)
                .send()
                .await
        })
    });
    let answers: Vec<_> = join_all(copies)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(
        answers.iter().all(|a| matches!(a.status, 200 | 503)),
        "{:?}",
        answers.iter().map(|a| a.status).collect::<Vec<_>>()
    );
    shop.cloud.settle().await;
    shop.advance("PT1H").await;
    assert_eq!(
        ada.get("/v1/subscriptions")
            .await
            .data(200)
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(ada.invoices().await.len(), 1);
    shop.audit(&ada).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_sweeps_at_once_charge_a_period_once() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    // The clock is moved without the schedules: the sweeps below meet the due period together.
    shop.cloud.skip_to("2026-03-01T09:00:00Z".parse().unwrap());
    let sweeps = (0..16).map(|_| {
        let shop = shop.clone();
        tokio::spawn(async move {
            shop.cloud
                .run_job("renew_subscriptions", json!({"version": 1}))
                .await
        })
    });
    for swept in join_all(sweeps).await {
        swept.unwrap().unwrap();
    }
    shop.cloud.settle().await;
    shop.advance("PT1H").await;
    let ada = shop.log_in(&ada.email, tests::shop::PASSWORD).await;
    let told = ada.renewals(&id).await;
    assert_eq!(told.len(), 2);
    assert_eq!(
        (
            &told[1]["status"],
            told[1]["attempts"].as_array().unwrap().len()
        ),
        (&json!("paid"), 1)
    );
    shop.audit(&ada).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_and_a_payment_at_once_leave_either_a_paid_or_a_refunded_order() {
    for seed in 0..6 {
        let shop = Shop::with(local::Options::test().seeded_by(seed)).await;
        let ada = shop.customer("ada@example.com").await;
        let placed = ada
            .call("POST", "/v1/orders")
            .key("k")
            .json(&order_of(&[(EDR_MONTHLY, 1)]))
            .send()
            .await
            .data(201);
        let path = format!("/v1/orders/{}/cancellation", text(&placed["order"]["id"]));
        let cancel = {
            let ada = ada.clone();
            tokio::spawn(async move { ada.call("POST", &path).json(&json!({})).send().await })
        };
        let pay = {
            let (shop, placed) = (shop.clone(), placed.clone());
            tokio::spawn(async move { shop.pay(&placed, GOOD_CARD).await })
        };
        cancel.await.unwrap();
        pay.await.unwrap();
        shop.cloud.settle().await;
        shop.advance("PT2H").await;
        shop.audit(&ada).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_orders_at_the_same_moment_share_one_customer_and_each_has_its_page() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let orders = (0..16).map(|n| {
        let ada = ada.clone();
        tokio::spawn(async move { ada.order(EDR_MONTHLY, 2, &format!("k{n}")).await })
    });
    let mut pages = BTreeSet::new();
    for placed in join_all(orders).await {
        let placed = placed.unwrap().data(201);
        pages.insert(text(&placed["payment"]["checkoutUrl"]));
        assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    }
    assert_eq!(pages.len(), 16);
    shop.cloud.settle().await;
    let customers = shop.book().await["customers"].as_array().unwrap().len();
    assert_eq!(customers, 1);
    shop.audit(&ada).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cancellation_of_one_order_succeeds_and_one_has_an_effect() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 2, "k").await.data(201);
    let cancels = (0..32).map(|_| {
        let (ada, placed) = (ada.clone(), placed.clone());
        tokio::spawn(async move { ada.cancel(&placed).await })
    });
    for canceled in join_all(cancels).await {
        assert_eq!(canceled.unwrap().data(200)["status"], "canceled");
    }
    let key = format!("ACCOUNT%23{}", ada.account);
    let items = shop.get(&format!("/_local/items?pk={key}")).await.json;
    let events = items.as_array().unwrap().iter();
    let canceled = events.filter(|item| item["event"] == "order_canceled");
    assert_eq!(canceled.count(), 1, "{items}");
}
