//! Orders, their cancellation and their payment.

use super::{COPIES, Storm, count};
use futures::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;
use tests::shop::{EDR_MONTHLY, GOOD_CARD, Shop, User, order_of, text};
use tests::stage::{coupon_of, staff};

/// How many orders somebody has.
async fn orders(user: &User) -> usize {
    let listed = user.get("/v1/orders?limit=100").await.data(200);
    listed.as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_copies_of_one_order_make_one_order() {
    for mut storm in Storm::in_each_weather().await {
        let ada = storm.shop.customer("ada@example.com").await;
        let copy = |_| {
            let ada = ada.clone();
            async move { ada.order(EDR_MONTHLY, 2, "storm").await }
        };
        let answers = storm.of_requests(&[201, 409], copy).await;
        let placed: BTreeSet<String> = answers
            .iter()
            .filter(|a| a.status == 201)
            .map(|a| text(&a.json["data"]["order"]["id"]))
            .collect();
        assert!(placed.len() <= 1, "{placed:?}");
        storm.is_over(&[&ada]).await;
        assert_eq!(orders(&ada).await, 1);
        assert_eq!(storm.told(&ada, "order_placed").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_orders_of_one_cart_empty_it_once() {
    for mut storm in Storm::in_each_weather().await {
        let ada = storm.shop.customer("ada@example.com").await;
        let put = ada.call("PUT", &format!("/v1/cart/items/{EDR_MONTHLY}"));
        let put = put.json(&json!({"quantity": 3})).send().await;
        let mut order = order_of(&[]);
        let members = order.as_object_mut().unwrap();
        members.remove("items");
        members.insert("fromCart".to_owned(), json!(true));
        members.insert("cartVersion".to_owned(), put.data(200)["version"].clone());
        let copy = |n| {
            let (ada, order) = (ada.clone(), order.clone());
            async move {
                let call = ada.call("POST", "/v1/orders").key(&format!("k{n}"));
                call.json(&order).send().await
            }
        };
        let answers = storm.of_requests(&[201, 409, 412], copy).await;
        assert!(count(&answers, 201) <= 1, "{}", count(&answers, 201));
        storm.is_over(&[&ada]).await;
        assert_eq!(orders(&ada).await, 1);
        assert_eq!(ada.get("/v1/cart").await.data(200)["items"], json!([]));
    }
}

/// Eight customers try eight times each at a coupon for five in all, of which
/// each may have one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coupon_is_redeemed_as_often_as_it_may_be_and_no_more() {
    for mut storm in Storm::in_each_weather().await {
        let shop = storm.shop.clone();
        let admin = staff(&shop, "admin").await;
        let mut coupon = coupon_of("RACE");
        coupon["maxRedemptions"] = json!(5);
        let made = admin.call("POST", "/v1/admin/coupons").json(&coupon);
        made.send().await.data(201);
        let mut customers = Vec::new();
        for n in 0..8 {
            customers.push(shop.customer(&format!("c{n}@example.com")).await);
        }
        let mut order = order_of(&[(EDR_MONTHLY, 2)]);
        order["couponCode"] = json!("RACE");
        let copy = |n: usize| {
            let (user, order) = (customers[n % 8].clone(), order.clone());
            async move {
                let call = user.call("POST", "/v1/orders").key(&format!("k{n}"));
                call.json(&order).send().await
            }
        };
        let answers = storm.of_requests(&[201, 409, 422], copy).await;
        let mut held = 0;
        for user in &customers {
            let of_one = orders(user).await;
            assert!(of_one <= 1, "{of_one}");
            held += of_one;
        }
        assert!(count(&answers, 201) <= held && held <= 5, "{held}");
        let redemptions = async || {
            let admin = staff(&shop, "admin").await;
            let coupon = admin.get("/v1/admin/coupons/RACE").await.data(200);
            coupon["redemptions"].clone()
        };
        assert_eq!(redemptions().await, held);
        // Nobody pays, and the pages close.
        let all: Vec<&User> = customers.iter().collect();
        storm.is_over(&all).await;
        assert_eq!(redemptions().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_copies_of_one_webhook_activate_once() {
    for mut storm in Storm::in_each_weather().await {
        let shop = storm.shop.clone();
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
        let copy = |_| {
            let (shop, delivery) = (shop.clone(), succeeded.clone());
            async move {
                shop.post_event(&delivery.signature_header, delivery.body)
                    .await
            }
        };
        let answers = storm.of_requests(&[200], copy).await;
        assert!(count(&answers, 200) > 0);
        storm.is_over(&[&ada]).await;
        let subscriptions = ada.get("/v1/subscriptions").await.data(200);
        assert_eq!(subscriptions.as_array().unwrap().len(), 1);
        assert_eq!(ada.invoices().await.len(), 1);
        assert_eq!(storm.told(&ada, "order_paid").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cancellation_of_one_order_succeeds_and_one_has_an_effect() {
    for mut storm in Storm::in_each_weather().await {
        let ada = storm.shop.customer("ada@example.com").await;
        let placed = ada.order(EDR_MONTHLY, 2, "k").await.data(201);
        let copy = |_| {
            let (ada, placed) = (ada.clone(), placed.clone());
            async move { ada.cancel(&placed).await }
        };
        for canceled in storm.of_requests(&[200], copy).await {
            assert!(canceled.status == 503 || canceled.data(200)["status"] == "canceled");
        }
        storm.is_over(&[&ada]).await;
        assert_eq!(ada.standing(&placed).await["status"], "canceled");
        assert_eq!(storm.told(&ada, "order_canceled").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_and_a_payment_at_once_leave_either_a_paid_or_a_refunded_order() {
    for seed in 0..6 {
        let shop = Shop::with(local::Options::test().seeded_by(seed)).await;
        let ada = shop.customer("ada@example.com").await;
        let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
        let cancel = {
            let (ada, placed) = (ada.clone(), placed.clone());
            tokio::spawn(async move { ada.cancel(&placed).await })
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
async fn sixty_four_cancellations_and_payments_leave_either_a_paid_or_a_refunded_order() {
    for mut storm in Storm::in_each_weather().await {
        let shop = storm.shop.clone();
        let ada = shop.customer("ada@example.com").await;
        let orders = (0..COPIES / 2).map(|n| {
            let ada = ada.clone();
            async move { ada.order(EDR_MONTHLY, 1, &format!("k{n}")).await.data(201) }
        });
        let placed = join_all(orders).await;
        let copy = |n: usize| {
            let (shop, ada, placed) = (shop.clone(), ada.clone(), placed[n / 2].clone());
            async move {
                if n.is_multiple_of(2) {
                    ada.cancel(&placed).await;
                } else {
                    shop.pay(&placed, GOOD_CARD).await;
                }
            }
        };
        storm.of(copy).await;
        storm.is_over(&[&ada]).await;
        for placed in &placed {
            let status = text(&ada.standing(placed).await["status"]);
            assert!(matches!(&*status, "paid" | "canceled"), "{status}");
        }
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
