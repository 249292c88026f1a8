//! What browsers of other origins may do, and what the API says of routes and
//! methods it does not have.

use crate::edge::{assert_guarded, send};
use functions::registry::operations;
use std::collections::BTreeSet;
use tests::shop::Shop;
use tests::stage::fits;

#[tokio::test]
async fn pages_of_allowed_origins_may_read_answers_and_no_others() {
    let shop = Shop::open().await;
    let (ours, foreign) = ("http://localhost:5173", "https://evil.example");
    for path in ["/v1/products", "/v1/me", "/v1/nowhere"] {
        let answer = shop.call("GET", path).header("origin", ours).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), ours, "{path}");
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            "true",
            "{path}"
        );
        let exposed = answer
            .header("access-control-expose-headers")
            .to_lowercase();
        for name in [
            "etag",
            "location",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
            "idempotency-replayed",
            "x-request-id",
        ] {
            assert!(
                exposed.split(',').any(|found| found.trim() == name),
                "{path}: {name} is not exposed"
            );
        }
        for origin in [
            Some(foreign),
            Some("null"),
            Some("http://localhost.evil.example"),
            None,
        ] {
            let call = shop.call("GET", path);
            let call = match origin {
                Some(origin) => call.header("origin", origin),
                None => call,
            };
            let answer = call.send().await;
            let shared = answer
                .headers
                .keys()
                .filter(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(shared.count(), 0, "{path} {origin:?}");
        }
    }
}

#[tokio::test]
async fn a_preflight_is_told_methods_and_headers_of_the_api() {
    let shop = Shop::open().await;
    let preflight = |origin: &'static str| {
        let shop = shop.clone();
        async move {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "PUT"),
                (
                    "access-control-request-headers",
                    "authorization,content-type",
                ),
            ];
            send(&shop, "OPTIONS", "/v1/cart/items/x", &headers).await
        }
    };
    let allowed = preflight("http://localhost:5173").await;
    assert!(matches!(allowed.status, 200 | 204), "{}", allowed.status);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "http://localhost:5173"
    );
    assert_eq!(allowed.header("access-control-allow-credentials"), "true");
    let methods = allowed.header("access-control-allow-methods").to_owned();
    for entry in operations()
        .iter()
        .filter(|entry| entry.spec.path != "$default")
    {
        assert!(
            methods
                .split(',')
                .any(|method| method.trim() == entry.spec.method),
            "CorsConfiguration in template.yaml does not allow {}",
            entry.spec.method
        );
    }
    let headers = allowed
        .header("access-control-allow-headers")
        .to_lowercase();
    for name in [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "x-cyna-client",
        "x-cart-token",
    ] {
        assert!(
            headers.split(',').any(|found| found.trim() == name),
            "{name} is not allowed"
        );
    }
    assert_eq!(
        preflight("https://evil.example")
            .await
            .header("access-control-allow-origin"),
        ""
    );
    // One that asks for nothing is no preflight, and reaches no_route.
    assert_eq!(send(&shop, "OPTIONS", "/v1/cart", &[]).await.status, 200);
    assert_eq!(send(&shop, "OPTIONS", "/v1/nowhere", &[]).await.status, 404);
}

#[tokio::test]
async fn a_method_a_route_does_not_know_is_told_those_it_does() {
    let shop = Shop::open().await;
    let all = operations();
    let paths = all.iter().map(|entry| entry.spec.path);
    let paths: BTreeSet<&str> = paths.filter(|path| *path != "$default").collect();
    for path in paths {
        let path = path
            .replace("{id}", "some")
            .replace("{planId}", "some")
            .replace("{slug}", "some");
        // A path may fit a route with a variable as well.
        let fitting = all.iter().filter(|entry| fits(entry.spec.path, &path));
        let offered: BTreeSet<&str> = fitting.map(|entry| entry.spec.method).collect();
        let offered: Vec<&str> = offered.into_iter().collect();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
            if offered.contains(&method) {
                continue;
            }
            let answer = send(&shop, method, &path, &[]).await;
            answer.refused(405, "method_not_allowed");
            assert_eq!(
                answer.header("allow"),
                offered.join(", "),
                "{method} {path}"
            );
            assert_guarded(&path, &answer);
        }
    }
}

#[tokio::test]
async fn what_is_nowhere_is_a_problem_too() {
    let shop = Shop::open().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/orders/",
        "/v1//orders",
        "/V1/orders",
        "/v1/orders/a/b",
        "/v1/products/",
        "/docs/",
        "/.well-known/",
        "/v1/cart/items/",
        "/v1/nowhere?x=1",
    ] {
        let answer = send(&shop, "GET", path, &[]).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.json);
        answer.refused(404, "not_found");
        assert_guarded(path, &answer);
    }
}
