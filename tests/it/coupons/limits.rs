//! The limits of coupons, where several act at once.

use super::{Scene, order_with, place, refused};
use futures::future::{Either, select};
use serde_json::json;
use std::cell::RefCell;
use std::pin::pin;
use tests::shop::{Answer, User, text};
use tests::stage::coupon_of;

async fn end(admin: &User, code: &str) -> Answer {
    let path = format!("/v1/admin/coupons/{code}");
    admin.call("DELETE", &path).send().await
}

#[tokio::test]
async fn a_coupon_that_is_redeemed_all_the_time_can_be_ended() {
    let scene = Scene::set().await;
    let mut coupon = coupon_of("BUSY");
    coupon["perCustomer"] = json!(100);
    scene.coupon(coupon).await;
    let cloud = &scene.shop.cloud;
    // A warm function reads, and then writes.
    end(&scene.admin, "NOBODYS").await.refused(404, "not_found");
    let next = RefCell::new(cloud.halt(cloud.effects() + 2));
    let ending = pin!(end(&scene.admin, "BUSY"));
    let buying = pin!(async {
        for order in 0..9 {
            let halt = next.borrow().clone();
            halt.reached().await;
            let key = format!("busy-{order}");
            place(&scene.ada, &order_with("BUSY"), &key).await.data(201);
            next.replace(cloud.halt(cloud.effects() + 2));
            halt.release();
        }
        let last = next.borrow().clone();
        last.reached().await;
    });
    let ended = match select(ending, buying).await {
        Either::Left((ended, _)) => ended,
        Either::Right(_) => panic!("it is still not ended"),
    };
    // Nobody waits there.
    next.borrow().release();
    let redeemed = ended.data(200)["redemptions"].clone();
    assert_eq!(redeemed, scene.redemptions("BUSY").await);
    let late = place(&scene.ada, &order_with("BUSY"), "late").await;
    refused(&late, "expired");
    scene.shop.audit(&scene.ada).await;
}

#[tokio::test]
async fn no_order_redeems_a_coupon_that_was_ended_while_it_was_placed() {
    let scene = Scene::set().await;
    let cloud = &scene.shop.cloud;
    let mut met = 0;
    for effect in 1..=8 {
        let code = format!("GONE-{effect}");
        scene.coupon(coupon_of(&code)).await;
        let order = order_with(&code);
        let halt = cloud.halt(cloud.effects() + effect);
        let call = scene.ada.call("POST", "/v1/orders").key(&code);
        let placing = pin!(call.json(&order).send());
        let ending = pin!(async {
            halt.reached().await;
            let ended = end(&scene.admin, &code).await.data(200);
            halt.release();
            ended
        });
        let (placed, ended) = match select(placing, ending).await {
            // A halt that came too late: nobody waits there.
            Either::Left(_) => {
                halt.release();
                break;
            }
            Either::Right((ended, placing)) => (placing.await, ended),
        };
        met += 1;
        let redeemed = ended["redemptions"].as_u64().unwrap();
        match redeemed {
            0 => refused(&placed, "expired"),
            _ => drop(placed.data(201)),
        }
        assert_eq!(scene.redemptions(&code).await, redeemed, "{effect}");
    }
    assert!(met > 3, "{met}");
    scene.shop.audit(&scene.ada).await;
}

#[tokio::test]
async fn two_codes_for_a_first_purchase_are_not_both_redeemed() {
    let scene = Scene::set().await;
    for code in ["HELLO-1", "HELLO-2"] {
        let mut coupon = coupon_of(code);
        coupon["firstPurchaseOnly"] = json!(true);
        scene.coupon(coupon).await;
    }
    let (one, two) = (order_with("HELLO-1"), order_with("HELLO-2"));
    let first = place(&scene.ada, &one, "a").await.data(201);
    let second = place(&scene.ada, &two, "b").await;
    refused(&second, "first_purchase_only");
    let quote = scene.ada.call("POST", "/v1/orders/quote").json(&two);
    refused(&quote.send().await, "first_purchase_only");
    // One that died unpaid is none.
    scene.ada.cancel(&first).await.data(200);
    let third = place(&scene.ada, &two, "c").await.data(201);
    refused(&place(&scene.ada, &one, "d").await, "first_purchase_only");
    scene.shop.pay(&third, tests::shop::GOOD_CARD).await;
    scene.shop.cloud.settle().await;
    assert_eq!(text(&scene.ada.standing(&third).await["status"]), "paid");
    scene.shop.audit(&scene.ada).await;
}

#[tokio::test]
async fn two_first_purchases_at_once_are_one() {
    let scene = Scene::set().await;
    let cloud = &scene.shop.cloud;
    let (mut met, mut both) = (0, 0);
    for effect in 1..=8 {
        let eve = format!("eve{effect}@example.com");
        let eve = scene.shop.customer(&eve).await;
        let codes = ["A", "B"].map(|it| format!("FIRST-{it}{effect}"));
        for code in &codes {
            let mut coupon = coupon_of(code);
            coupon["firstPurchaseOnly"] = json!(true);
            scene.coupon(coupon).await;
        }
        let (one, two) = (order_with(&codes[0]), order_with(&codes[1]));
        let halt = cloud.halt(cloud.effects() + effect);
        let call = eve.call("POST", "/v1/orders").key("one").json(&one);
        let placing = pin!(call.send());
        let other = pin!(async {
            halt.reached().await;
            cloud.stop_functions();
            let call = eve.call("POST", "/v1/orders").key("two").json(&two);
            let other = call.send().await;
            halt.release();
            other
        });
        let (first, second) = match select(placing, other).await {
            // A halt that came too late: nobody waits there.
            Either::Left(_) => {
                halt.release();
                break;
            }
            Either::Right((second, placing)) => (placing.await, second),
        };
        met += 1;
        both += u32::from(first.status == 201 && second.status == 201);
    }
    assert_eq!((met > 3, both), (true, 0));
}

#[tokio::test]
async fn money_that_was_given_back_at_once_is_no_first_purchase() {
    let scene = Scene::set().await;
    let mut coupon = coupon_of("HELLO");
    coupon["firstPurchaseOnly"] = json!(true);
    scene.coupon(coupon).await;
    let plain = tests::shop::order_of(&[(tests::shop::EDR_MONTHLY, 1)]);
    let placed = place(&scene.ada, &plain, "a").await.data(201);
    scene.shop.cut_off_provider().await;
    scene.ada.cancel(&placed).await.data(200);
    scene.shop.faults(json!({})).await;
    let paid = scene.shop.pay(&placed, tests::shop::GOOD_CARD).await;
    assert_eq!(paid["status"], "paid");
    scene.shop.advance("PT10M").await;
    let first = place(&scene.ada, &order_with("HELLO"), "b").await;
    first.data(201);
    scene.shop.audit(&scene.ada).await;
}

#[tokio::test]
async fn who_was_quoted_a_coupon_that_is_used_up_is_quoted_anew_without_it() {
    let world = Scene::set().await;
    world
        .coupon(json!({
            "code": "LAST-ONE", "kind": "percent", "basisPoints": 1000, "duration": "once",
            "maxRedemptions": 1,
        }))
        .await;
    let mut order = order_with("LAST-ONE");
    let quote = world.ada.call("POST", "/v1/orders/quote").json(&order);
    let quote = quote.send().await.data(200);
    let eve = world.shop.customer("late@example.com").await;
    place(&eve, &order_with("LAST-ONE"), "k").await.data(201);
    order["quoteToken"] = quote["quoteToken"].clone();
    let answer = place(&world.ada, &order, "k").await;
    answer.refused(409, "price_changed");
    assert_eq!(answer.json["errors"][0]["path"], "/couponCode");
    assert_eq!(answer.json["errors"][0]["code"], "exhausted");
    assert_eq!(world.ada.get("/v1/orders").await.data(200), json!([]));
    // A quote of something else, or none, is nothing to compare with.
    let mut other = order.clone();
    other["items"][0]["quantity"] = json!(3);
    refused(&place(&world.ada, &other, "k").await, "exhausted");
    let bare = place(&world.ada, &order_with("LAST-ONE"), "k").await;
    refused(&bare, "exhausted");
    let anew = &answer.json["quote"];
    assert_eq!(anew["discount"]["amount"], 0);
    order.as_object_mut().unwrap().remove("couponCode");
    order["quoteToken"] = anew["quoteToken"].clone();
    let placed = place(&world.ada, &order, "k").await.data(201);
    assert_eq!(placed["order"]["total"], anew["total"]);
}
