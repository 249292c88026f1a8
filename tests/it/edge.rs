//! What every answer has, whatever was asked.

use bytes::Bytes;
use functions::registry::operations;
use http::Request;
use platform::http::operation::Media;
use serde_json::json;
use tests::shop::{Answer, EDR_MONTHLY, Shop, order_of};
use tests::stage::{Ask, Stage, operation};

/// Sends exactly these headers.
pub(crate) async fn send(
    shop: &Shop,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = shop
        .cloud
        .request(request.body(Bytes::new()).unwrap())
        .await;
    Answer::of(response)
}

/// The headers of the design's list, and what they must say.
#[track_caller]
pub(crate) fn assert_guarded(what: &str, answer: &Answer) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        ),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(answer.header(name), value, "{what}: {name}");
    }
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'"),
        "{what}: {policy:?}"
    );
    assert!(
        policy.contains("frame-ancestors 'none'"),
        "{what}: {policy:?}"
    );
    assert!(
        answer.header("x-request-id").starts_with("req_"),
        "{what}: X-Request-Id"
    );
    assert_ne!(
        answer.header("content-language"),
        "",
        "{what}: Content-Language"
    );
    assert!(
        answer.header("vary").to_lowercase().contains("origin"),
        "{what}: Vary"
    );
    let challenge = if answer.status == 401 { "Bearer" } else { "" };
    assert_eq!(answer.header("www-authenticate"), challenge, "{what}");
    if answer.status != 304 {
        let content_type = answer.header("content-type");
        assert!(
            content_type.ends_with("; charset=utf-8") || content_type == "application/pdf",
            "{what}: {content_type:?}"
        );
    }
}

/// How long an answer may be kept: only what is the same for everybody.
fn caching(operation: &str) -> &'static str {
    match operation {
        "list_products" | "get_product" => "public, max-age=60, stale-while-revalidate=600",
        "jwks" | "openapi" | "docs" => "public, max-age=300",
        _ => "no-store",
    }
}

#[tokio::test]
async fn every_success_and_every_refusal_carries_the_headers_of_the_edge() {
    let stage = Stage::set().await;
    for entry in operations() {
        let id = entry.spec.id;
        let good = stage.good(&entry.spec);
        let signed_in = stage.asked(&entry);
        let success = signed_in.send(&stage.shop).await;
        let status = if id == "no_route" {
            404
        } else {
            entry.spec.success
        };
        assert_eq!(success.status, status, "{id}: {}", success.json);
        assert_guarded(id, &success);
        assert_eq!(success.header("cache-control"), caching(id), "{id}");
        if entry.spec.media != Media::Document {
            assert_eq!(
                success.header("content-type"),
                "application/json; charset=utf-8",
                "{id}"
            );
            assert_eq!(success.json["success"], true, "{id}");
            assert!(success.json["metadata"].is_object(), "{id}");
            assert_eq!(success.json.as_object().unwrap().len(), 3, "{id}");
        }
        if entry.spec.success == 201 {
            assert!(
                success.header("location").starts_with("/v1/"),
                "{id}: Location"
            );
        }
        let twice = good
            .with("authorization", "Bearer a, Bearer b")
            .send(&stage.shop)
            .await;
        twice.refused(400, "malformed_header");
        assert_guarded(id, &twice);
        assert_eq!(
            twice.header("cache-control"),
            "no-store",
            "{id}: a refusal is kept by nobody"
        );
    }
}

#[tokio::test]
async fn a_problem_has_the_members_of_rfc_9457_and_those_of_the_envelope() {
    let shop = Shop::open().await;
    let answer = shop
        .post("/v1/auth/login", &json!({"email": 1, "x~/y": 2}))
        .await;
    let problem = answer
        .refused(422, "validation_failed")
        .json
        .as_object()
        .unwrap()
        .clone();
    let names: Vec<&str> = problem.keys().map(String::as_str).collect();
    let wanted = [
        "code",
        "detail",
        "error",
        "errors",
        "requestId",
        "status",
        "success",
        "title",
        "type",
    ];
    assert_eq!(names, wanted);
    assert_eq!(problem["error"], problem["detail"]);
    assert_eq!(problem["type"], "/problems/validation_failed");
    assert_eq!(problem["requestId"], answer.header("x-request-id"));
    answer.refused_fields(&[
        ("/email", "wrong_type"),
        ("/password", "required"),
        ("/x~0~1y", "unknown_field"),
    ]);
    for error in problem["errors"].as_array().unwrap() {
        let names: Vec<&String> = error.as_object().unwrap().keys().collect();
        assert_eq!(names, ["code", "message", "path"]);
    }
    let plain = shop.get("/v1/me").await;
    assert_eq!(
        plain.refused(401, "unauthenticated").json.get("errors"),
        None
    );
}

#[tokio::test]
async fn texts_follow_accept_language_and_are_french_by_default() {
    let shop = Shop::open().await;
    for (sent, language, text) in [
        (None, "fr", "Introuvable."),
        (Some("en"), "en", "Not found."),
        (Some("fr"), "fr", "Introuvable."),
        (Some("en-GB"), "en", "Not found."),
        (Some("de, en;q=0.5, fr;q=0.2"), "en", "Not found."),
        (Some("en;q=0.1, fr;q=0.9"), "fr", "Introuvable."),
        (Some("de"), "fr", "Introuvable."),
        (Some("*"), "fr", "Introuvable."),
        (Some(";;,q=,"), "fr", "Introuvable."),
        (Some("en;q=0, *"), "fr", "Introuvable."),
    ] {
        let headers: Vec<(&str, &str)> =
            sent.iter().map(|sent| ("accept-language", *sent)).collect();
        let answer = send(&shop, "GET", "/v1/nowhere", &headers).await;
        answer.refused(404, "not_found");
        let told = (
            answer.header("content-language"),
            answer.json["detail"].as_str().unwrap(),
        );
        assert_eq!(told, (language, text), "{sent:?}");
    }
    let name = |language: &'static str| {
        let shop = shop.clone();
        async move {
            let headers = [("accept-language", language)];
            let answer = send(&shop, "GET", "/v1/products/edr-advanced", &headers).await;
            assert_eq!(answer.header("content-language"), language);
            answer.data(200)["summary"].clone()
        }
    };
    assert_ne!(name("fr").await, name("en").await);
}

#[tokio::test]
async fn the_catalogue_is_kept_by_its_tag_and_asked_for_again_for_nothing() {
    let shop = Shop::open().await;
    for path in [
        "/v1/products",
        "/v1/products?family=edr&limit=1",
        "/v1/products/edr-advanced",
    ] {
        let first = shop.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(
            tag.starts_with('"') && tag.ends_with('"') && tag.len() > 4,
            "{tag}"
        );
        assert!(first.header("vary").contains("Accept-Language"), "{path}");
        for held in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"old\", {tag}"),
            "*".to_owned(),
        ] {
            let again = shop
                .call("GET", path)
                .header("if-none-match", &held)
                .send()
                .await;
            assert_eq!((again.status, again.bytes.len()), (304, 0), "{path} {held}");
            assert_eq!(again.header("etag"), tag);
            assert_eq!(again.header("cache-control"), caching("list_products"));
            assert_eq!(again.header("content-type"), "");
            assert_guarded(path, &again);
        }
        let other = shop
            .call("GET", path)
            .header("if-none-match", "\"old\"")
            .send()
            .await;
        assert_eq!((other.status, other.bytes), (200, first.bytes), "{path}");
        let french = send(&shop, "GET", path, &[("if-none-match", &tag)]).await;
        assert_eq!(french.status, 200, "{path}: a tag is of one language");
    }
}

#[tokio::test]
async fn who_does_not_take_json_is_told_so_and_gets_documents_all_the_same() {
    let stage = Stage::set().await;
    for entry in operations() {
        let id = entry.spec.id;
        let good = stage.asked(&entry);
        let answer = good
            .clone()
            .with("accept", "application/pdf")
            .send(&stage.shop)
            .await;
        match entry.spec.media {
            Media::Json => drop(answer.refused(406, "not_acceptable")),
            Media::Document | Media::Webhook => assert_ne!(answer.status, 406, "{id}"),
        }
    }
    for accept in [
        "*/*",
        "application/json",
        "application/*;q=0.1",
        "text/html, application/json;q=0.9",
        "application/problem+json",
    ] {
        let answer = send(&stage.shop, "GET", "/v1/products", &[("accept", accept)]).await;
        assert_eq!(answer.status, 200, "{accept}");
    }
}

#[tokio::test]
async fn a_body_of_another_kind_or_size_is_refused_before_it_is_read() {
    let stage = Stage::set().await;
    let digest = stage.shop.digest().await;
    let order = order_of(&[(EDR_MONTHLY, 1)]).to_string();
    let post = |content_type: &'static str, body: Bytes| {
        let call = stage.ada.call("POST", "/v1/orders").key("k");
        call.raw(content_type, body).send()
    };
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "application/jsonx",
        "",
    ] {
        let answer = post(content_type, order.clone().into()).await;
        assert_eq!(answer.status, 415, "{content_type}");
        answer.refused(415, "unsupported_media_type");
    }
    let padded = format!("{order}{}", " ".repeat(64 * 1024));
    post("application/json", padded.into())
        .await
        .refused(413, "body_too_large");
    for broken in [
        &b"{"[..],
        b"{} {}",
        b"\xff\xfe",
        b"{\"a\":1,\"a\":2}",
        b"NaN",
        b"\xef\xbb\xbf{}",
    ] {
        post("application/json", Bytes::from_static(broken))
            .await
            .refused(400, "malformed_body");
    }
    assert_eq!(stage.shop.digest().await, digest);
    let webhook = Ask {
        body: Some(json!({"pad": "x".repeat(512 * 1024)})),
        ..stage.good(&operation("payment_webhook").spec)
    };
    webhook
        .send(&stage.shop)
        .await
        .refused(413, "body_too_large");
}

#[tokio::test]
async fn a_request_id_names_one_request_and_nothing_of_the_inside_is_told() {
    let shop = Shop::open().await;
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let answer = shop
            .call("GET", "/v1/health")
            .header("x-request-id", "req_mine")
            .send()
            .await;
        assert!(
            ids.insert(answer.header("x-request-id").to_owned()),
            "an id came twice"
        );
        for name in ["server", "x-powered-by", "x-amzn-trace-id", "via"] {
            assert_eq!(answer.header(name), "");
        }
    }
    assert!(!ids.contains("req_mine"), "a client does not name requests");
    // A table that does not answer is a 503 that says when, and not why.
    shop.post(
        "/_local/faults",
        &json!({"dynamodb": {"throttle": 1.0}, "seed": 1}),
    )
    .await;
    let answer = shop
        .post(
            "/v1/auth/login",
            &json!({"email": "a@example.com", "password": "x"}),
        )
        .await;
    answer.refused(503, "unavailable");
    assert_ne!(answer.header("retry-after"), "");
    let body = answer.json.to_string().to_lowercase();
    for inside in ["dynamo", "throttl", "aws", "table", "cyna-"] {
        assert!(!body.contains(inside), "{body}");
    }
}

#[tokio::test]
async fn whoever_cannot_be_recognised_for_now_is_told_when_to_come_back() {
    let shop = Shop::open().await;
    let customer = shop.customer("keys@example.com").await;
    // These functions have not read the public keys yet, and cannot.
    let faults = json!({"dynamodb": {"throttle": 1.0}, "seed": 1});
    shop.post("/_local/faults", &faults).await;
    for path in ["/v1/me", "/v1/cart", "/v1/subscriptions"] {
        let answer = customer.call("GET", path).send().await;
        answer.refused(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1", "{path}");
    }
}
