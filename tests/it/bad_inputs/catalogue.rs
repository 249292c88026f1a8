//! Browsing, searching, and the pages of lists.

use super::ask::Ask;
use super::row::{Row, check_all, table};
use super::world::{World, good_requests};
use platform::http::operation::Media;
use platform::secrets::Secret;
use serde_json::Value;
use tests::shop::{EDR_MONTHLY, text};

fn products(query: &str) -> Ask {
    Ask::get(format!("/v1/products?{query}"))
}

/// Row, query, the parameter that is refused, and why.
const FILTERS: &str = "
CAT-02 q=***                      /q        malformed
CAT-02 q=%25%20_%20%3F            /q        malformed
CAT-02 q=%20%20                   /q        too_short
CAT-04 family=                    /family   too_short
CAT-04 family=soc,,edr            /family   too_short
CAT-04 family=soc,                /family   too_short
CAT-05 priceMin=-1                /priceMin out_of_range
CAT-05 priceMax=-100              /priceMax out_of_range
CAT-06 priceMin=12.345            /priceMin wrong_type
CAT-06 priceMax=12,345            /priceMax wrong_type
CAT-07 currency=eur               /currency unknown_value
CAT-08 sort=margin                /sort     unknown_value
CAT-09 order=ascending            /order    unknown_value
CAT-22 q=%23pk+%3D+%3Ax           /q        malformed
CAT-22 family=%23pk+%3D+%3Ax      /family   malformed
";

#[tokio::test]
async fn a_filter_that_filters_nothing_sensible_is_refused() {
    let world = World::open().await;
    let mut rows: Vec<Row> = table(FILTERS)
        .map(|[id, query, pointer, code]| Row::fields(id, products(query), &[(pointer, code)]))
        .collect();
    let refused =
        |id, query: String, pointer, code| Row::fields(id, products(&query), &[(pointer, code)]);
    let families: Vec<String> = (0..51).map(|n| format!("f{n}")).collect();
    let families = format!("family={}", families.join(","));
    let emoji = "%F0%9F%A6%80".repeat(1000);
    rows.extend([
        refused("CAT-01", format!("q={}", "a".repeat(257)), "/q", "too_long"),
        refused("CAT-03", families, "/family", "out_of_range"),
        refused("CAT-24", format!("q={emoji}"), "/q", "too_long"),
    ]);
    let several = [
        ("/sort", "unknown_value"),
        ("/order", "unknown_value"),
        ("/limit", "out_of_range"),
        ("/priceMin", "out_of_range"),
    ];
    let ask = products("sort=x&order=up&limit=0&priceMin=-1");
    rows.push(Row::fields("CAT-08", ask, &several));
    for (id, query) in [
        ("CAT-25", "filter[a][b][c]=1"),
        ("CAT-25", "filter%5Ba%5D%5Bb%5D%5Bc%5D=1"),
        ("CAT-25", "facet[a]=1"),
        ("CAT-26", "family[1000000000]=soc"),
        ("CAT-26", "family%5B1000000000%5D=soc"),
    ] {
        rows.push(Row::refused(id, products(query), 400, "malformed_query"));
    }
    check_all(&world.shop, rows).await;
}

/// CAT-24. What the row refuses is the length, not the emoji.
#[tokio::test]
async fn one_emoji_is_a_search_like_any_other() {
    let world = World::open().await;
    let found = products("q=%F0%9F%A6%80").send(&world.shop).await;
    assert_eq!(found.data(200), Value::Array(Vec::new()));
}

fn queried(list: &Ask, query: &str) -> Ask {
    let more = if list.path.contains('?') { '&' } else { '?' };
    Ask {
        path: format!("{}{more}{query}", list.path),
        ..list.clone()
    }
}

#[tokio::test]
async fn a_page_of_no_size_and_a_cursor_nobody_made_are_refused_by_every_list() {
    let (world, all) = good_requests().await;
    let lists = all.into_iter().filter(|(entry, _)| {
        let query = (entry.describe)().query;
        query.iter().any(|(name, _)| name == "limit")
    });
    let mut rows = Vec::new();
    for (_, list) in lists {
        for (id, limit, code) in [
            ("CAT-10", "0", "out_of_range"),
            ("CAT-10", "101", "out_of_range"),
            ("CAT-10", "99999999999999999999", "out_of_range"),
            ("CAT-11", "-1", "out_of_range"),
            ("CAT-12", "1.5", "wrong_type"),
            ("CAT-12", "1e1", "wrong_type"),
            ("CAT-12", "+1", "wrong_type"),
            ("CAT-12", "", "wrong_type"),
        ] {
            let ask = queried(&list, &format!("limit={}", limit.replace('+', "%2B")));
            rows.push(Row::fields(id, ask, &[("/limit", code)]));
        }
        let long = "A".repeat(3000);
        for cursor in [
            "",
            "x",
            "random%20text",
            "%00",
            "AAAA",
            "..%2F..",
            "eyJhIjoxfQ",
            &long,
        ] {
            let ask = queried(&list, &format!("cursor={cursor}"));
            rows.push(Row::refused("CAT-13", ask, 400, "invalid_cursor"));
        }
        for query in ["page=2&cursor=x", "page=2", "offset=20", "cursor=x&page=1"] {
            rows.push(Row::refused(
                "CAT-17",
                queried(&list, query),
                400,
                "malformed_query",
            ));
        }
    }
    assert!(rows.len() >= 5 * 20, "{} rows", rows.len());
    check_all(&world.shop, rows).await;
}

/// The cursor of the second page of a list, of one thing each.
async fn second_page(world: &World, list: &Ask) -> String {
    let answer = queried(list, "limit=1").send(&world.shop).await;
    answer.data(200);
    text(&answer.json["metadata"]["nextCursor"])
}

#[tokio::test]
async fn a_cursor_is_good_for_one_list_one_query_and_one_caller() {
    let world = World::open().await;
    let eve = world.shop.customer("eve@example.com").await;
    for user in [&world.ada, &eve] {
        for key in ["one", "two"] {
            user.order(EDR_MONTHLY, 1, key).await.data(201);
        }
    }
    let orders = Ask::get("/v1/orders").by(&world.ada);
    let hers = second_page(&world, &orders).await;
    let foreign = second_page(&world, &Ask::get("/v1/orders").by(&eve)).await;
    let public = second_page(&world, &Ask::get("/v1/products")).await;
    let refused = |id, list: &Ask, query: &str, cursor: &str| {
        let ask = queried(list, &format!("{query}cursor={cursor}"));
        Row::refused(id, ask, 400, "invalid_cursor")
    };
    let products = Ask::get("/v1/products");
    let mut rows = vec![
        refused("CAT-15", &orders, "", &foreign),
        refused("CAT-15", &orders, "limit=1&", &foreign),
        refused("CAT-15", &orders, "", &public),
        refused("CAT-15", &products, "", &hers),
        refused("CAT-15", &products, "q=edr&", &public),
        refused(
            "CAT-15",
            &Ask::get("/v1/invoices").by(&world.ada),
            "",
            &hers,
        ),
    ];
    for (list, cursor) in [(&orders, &hers), (&products, &public)] {
        for at in 0..cursor.len() {
            let mut flipped = cursor.clone();
            let other = if &cursor[at..=at] == "A" { "B" } else { "A" };
            flipped.replace_range(at..=at, other);
            rows.push(refused("CAT-14", list, "", &flipped));
        }
        rows.push(refused("CAT-14", list, "", &cursor[1..]));
        rows.push(refused("CAT-14", list, "", &format!("{cursor}A")));
    }
    check_all(&world.shop, rows).await;
    // Another language puts the products into another order.
    let french = http::Request::get(format!("/v1/products?cursor={public}"))
        .header("host", "127.0.0.1:3000")
        .header("accept-language", "fr")
        .body(bytes::Bytes::new());
    let refused = world.shop.cloud.request(french.unwrap()).await;
    assert_eq!(refused.status(), 400);
    // The cursors themselves are good, for whatever size of page.
    queried(&orders, &format!("limit=7&cursor={hers}"))
        .send(&world.shop)
        .await
        .data(200);
    queried(&products, &format!("cursor={public}"))
        .send(&world.shop)
        .await
        .data(200);
}

#[tokio::test]
async fn a_cursor_is_over_after_an_hour() {
    let world = World::open().await;
    for key in ["one", "two"] {
        world.ada.order(EDR_MONTHLY, 1, key).await.data(201);
    }
    let orders = second_page(&world, &Ask::get("/v1/orders").by(&world.ada)).await;
    let products = second_page(&world, &Ask::get("/v1/products")).await;
    world.shop.advance("PT59M59S").await;
    let ada = world
        .shop
        .log_in(&world.ada.email, tests::shop::PASSWORD)
        .await;
    let asks = [
        queried(&Ask::get("/v1/products"), &format!("cursor={products}")),
        queried(
            &Ask::get("/v1/orders").by(&ada),
            &format!("cursor={orders}"),
        ),
    ];
    for ask in &asks {
        ask.send(&world.shop).await.data(200);
    }
    world.shop.advance("PT1S").await;
    let rows = asks.map(|ask| Row::refused("CAT-16", ask, 410, "cursor_expired"));
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_cursor_outlives_the_rotation_of_its_secret() {
    let world = World::open().await;
    let products = second_page(&world, &Ask::get("/v1/products")).await;
    let next = queried(&Ask::get("/v1/products"), &format!("cursor={products}"));
    let rotate = || {
        let text = world.shop.cloud.secret(Secret::TokenKeys);
        let other = text.chars().rev().chain("x".chars()).collect();
        world.shop.cloud.rotate_secret(Secret::TokenKeys, other);
        world.shop.cloud.stop_functions();
    };
    rotate();
    next.send(&world.shop).await.data(200);
    // Only the last one before is remembered.
    rotate();
    let row = Row::refused("CAT-16", next, 400, "invalid_cursor");
    check_all(&world.shop, [row]).await;
}

#[tokio::test]
async fn a_product_that_is_not_shown_is_not_found() {
    let world = World::open().await;
    world
        .publish(|products| products.retain(|product| product.slug != "soc-hunting"))
        .await;
    let paths = [
        ("CAT-18", "pln_01945000000070008000000000000051"),
        ("CAT-18", "prd_01945000000070008000000000000005"),
        ("CAT-18", "EDR-ESSENTIAL"),
        ("CAT-18", "edr-essential%20"),
        ("CAT-19", "soc-hunting"),
        ("CAT-19", "xdr-industrial"),
        ("CAT-19", "unknown"),
        ("CAT-20", "edr%2Fessential"),
        ("CAT-20", "edr/essential"),
        ("CAT-20", "..%2Fme"),
    ];
    let mut bodies = Vec::new();
    for (id, slug) in paths {
        let ask = Ask::get(format!("/v1/products/{slug}"));
        let mut answer = Row::refused(id, ask, 404, "not_found")
            .check(&world.shop)
            .await;
        answer.json["requestId"] = Value::Null;
        bodies.push(answer.json);
    }
    bodies.dedup();
    assert_eq!(
        bodies.len(),
        1,
        "absent and hidden are told apart: {bodies:?}"
    );
}

/// CAT-21.
#[tokio::test]
async fn a_tag_that_is_none_is_ignored() {
    let world = World::open().await;
    for path in ["/v1/products", "/v1/products/edr-essential"] {
        let tag = Ask::get(path)
            .send(&world.shop)
            .await
            .header("etag")
            .to_owned();
        let known = Ask::get(path)
            .with("if-none-match", &tag)
            .send(&world.shop)
            .await;
        assert_eq!(known.status, 304);
        for malformed in [
            "",
            "\"",
            "x",
            "W/",
            "\"a",
            "'1-2'",
            ",,",
            &tag.replace('"', ""),
        ] {
            let answer = Ask::get(path)
                .with("if-none-match", malformed)
                .send(&world.shop)
                .await;
            assert_eq!(answer.status, 200, "{malformed:?}");
        }
    }
}

/// CAT-23.
#[tokio::test]
async fn composed_and_decomposed_letters_find_the_same() {
    let world = World::open().await;
    let search = |word: &str| {
        let ask = products(&format!("q={word}")).with("accept-language", "fr");
        let shop = world.shop.clone();
        async move { ask.send(&shop).await.data(200) }
    };
    let composed = search("d%C3%A9tection").await;
    assert!(!composed.as_array().unwrap().is_empty(), "nothing detects");
    assert_eq!(search("de%CC%81tection").await, composed);
    assert_eq!(search("DETECTION").await, composed);
}

#[tokio::test]
async fn an_answer_in_a_form_that_is_not_json_is_not_acceptable() {
    let (world, all) = good_requests().await;
    let mut rows = Vec::new();
    for (entry, good) in all {
        match entry.spec.media {
            Media::Json => {}
            Media::Document | Media::Webhook => continue,
        }
        for accept in [
            "text/xml",
            "text/html, image/*",
            "application/xml;q=0.9",
            "application/json;q=0",
            "*/*; q=0.0",
            "*/*, application/json;q=0",
        ] {
            let ask = good.clone().with("accept", accept);
            rows.push(Row::refused("CAT-27", ask, 406, "not_acceptable"));
        }
    }
    check_all(&world.shop, rows).await;
}
