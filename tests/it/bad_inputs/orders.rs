//! Orders beside their lines: whose, where to, of which cart.

use super::ask::Ask;
use super::row::{Row, check_all};
use super::world::World;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, return_to};

/// The fields of an address but the country.
const LINES: [&str; 7] = [
    "name",
    "company",
    "line1",
    "line2",
    "postalCode",
    "city",
    "region",
];

#[tokio::test]
async fn an_address_that_cannot_stand_on_an_invoice_is_refused() {
    let world = World::open().await;
    let order = |pointer: &str, value: &str| world.order().put(pointer, json!(value));
    let country = "/billingAddress/country";
    let mut rows = Vec::new();
    for code in ["IR", "KP", "SY", "CU", "RU", "BY"] {
        let ask = order(country, code);
        rows.push(Row::refused("CART-15", ask, 403, "country_not_served").one_read());
    }
    for line in LINES {
        let pointer = format!("/billingAddress/{line}");
        let refused =
            |id, text: &str, code| Row::fields(id, order(&pointer, text), &[(&pointer, code)]);
        rows.push(refused("CART-16", &"a".repeat(300), "too_long"));
        for text in ["1 rue de Rivoli\r\nBcc: x", "\n", "a\rb"] {
            rows.push(refused("CART-24", text, "control_character"));
        }
    }
    for (pointer, text) in [(country, "FR\r\n"), ("/vatNumber", "FR\r\n40303265045")] {
        rows.push(Row::field("CART-24", order(pointer, text), pointer));
    }
    check_all(&world.shop, rows).await;
}

/// Where nobody may be sent back to.
const FOREIGN: [&str; 17] = [
    "javascript:alert(1)",
    "JavaScript://127.0.0.1:3000/%0aalert(1)",
    "data:text/html,x",
    "//evil.example",
    "/done",
    "done",
    "https://evil.example/done",
    "https://127.0.0.1.evil.example/",
    "http://127.0.0.1:3000@evil.example/",
    "http://localhost:x@evil.example/",
    "http://localhost:99999/",
    "http://localhost:/",
    "http://evil.example/http://localhost",
    "http://evil.example#http://localhost",
    "http://evil.example\\@localhost",
    "ftp://localhost/",
    "http://",
];

#[tokio::test]
async fn an_order_whose_terms_or_way_back_are_wrong_is_refused() {
    let world = World::open().await;
    let mut rows = Vec::new();
    for (accepted, code) in [
        (json!(false), "must_be_accepted"),
        (json!("true"), "wrong_type"),
        (json!(1), "wrong_type"),
        (Value::Null, "wrong_type"),
    ] {
        let ask = world.order().put("/acceptTerms", accepted);
        rows.push(Row::fields("CART-23", ask, &[("/acceptTerms", code)]));
    }
    let silent = world.order().cut("/acceptTerms");
    rows.push(Row::fields(
        "CART-23",
        silent,
        &[("/acceptTerms", "required")],
    ));
    for url in FOREIGN {
        let ask = world.order().put("/returnUrl", json!(url));
        rows.push(Row::fields(
            "CART-25",
            ask,
            &[("/returnUrl", "foreign_url")],
        ));
    }
    check_all(&world.shop, rows).await;
}

/// CART-14: a number that cannot be one. Of wrong digits the register is asked:
/// see `register`.
#[tokio::test]
async fn what_is_no_vat_number_of_the_country_is_refused() {
    let world = World::open().await;
    let mut rows = Vec::new();
    for (country, number) in [
        ("DE", "DE012345678"),
        ("BE", "BE2000000000"),
        ("FR", "FR0000000000"),
        ("IT", "none"),
    ] {
        let ask = world
            .order()
            .put("/billingAddress/country", json!(country))
            .put("/vatNumber", json!(number));
        let refused = [("/vatNumber", "invalid_vat_number")];
        rows.push(Row::fields("CART-14", ask, &refused));
    }
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn an_order_takes_a_cart_that_holds_something_and_takes_it_once() {
    let world = World::open().await;
    let empty = |ask| Row::refused("CART-21", ask, 422, "empty_cart").one_read();
    empty(world.order_cart(None)).check(&world.shop).await;
    world
        .set(EDR_MONTHLY, json!(1))
        .send(&world.shop)
        .await
        .data(200);
    Ask::new("DELETE", "/v1/cart")
        .by(&world.ada)
        .send(&world.shop)
        .await
        .data(200);
    empty(world.order_cart(None)).check(&world.shop).await;

    let cart = world
        .set(EDR_MONTHLY, json!(1))
        .send(&world.shop)
        .await
        .data(200);
    let version = cart["version"].as_u64().unwrap();
    let order = world.order_cart(Some(version)).key("first");
    order.send(&world.shop).await.data(201);
    let again = order.key("second");
    Row::refused("CART-22", again, 409, "cart_already_ordered")
        .one_read()
        .check(&world.shop)
        .await;
    empty(world.order_cart(None).key("third"))
        .check(&world.shop)
        .await;

    let both = world.order().put("/fromCart", json!(true));
    let rows = [
        Row::fields("CART-21", both, &[("/items", "exclusive")]),
        Row::fields(
            "CART-21",
            world.order().cut("/items"),
            &[("/items", "required")],
        ),
    ];
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn an_order_that_is_not_the_callers_is_not_there() {
    let world = World::open().await;
    let order = world.pending_order().await;
    let eve = world.shop.customer("eve@example.com").await;
    let mut rows = Vec::new();
    let digits = order.trim_start_matches("ord_");
    for id in [
        "x",
        "ord_",
        "ord_1",
        &format!("sub_{digits}"),
        &order.to_uppercase(),
        &format!("{order}0"),
        &format!("{order}%00"),
        "null",
        "-1",
    ] {
        rows.push(Row::refused(
            "CART-27",
            Ask::get(format!("/v1/orders/{id}")).by(&world.ada),
            404,
            "not_found",
        ));
        let cancel = Ask::post(format!("/v1/orders/{id}/cancellation"), &json!({})).by(&world.ada);
        rows.push(Row::refused("CART-27", cancel, 404, "not_found"));
        let pay = Ask::post(format!("/v1/orders/{id}/payment"), &return_to());
        let pay = pay.by(&world.ada).key("k");
        rows.push(Row::refused("CART-27", pay, 404, "not_found"));
    }
    check_all(&world.shop, rows).await;
    let mut bodies = Vec::new();
    for id in [order.as_str(), "ord_00000000000070008000000000000000"] {
        for ask in [
            Ask::get(format!("/v1/orders/{id}")).by(&eve),
            Ask::post(format!("/v1/orders/{id}/cancellation"), &json!({})).by(&eve),
            Ask::post(format!("/v1/orders/{id}/cancellation"), &json!({}))
                .by(&eve)
                .key("k"),
        ] {
            let row = Row::refused("CART-28", ask, 404, "not_found").one_read();
            let mut answer = row.check(&world.shop).await;
            answer.json["requestId"] = Value::Null;
            bodies.push(answer.json);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn an_order_that_does_not_wait_has_no_other_page() {
    let world = World::open().await;
    let pay = |order: &str, key: &str| {
        let ask = Ask::post(format!("/v1/orders/{order}/payment"), &return_to());
        ask.by(&world.ada).key(key)
    };
    let canceled = world.pending_order().await;
    let cancel = Ask::post(format!("/v1/orders/{canceled}/cancellation"), &json!({}));
    cancel.by(&world.ada).send(&world.shop).await.data(200);
    Row::refused("CART-29", pay(&canceled, "p1"), 409, "state_conflict")
        .one_read()
        .check(&world.shop)
        .await;

    let order = world.pending_order().await;
    let asked = pay(&order, "p2");
    let first = asked.clone().send(&world.shop).await;
    let placed = first.data(200);
    assert_eq!(world.shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    world.shop.cloud.settle().await;
    Row::refused("CART-30", pay(&order, "p3"), 409, "state_conflict")
        .one_read()
        .check(&world.shop)
        .await;
    let digest = world.shop.digest().await;
    let again = asked.send(&world.shop).await;
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(world.shop.digest().await, digest);
}
