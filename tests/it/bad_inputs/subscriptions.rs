//! Subscriptions and what renews them.

use super::ask::Ask;
use super::row::{Row, check_all};
use super::world::World;
use domain::id::{Id as _, SubscriptionId};
use domain::subscription::Subscription;
use jiff::Timestamp;
use platform::store::{Transaction, keys};
use serde_json::{Value, json};
use tests::shop::{PASSWORD, Shop};

/// A subscription begins as a line of an order: what cannot be said of it is
/// refused there.
#[tokio::test]
async fn a_subscription_of_an_unknown_plan_or_with_dates_of_its_own_cannot_be_ordered() {
    let world = World::open().await;
    let order = |pointer: &str, value: Value| world.order().put(pointer, value);
    let unknown = order(
        "/items/0/planId",
        json!("pln_00000000000070008000000000000000"),
    );
    let mut rows = vec![
        Row::fields("SUB-01", unknown, &[("/items/0/planId", "not_on_sale")]).one_read(),
        Row::fields(
            "SUB-09",
            order("/items/0/quantity", json!(0)),
            &[("/items/0/quantity", "out_of_range")],
        ),
    ];
    for (id, pointer, value) in [
        ("SUB-06", "/startDate", json!("2020-01-01")),
        ("SUB-06", "/items/0/startDate", json!("2020-01-01")),
        ("SUB-06", "/items/0/startsAt", json!("2020-01-01T00:00:00Z")),
        ("SUB-07", "/items/0/anchor", json!(32)),
        ("SUB-07", "/anchor", json!({"day": 32})),
        ("SUB-08", "/items/0/anchor", json!(0)),
    ] {
        rows.push(Row::fields(
            id,
            order(pointer, value),
            &[(pointer, "unknown_field")],
        ));
    }
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn renewals_are_read_and_not_made_by_customers() {
    let world = World::open().await;
    let path = format!("/v1/subscriptions/{}/renewals", world.subscription().await);
    let rows = ["POST", "PUT", "DELETE"].map(|method| {
        let ask = Ask::new(method, path.clone())
            .by(&world.ada)
            .json(&json!({}));
        Row::refused("SUB-18", ask, 405, "method_not_allowed").header("allow", "GET")
    });
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_subscription_that_is_not_the_callers_is_not_there() {
    let world = World::open().await;
    let subscription = world.subscription().await;
    let eve = world.shop.customer("eve@example.com").await;
    let absent = "sub_00000000000070008000000000000000";
    let mut bodies = Vec::new();
    for id in [subscription.as_str(), absent] {
        for path in [
            format!("/v1/subscriptions/{id}"),
            format!("/v1/subscriptions/{id}/renewals"),
        ] {
            let row = Row::refused("SUB-21", Ask::get(path).by(&eve), 404, "not_found").one_read();
            let mut answer = row.check(&world.shop).await;
            answer.json["requestId"] = Value::Null;
            bodies.push(answer.json);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    let rows = ["x", "sub_", &subscription.replace("sub_", "ord_")].map(|id| {
        let path = format!("/v1/subscriptions/{id}");
        Row::refused("SUB-21", Ask::get(path).by(&world.ada), 404, "not_found")
    });
    check_all(&world.shop, rows).await;
}

/// Puts a wrong timer on a subscription.
async fn set_timer(world: &World, id: &str, at: Option<Timestamp>) {
    let app = world.shop.cloud.app("clockmaker");
    let key = keys::subscription(world.ada.account, SubscriptionId::parse(id).unwrap());
    let read = app
        .store()
        .get::<Subscription>(&key)
        .await
        .unwrap()
        .unwrap();
    let wrong = Subscription {
        next_action_at: at,
        ..read.value
    };
    let mut act = Transaction::new(app.new_id().unwrap());
    act.replace(read.version, &wrong, ());
    app.store().commit(act).await.unwrap();
}

/// SUB-19.
#[tokio::test]
async fn a_sweep_that_meets_a_paid_period_charges_nothing_and_sets_the_timer_right() {
    let mut world = World::of(Shop::at("2026-01-31T09:00:00Z").await).await;
    let id = world.subscription().await;
    world.shop.advance("P1M").await;
    world.shop.advance("PT1H").await;
    world.ada = world.shop.log_in(&world.ada.email, PASSWORD).await;
    let before = world.ada.subscription(&id).await;
    assert_eq!(before["currentPeriod"]["index"], 1, "{before}");
    let (book, renewals) = (world.shop.book().await, world.ada.renewals(&id).await);
    let now = world.shop.cloud.now();
    set_timer(&world, &id, Some(now)).await;
    world
        .shop
        .cloud
        .run_job("renew_subscriptions", json!({"version": 1}))
        .await
        .unwrap();
    assert_eq!(
        world.ada.subscription(&id).await["nextActionAt"],
        before["currentPeriod"]["end"]
    );
    assert_eq!(world.ada.renewals(&id).await, renewals);
    assert_eq!(world.shop.book().await, book);
    // And it goes on from there.
    world.shop.advance("P1M").await;
    world.shop.advance("P5D").await;
    assert_eq!(world.ada.renewals(&id).await.len(), 3);
    world.shop.audit(&world.ada).await;
}

/// SUB-28. EventBridge then tries again and at last gives the input to the
/// failure destination.
#[tokio::test]
async fn a_tick_nobody_knows_is_an_error_of_the_function_and_changes_nothing() {
    let world = World::of(Shop::at("2026-01-31T09:00:00Z").await).await;
    world.subscription().await;
    // Something is due: a tick that was taken for one would show.
    world
        .shop
        .cloud
        .skip_to("2026-03-01T09:00:00Z".parse().unwrap());
    let items = || serde_json::to_value(world.shop.cloud.table().all().unwrap()).unwrap();
    let before = items();
    for job in ["renew_subscriptions", "reconcile_payments"] {
        for tick in [
            json!({"version": 2}),
            json!({"version": 0}),
            json!({"version": "1"}),
            json!({"version": 1, "charge": "everybody"}),
            json!({"version": 1, "shards": [256]}),
            json!({}),
            json!(null),
            json!([]),
        ] {
            let failed = world.shop.cloud.run_job(job, tick.clone()).await;
            assert!(failed.is_err(), "{job}: {tick}");
            assert_eq!(items(), before, "{job}: {tick}");
        }
    }
}
