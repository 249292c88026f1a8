//! Carts, and the lines of orders.

use super::ask::Ask;
use super::row::{Row, check_all};
use super::world::World;
use domain::id::{Id as _, PlanId};
use domain::tiers::PriceScheme;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, PASSWORD, order_of, text};

/// Sold in euros only, 5 to 250.
const SOC_MONTHLY: &str = "pln_01941000000070008000000000000011";
/// Shown, but not sold any more.
const RETIRED: &str = "pln_0194b0000000700080000000000000b1";
/// In preparation.
const DRAFT: &str = "pln_0194c0000000700080000000000000c1";

impl World {
    /// Sets the quantity of a plan in the customer's cart.
    pub(super) fn set(&self, plan: &str, quantity: Value) -> Ask {
        Ask::new("PUT", format!("/v1/cart/items/{plan}"))
            .by(&self.ada)
            .json(&json!({"quantity": quantity}))
    }

    /// Sets it, as it should be.
    async fn holds(&self, plan: &str, quantity: u64) {
        let set = self.set(plan, json!(quantity));
        set.send(&self.shop).await.data(200);
    }

    /// An order of one line.
    fn order_line(&self, plan: &str, quantity: Value) -> Ask {
        self.order()
            .put("/items", json!([{"planId": plan, "quantity": quantity}]))
    }

    /// An order of the cart, in this version if one is named.
    pub(super) fn order_cart(&self, version: Option<u64>) -> Ask {
        let ask = self.order().cut("/items").put("/fromCart", json!(true));
        match version {
            Some(version) => ask.put("/cartVersion", json!(version)),
            None => ask,
        }
    }

    /// Rows for a quantity that cannot be, in the cart and in an order.
    fn quantity(&self, id: &'static str, plan: &str, quantity: &Value) -> [Row; 2] {
        [
            Row::fields(
                id,
                self.set(plan, quantity.clone()),
                &[("/quantity", "out_of_range")],
            ),
            Row::fields(
                id,
                self.order_line(plan, quantity.clone()),
                &[("/items/0/quantity", "out_of_range")],
            ),
        ]
    }
}

#[tokio::test]
async fn a_quantity_nobody_can_buy_is_out_of_range() {
    let world = World::open().await;
    let mut rows = Vec::new();
    for (id, quantity) in [
        ("CART-01", json!(0)),
        ("CART-02", json!(-1)),
        ("CART-02", json!(i64::MIN)),
        ("CART-03", json!(1_000_001)),
        ("CART-04", json!(9_223_372_036_854_775_808_u64)),
        ("CART-04", json!(u64::MAX)),
    ] {
        rows.extend(world.quantity(id, EDR_MONTHLY, &quantity));
    }
    let wider = world
        .order()
        .splice("/items/0/quantity", "18446744073709551616");
    rows.push(Row::field("CART-04", wider, "/items/0/quantity"));
    for (id, quantity) in [("CART-17", 4), ("CART-18", 251)] {
        let [cart, order] = world.quantity(id, SOC_MONTHLY, &json!(quantity));
        rows.extend([cart, order.one_read()]);
    }
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_plan_that_is_not_sold_is_refused_in_the_cart_and_in_an_order() {
    let world = World::open().await;
    let mut rows = Vec::new();
    for (id, plan, code) in [
        (
            "CART-05",
            "pln_00000000000070008000000000000000",
            "unknown_value",
        ),
        ("CART-05", DRAFT, "unknown_value"),
        ("CART-05", "edr-essential", "unknown_value"),
        ("CART-06", RETIRED, "not_on_sale"),
    ] {
        let cart = world.set(plan, json!(1));
        rows.push(Row::fields(id, cart, &[("/planId", code)]));
        rows.push(Row::field(id, world.order_line(plan, json!(1)), "/items/0/planId").one_read());
    }
    let several = world.order().put(
        "/items",
        json!([
            {"planId": RETIRED, "quantity": 1},
            {"planId": EDR_MONTHLY, "quantity": 1001},
            {"planId": SOC_MONTHLY, "quantity": 5},
        ]),
    );
    let told = [
        ("/items/0/planId", "not_on_sale"),
        ("/items/1/quantity", "out_of_range"),
    ];
    rows.push(Row::fields("CART-06", several, &told).one_read());
    let twice = order_of(&[(EDR_MONTHLY, 1), (EDR_MONTHLY, 2)]);
    rows.push(Row::fields(
        "CART-06",
        world.order().json(&twice),
        &[("/items/1/planId", "duplicate")],
    ));
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn an_order_holds_twenty_lines_and_a_cart_too() {
    let world = World::open().await;
    let more = PlanId::from_bits(0x0194_5000_0000_7000_8000_0000_0000_0099);
    world
        .publish(|products| {
            let product = products
                .iter_mut()
                .find(|p| p.slug == "edr-essential")
                .unwrap();
            let mut plan = product.plans[0].clone();
            (plan.id, plan.code) = (more, "more".to_owned());
            product.plans.push(plan);
        })
        .await;
    let products = Ask::get("/v1/products?limit=100&available=true")
        .send(&world.shop)
        .await
        .data(200);
    let plans: Vec<(String, Value)> = products
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|product| product["plans"].as_array().unwrap())
        .map(|plan| (text(&plan["id"]), plan["minQuantity"].clone()))
        .collect();
    assert_eq!(plans.len(), 21);
    for (plan, quantity) in plans.iter().filter(|(plan, _)| *plan != more.to_string()) {
        world
            .set(plan, quantity.clone())
            .send(&world.shop)
            .await
            .data(200);
    }
    let lines: Vec<Value> = plans
        .iter()
        .map(|(plan, quantity)| json!({"planId": plan, "quantity": quantity}))
        .collect();
    let rows = [
        Row::fields(
            "CART-07",
            world.set(&more.to_string(), json!(1)),
            &[("/planId", "too_many_lines")],
        )
        .one_read(),
        Row::fields(
            "CART-07",
            world.order().put("/items", json!(lines)),
            &[("/items", "too_many_lines")],
        ),
        Row::fields(
            "CART-07",
            world.order().put("/items", json!([])),
            &[("/items", "out_of_range")],
        ),
    ];
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_price_a_discount_or_a_tax_cannot_be_said_by_the_customer() {
    let world = World::open().await;
    let money = json!({"amount": 1, "currency": "EUR"});
    let mut rows = vec![Row::fields(
        "CART-08",
        world
            .set(EDR_MONTHLY, json!(1))
            .put("/unitPrice", money.clone()),
        &[("/unitPrice", "unknown_field")],
    )];
    for pointer in [
        "/items/0/unitPrice",
        "/items/0/total",
        "/total",
        "/subtotal",
    ] {
        let ask = world.order().put(pointer, money.clone());
        rows.push(Row::fields("CART-08", ask, &[(pointer, "unknown_field")]));
    }
    for pointer in ["/items/0/discount", "/discount", "/tax"] {
        let ask = world
            .order()
            .put(pointer, json!({"amount": -100, "currency": "EUR"}));
        rows.push(Row::fields("CART-13", ask, &[(pointer, "unknown_field")]));
    }
    for currency in ["usd", "EURO", "XXX", "GBP", ""] {
        let ask = world.order().put("/currency", json!(currency));
        rows.push(Row::fields("CART-09", ask, &[("/currency", "unknown_value")]).one_read());
    }
    let dollars = world
        .order_line(SOC_MONTHLY, json!(5))
        .put("/currency", json!("USD"));
    rows.push(Row::fields("CART-09", dollars, &[("/currency", "unknown_value")]).one_read());
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_cart_that_expired_says_so_until_it_is_emptied() {
    let mut world = World::open().await;
    world.holds(EDR_MONTHLY, 2).await;
    world.shop.advance("P30D").await;
    world.ada = world.shop.log_in(&world.ada.email, PASSWORD).await;
    let gone = |ask| Row::refused("CART-19", ask, 410, "cart_expired").one_read();
    let rows = [
        gone(Ask::get("/v1/cart").by(&world.ada)),
        gone(world.set(EDR_MONTHLY, json!(3))),
        gone(Ask::new("DELETE", format!("/v1/cart/items/{EDR_MONTHLY}")).by(&world.ada)),
        gone(world.order_cart(None)),
        gone(world.order_cart(Some(1))),
    ];
    check_all(&world.shop, rows).await;
    Ask::new("DELETE", "/v1/cart")
        .by(&world.ada)
        .send(&world.shop)
        .await
        .data(200);
    world.holds(EDR_MONTHLY, 3).await;
}

#[tokio::test]
async fn a_version_that_is_not_the_carts_is_refused() {
    let world = World::open().await;
    world.holds(EDR_MONTHLY, 1).await;
    world.holds(EDR_MONTHLY, 2).await;
    let line = format!("/v1/cart/items/{EDR_MONTHLY}");
    let edits = [
        world.set(EDR_MONTHLY, json!(3)),
        Ask::new("DELETE", line).by(&world.ada),
        Ask::new("DELETE", "/v1/cart").by(&world.ada),
    ];
    let stale = |ask| Row::refused("CART-20", ask, 412, "version_mismatch").one_read();
    let mut rows = Vec::new();
    for edit in edits {
        for tag in [
            "\"1\"",
            "\"3\"",
            "\"0\"",
            "2",
            "W/\"2\"",
            "\"-2\"",
            "\"2\", \"3\"",
            "",
            "\"99999999999999999999\"",
        ] {
            rows.push(stale(edit.clone().with("if-match", tag)));
        }
    }
    for version in [1, 3, u64::MAX] {
        rows.push(stale(world.order_cart(Some(version))));
    }
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn an_amount_beyond_all_money_is_refused_and_overflows_nothing() {
    let world = World::open().await;
    world
        .publish(|products| {
            let product = products
                .iter_mut()
                .find(|p| p.slug == "edr-essential")
                .unwrap();
            let plan = &mut product.plans[0];
            plan.max_quantity = 1_000_000;
            for price in &mut plan.prices {
                price.scheme = PriceScheme::PerUnit {
                    unit_amount: 10_000_000_000_000,
                };
            }
        })
        .await;
    let [cart, order] = world.quantity("CART-31", EDR_MONTHLY, &json!(1_000_000));
    check_all(&world.shop, [cart, order.one_read()]).await;
}
