//! Finding orders again: filters, days, and pages of what is left.

use crate::cost::{Cost, effects};
use domain::id::{Id as _, OrderId};
use domain::order::Order;
use jiff::Timestamp;
use platform::store::{PageRequest, Transaction};
use serde_json::Value;
use tests::shop::{Answer, EDR_MONTHLY, EDR_TIERS, GOOD_CARD, Shop, User, text};

fn ids(page: &Answer) -> Vec<String> {
    let orders = page.data(200);
    let orders = orders.as_array().unwrap().iter();
    orders.map(|order| text(&order["id"])).collect()
}

/// The orders a query finds, on one page.
async fn found(user: &User, query: &str) -> Vec<String> {
    let page = user.get(&format!("/v1/orders?limit=100&{query}")).await;
    assert_eq!(page.json["metadata"]["nextCursor"], Value::Null, "{query}");
    ids(&page)
}

/// Orders of a paid, an expired, a canceled and a waiting state, one on each
/// of the first days of January, oldest first; the second is of another
/// product.
async fn four_orders() -> (Shop, User, Vec<String>) {
    let shop = Shop::at("2026-01-01T10:00:00Z").await;
    let mut ada = shop.customer("ada@example.com").await;
    let mut placed = Vec::new();
    for (day, plan, quantity) in [
        (1, EDR_MONTHLY, 1),
        (2, EDR_TIERS, 5),
        (3, EDR_MONTHLY, 1),
        (4, EDR_MONTHLY, 1),
    ] {
        let order = ada
            .order(plan, quantity, &format!("k{day}"))
            .await
            .data(201);
        match day {
            1 => assert_eq!(shop.pay(&order, GOOD_CARD).await["status"], "paid"),
            3 => drop(ada.cancel(&order).await.data(200)),
            _ => {}
        }
        shop.cloud.settle().await;
        placed.push(text(&order["order"]["id"]));
        if day < 4 {
            shop.advance("P1D").await;
            ada = shop.log_in(&ada.email, tests::shop::PASSWORD).await;
        }
    }
    (shop, ada, placed)
}

#[tokio::test]
async fn orders_are_found_by_state_product_words_and_days_and_by_all_at_once() {
    let (shop, ada, placed) = four_orders().await;
    let digest = shop.digest().await;
    let by_id = format!("q={}", placed[2]);
    for (query, wanted) in [
        ("status=paid", &[0][..]),
        ("status=expired", &[1]),
        ("status=canceled", &[2]),
        ("status=pending,paid", &[3, 0]),
        ("status=refunded", &[]),
        ("product=edr-advanced", &[1]),
        ("product=edr-essential", &[3, 2, 0]),
        ("product=edr", &[]),
        // Either language, whatever the case and accents.
        ("q=ESSENTIEL", &[3, 2, 0]),
        ("q=%C3%A9ssential%20monthly", &[3, 2, 0]),
        ("q=essential%20advanced", &[]),
        (&by_id, &[2]),
        ("from=2026-01-02", &[3, 2, 1]),
        ("to=2026-01-02", &[0]),
        ("from=2026-01-02&to=2026-01-04", &[2, 1]),
        ("from=2025-01-01&to=2026-01-01", &[]),
        ("from=0001-01-01&to=9999-12-30", &[3, 2, 1, 0]),
        (
            "status=pending,canceled&product=edr-essential&q=monthly&to=2026-01-04",
            &[2],
        ),
    ] {
        let wanted: Vec<&String> = wanted.iter().map(|at: &usize| &placed[*at]).collect();
        assert_eq!(
            found(&ada, query).await.iter().collect::<Vec<_>>(),
            wanted,
            "{query}"
        );
    }
    let eve = shop.customer("eve@example.com").await;
    assert_eq!(found(&eve, &by_id).await, [""; 0]);
    let seen = shop.digest().await;
    assert_ne!(seen, digest, "somebody registered");
    ada.get("/v1/orders?status=paid").await.data(200);
    assert_eq!(shop.digest().await, seen);
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused() {
    let (shop, ada, _) = four_orders().await;
    let digest = shop.digest().await;
    for (query, field, code) in [
        ("from=2026-02-30", "/from", "malformed"),
        ("from=2026-1-1", "/from", "malformed"),
        ("from=20260101", "/from", "malformed"),
        ("from=%2B2026-01-01", "/from", "malformed"),
        ("from=", "/from", "malformed"),
        ("to=2026-01-01T00:00:00Z", "/to", "malformed"),
        ("to=9999-12-31", "/to", "out_of_range"),
        ("from=2026-02-01&to=2026-02-01", "/to", "out_of_range"),
        ("from=2026-02-02&to=2026-02-01", "/to", "out_of_range"),
        ("status=", "/status", "unknown_value"),
        ("status=paid,", "/status", "unknown_value"),
        ("status=Paid", "/status", "unknown_value"),
        ("status=paid,open", "/status", "unknown_value"),
        ("product=", "/product", "too_short"),
        ("product=EDR", "/product", "malformed"),
        ("q=%20", "/q", "too_short"),
        ("q=***", "/q", "malformed"),
    ] {
        let refused = ada.get(&format!("/v1/orders?{query}")).await;
        refused.refused_fields(&[(field, code)]);
    }
    let several = ada
        .get("/v1/orders?status=x&from=x&to=x&q=%20&limit=0")
        .await;
    several.refused_fields(&[
        ("/status", "unknown_value"),
        ("/from", "malformed"),
        ("/to", "malformed"),
        ("/q", "too_short"),
        ("/limit", "out_of_range"),
    ]);
    for query in ["state=paid", "status=paid&status=pending"] {
        let refused = ada.get(&format!("/v1/orders?{query}")).await;
        refused.refused(400, "malformed_query");
    }
    assert_eq!(shop.digest().await, digest);
}

/// One stored order of somebody's, as a model for others.
async fn model(shop: &Shop, user: &User) -> Order {
    let page = PageRequest {
        limit: 1,
        after: None,
        descending: true,
    };
    let app = shop.cloud.app("reader");
    let found = app
        .store()
        .orders_of(user.account, (None, None), &page)
        .await;
    found.unwrap().items.remove(0).value
}

/// Puts orders as if they had been placed.
async fn put(shop: &Shop, orders: &[Order]) {
    let app = shop.cloud.app("writer");
    for fifty in orders.chunks(50) {
        let mut act = Transaction::new(app.new_id().unwrap());
        for order in fifty {
            act.insert(order, ());
        }
        app.store().commit(act).await.unwrap();
    }
}

/// An order like another, placed and named at these moments.
fn like(model: &Order, created_at: &str, named_at: &str, number: u128) -> Order {
    let named_at: Timestamp = named_at.parse().unwrap();
    let millis = u128::try_from(named_at.as_millisecond()).unwrap();
    Order {
        id: OrderId::from_bits((millis << 80) | number),
        created_at: created_at.parse().unwrap(),
        ..model.clone()
    }
}

#[tokio::test]
async fn a_day_begins_at_midnight_utc_by_the_time_an_order_was_placed_at() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    let model = model(&shop, &ada).await;
    let (last, first) = ("2030-01-31T23:59:59.999Z", "2030-02-01T00:00:00Z");
    // The second was placed in January, and its id was made in February.
    let orders = [
        like(&model, last, last, 1),
        like(&model, last, "2030-02-01T00:00:00.004Z", 2),
        like(&model, first, first, 3),
        like(&model, first, "2030-02-01T00:00:01Z", 4),
    ];
    put(&shop, &orders).await;
    let ids = |which: [usize; 2]| which.map(|at| orders[at].id.to_string());
    let january = found(&ada, "from=2030-01-01&to=2030-02-01").await;
    assert_eq!(january, ids([1, 0]));
    let february = found(&ada, "from=2030-02-01&to=2030-02-02").await;
    assert_eq!(february, ids([3, 2]));
}

#[tokio::test]
async fn a_page_reads_three_hundred_orders_at_most_and_says_where_to_go_on() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let paid = text(&ada.buy(EDR_MONTHLY, 1).await["id"]);
    shop.wait(60);
    ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    let model = model(&shop, &ada).await;
    let later = "2099-01-01T00:00:00Z";
    let many: Vec<Order> = (0..305).map(|n| like(&model, later, later, n)).collect();
    put(&shop, &many).await;

    let path = "/v1/orders?status=paid&limit=1";
    let first = ada.get(path).await;
    assert_eq!(ids(&first), [""; 0]);
    let cursor = text(&first.json["metadata"]["nextCursor"]);
    let second = ada.get(&format!("{path}&cursor={cursor}")).await;
    assert_eq!(ids(&second), [paid]);
    assert_eq!(second.json["metadata"]["nextCursor"], Value::Null);

    let (_, trace) = effects(&shop, "list_orders", ada.get(path)).await;
    let cost = Cost::of(&trace);
    assert_eq!((cost.trips, cost.writes), (3, 0), "{cost:?}");
}

#[tokio::test]
async fn a_full_page_goes_on_after_its_last_order_and_its_cursor_is_for_its_query() {
    let (_shop, ada, placed) = four_orders().await;
    let path = "/v1/orders?product=edr-essential&limit=2";
    let first = ada.get(path).await;
    assert_eq!(ids(&first), [&*placed[3], &*placed[2]]);
    let cursor = text(&first.json["metadata"]["nextCursor"]);
    let second = ada.get(&format!("{path}&cursor={cursor}")).await;
    assert_eq!(ids(&second), [&*placed[0]]);
    assert_eq!(second.json["metadata"]["nextCursor"], Value::Null);
    for other in [
        "",
        "product=edr-advanced&",
        "product=edr-essential&status=paid&",
    ] {
        let refused = ada.get(&format!("/v1/orders?{other}cursor={cursor}")).await;
        refused.refused(400, "invalid_cursor");
    }
}
