//! What holds for every operation before its body is looked at: routes,
//! queries, headers, and events no client library would make.

use super::ask::Ask;
use super::row::{Row, check_all, invoke};
use super::world::good_requests;
use platform::http::operation::{Idempotency, Media};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tests::shop::Shop;
use tests::stage::fits;

/// Every method a client might try.
const METHODS: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];

#[tokio::test]
async fn a_method_that_is_not_offered_is_told_those_that_are() {
    let (world, all) = good_requests().await;
    // A path that fits each route.
    let mut routes: BTreeMap<&str, String> = BTreeMap::new();
    for (entry, good) in &all {
        if entry.spec.path.starts_with('/') {
            let (path, _) = good.path.split_once('?').unwrap_or((&good.path, ""));
            routes.insert(entry.spec.path, path.to_owned());
        }
    }
    let mut rows = Vec::new();
    for path in routes.values() {
        // A path may fit a route with a variable as well.
        let fitting = all.iter().map(|(entry, _)| entry.spec);
        let fitting = fitting.filter(|spec| fits(spec.path, path));
        let offered: BTreeSet<&str> = fitting.map(|spec| spec.method).collect();
        let allow: Vec<&str> = offered.iter().copied().collect();
        for method in METHODS
            .into_iter()
            .filter(|method| !offered.contains(method))
        {
            let refused = |id, ask| {
                Row::refused(id, ask, 405, "method_not_allowed").header("allow", &allow.join(", "))
            };
            let ask = Ask::new(method, path.clone())
                .by(&world.ada)
                .json(&json!({}));
            rows.push(refused("ALL-22", ask.clone()));
            for header in [
                "x-http-method-override",
                "x-http-method",
                "x-method-override",
            ] {
                rows.push(refused("ALL-23", ask.clone().with(header, allow[0])));
            }
            let form = ask.with("content-type", "application/x-www-form-urlencoded");
            rows.push(refused(
                "ALL-23",
                form.body(format!("_method={}", allow[0])),
            ));
        }
    }
    assert!(rows.len() > 300, "{} rows", rows.len());
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_path_nobody_serves_is_not_found() {
    let shop = Shop::open().await;
    let paths = [
        "/",
        "/v1",
        "/v1/",
        "/v2/products",
        "/V1/products",
        "/v1/products/",
        "/v1//products",
        "/v1/orders/a/b/c",
        "/v1/products/../me",
        "/v1/products/%2e%2e/me",
        "/.env",
        "/v1/%00",
        "/v1/auth/login/",
    ];
    let rows = paths.into_iter().flat_map(|path| {
        ["GET", "POST", "DELETE"]
            .map(|method| Row::refused("ALL-24", Ask::new(method, path), 404, "not_found"))
    });
    check_all(&shop, rows).await;
}

#[tokio::test]
async fn a_query_that_cannot_be_read_or_repeats_a_key_is_malformed() {
    let (world, all) = good_requests().await;
    let mut rows = Vec::new();
    for (entry, good) in all {
        let id = entry.spec.id;
        let good = good.event(entry.spec.path);
        let mut refused = |row, query: &str| {
            let mut event = good.clone();
            event["rawQueryString"] = json!(query);
            rows.push(Row::event(row, id, event, 400, "malformed_query"));
        };
        for query in [
            "q=a b", "a b", "q=%", "q=%z", "q=%zz", "q=%c3", "%ff=1", "q=<x>", "q=\u{e9}", "q=\"",
            "q=a\\b", "q=\n",
        ] {
            refused("ALL-25", query);
        }
        for query in [
            "limit=1&limit=2",
            "limit=1&limit=1",
            "a=1&b=2&a=",
            "a&a",
            "a=1&%61=2",
        ] {
            refused("ALL-26", query);
        }
    }
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_host_that_is_none_is_a_malformed_header() {
    let (world, all) = good_requests().await;
    let mut rows = Vec::new();
    for (entry, good) in all {
        let good = good.event(entry.spec.path);
        for host in [
            "",
            "a b",
            "[::1",
            "::1]",
            "fe80::1%eth0",
            "a:99999",
            "a:b",
            "a:1:2",
            "a:",
            "user@a",
            "a/b",
            "a,b",
            "a?b",
            "[::1]x",
            "a\\b",
        ] {
            let mut event = good.clone();
            event["headers"]["host"] = json!(host);
            rows.push(Row::event(
                "ALL-27",
                entry.spec.id,
                event,
                400,
                "malformed_header",
            ));
        }
    }
    check_all(&world.shop, rows).await;
}

/// ALL-28. Each answer is the one to the same request without the header.
#[tokio::test]
async fn what_a_client_says_of_its_way_here_is_ignored() {
    let (world, all) = good_requests().await;
    for (entry, good) in all {
        let id = entry.spec.id;
        // A body that is missing is refused however the request came.
        let good = good.body("");
        let plain = invoke(&world.shop, id, good.event(entry.spec.path)).await;
        for proto in [
            "",
            "javascript",
            "https,http",
            "HTTPS",
            "ht tp",
            "://",
            "[",
            "%",
        ] {
            let mut event = good.event(entry.spec.path);
            for name in ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"] {
                event["headers"][name] = json!(proto);
            }
            let answer = invoke(&world.shop, id, event).await;
            assert_eq!(
                answer.status, plain.status,
                "{id}: {proto:?}: {}",
                answer.json
            );
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_the_base64_it_is_said_to_be_is_malformed() {
    let (world, all) = good_requests().await;
    let mut rows = Vec::new();
    for (entry, good) in all {
        let id = entry.spec.id;
        let has_body = (entry.describe)().body.is_some() || entry.spec.media == Media::Webhook;
        if !has_body {
            continue;
        }
        let good = good.event(entry.spec.path);
        for body in ["{}", "e30", "e3=0", "e30=\n=", "\u{e9}", "e30 "] {
            let mut event = good.clone();
            event["isBase64Encoded"] = json!(true);
            event["body"] = json!(body);
            rows.push(Row::event("ALL-21", id, event, 400, "malformed_body"));
        }
    }
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn an_idempotency_key_is_there_where_it_must_be_and_can_be_read() {
    let (world, all) = good_requests().await;
    let mut rows = Vec::new();
    for (entry, good) in all {
        if entry.spec.idempotency == Idempotency::Required {
            let absent = good.clone().without("idempotency-key");
            rows.push(Row::refused(
                "ALL-29",
                absent,
                400,
                "idempotency_key_required",
            ));
        }
        if entry.spec.idempotency != Idempotency::None {
            for key in ["", " ", &"k".repeat(256), "a\tb", "cl\u{e9}"] {
                let ask = good.clone().key(key);
                rows.push(Row::refused("ALL-30", ask, 400, "idempotency_key_invalid"));
            }
        }
    }
    assert!(rows.len() >= 9, "{} rows", rows.len());
    check_all(&world.shop, rows).await;
}

/// ID-30. A gateway joins the two with a comma.
#[tokio::test]
async fn two_authorizations_are_a_malformed_header() {
    let (world, all) = good_requests().await;
    let mut rows = Vec::new();
    for (_, good) in all {
        let twice = good
            .by(&world.ada)
            .and("authorization", &format!("Bearer {}", world.ada.token));
        rows.push(Row::refused("ID-30", twice, 400, "malformed_header"));
    }
    check_all(&world.shop, rows).await;
}
