//! The stack's own endpoints, asked as a client would.

use crate::Cloud;
use crate::faults::Fault;
use crate::options::Options;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

async fn cloud() -> Cloud {
    Cloud::new(Options::test()).await.unwrap()
}

async fn get(cloud: &Cloud, path: &str) -> Response<Bytes> {
    cloud
        .request(Request::get(path).body(Bytes::new()).unwrap())
        .await
}

async fn page(cloud: &Cloud, path: &str) -> String {
    let request = Request::get(path)
        .header("accept", "text/html")
        .body(Bytes::new())
        .unwrap();
    let response = cloud.request(request).await;
    assert_eq!(response.status(), 200, "{:?}", response.body());
    assert!(
        response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    String::from_utf8(response.body().to_vec()).unwrap()
}

async fn post(cloud: &Cloud, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let response = cloud.request(request).await;
    (
        response.status().as_u16(),
        serde_json::from_slice(response.body()).unwrap_or_default(),
    )
}

async fn answer(cloud: &Cloud, path: &str) -> Value {
    serde_json::from_slice(get(cloud, path).await.body()).unwrap()
}

async fn register(cloud: &Cloud, email: &str) {
    let body = json!({
        "email": email, "password": "seventeen blue anchors", "firstName": "Ada", "lastName": "L", "acceptTerms": true,
    });
    assert_eq!(post(cloud, "/v1/auth/register", &body).await.0, 202);
}

#[tokio::test]
async fn the_clock_moves_forward_and_never_back() {
    let cloud = cloud().await;
    assert_eq!(
        answer(&cloud, "/_local/clock").await,
        json!({"now": "2026-01-15T09:00:30Z"})
    );
    let moved = post(&cloud, "/_local/clock", &json!({"advance": "P1M"})).await;
    assert_eq!(
        moved,
        (200, json!({"now": "2026-02-15T09:00:30Z", "ran": {}}))
    );
    let to = json!({"to": "2026-02-15T10:00:00Z"});
    assert_eq!(
        post(&cloud, "/_local/clock", &to).await.1["now"],
        "2026-02-15T10:00:00Z"
    );
    for (body, status) in [
        (json!({"to": "2026-02-15T09:59:59Z"}), 422),
        (json!({"advance": "-P1D"}), 422),
        (json!({"advance": "P1D", "to": "2027-01-01T00:00:00Z"}), 422),
        (json!({}), 422),
        (json!({"advance": "P1D", "and": 1}), 422),
        (json!({"advance": "PT0S"}), 200),
    ] {
        assert_eq!(
            post(&cloud, "/_local/clock", &body).await.0,
            status,
            "{body}"
        );
    }
    assert_eq!(
        answer(&cloud, "/_local/clock").await,
        json!({"now": "2026-02-15T10:00:00Z"})
    );
}

#[tokio::test]
async fn the_home_page_names_logins_that_work() {
    let cloud = cloud().await;
    let home = answer(&cloud, "/_local").await;
    for login in home["logins"].as_array().unwrap() {
        let body = json!({"email": login["email"], "password": login["password"], "tokenTransport": "body"});
        assert_eq!(
            post(&cloud, "/v1/auth/login", &body).await.0,
            200,
            "{login}"
        );
    }
    assert!(
        home["webhookSecret"]
            .as_str()
            .unwrap()
            .starts_with("whsec_")
    );
    assert!(
        page(&cloud, "/_local")
            .await
            .contains("customer@cyna.example")
    );
}

#[tokio::test]
async fn the_link_of_a_mail_leads_to_a_page_that_confirms_the_address() {
    let cloud = cloud().await;
    register(&cloud, "ada@example.org").await;
    let mails = answer(&cloud, "/_local/mailbox?to=ada@example.org").await;
    let link = mails[0]["links"][0].as_str().unwrap();
    let path = link.strip_prefix("http://127.0.0.1:3000").unwrap();
    let token = path.split_once("token=").unwrap().1;
    assert!(page(&cloud, path).await.contains(token));
    assert!(
        page(&cloud, "/_local/mailbox")
            .await
            .contains("ada@example.org")
    );
    let confirm = |token: &str| {
        Request::post("/_local/app/verify-email")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(format!("token={token}")))
            .unwrap()
    };
    let shown = cloud.request(confirm(token)).await;
    assert!(String::from_utf8_lossy(shown.body()).contains("est confirmée"));
    let again = cloud.request(confirm("unknown")).await;
    assert!(String::from_utf8_lossy(again.body()).contains("pas été confirmée"));
}

#[tokio::test]
async fn the_digest_is_the_same_before_and_after_a_refused_request() {
    let cloud = cloud().await;
    let before = answer(&cloud, "/_local/digest").await;
    let refused = post(
        &cloud,
        "/v1/auth/login",
        &json!({"email": "customer@cyna.example", "password": "wrong"}),
    )
    .await;
    assert_eq!(refused.0, 401);
    assert_eq!(answer(&cloud, "/_local/digest").await, before);
    register(&cloud, "ada@example.org").await;
    assert_ne!(answer(&cloud, "/_local/digest").await, before);
}

#[tokio::test]
async fn a_reset_stack_is_seeded_and_begins_where_it_began() {
    let cloud = cloud().await;
    register(&cloud, "ada@example.org").await;
    post(&cloud, "/_local/clock", &json!({"advance": "P1D"})).await;
    post(
        &cloud,
        "/_local/faults",
        &json!({"dynamodb": {"throttle": 1}}),
    )
    .await;
    assert_eq!(
        post(&cloud, "/_local/reset", &json!({})).await,
        (200, json!({"now": "2026-01-15T09:00:30Z"}))
    );
    assert_eq!(answer(&cloud, "/_local/mailbox").await, json!([]));
    assert_eq!(
        answer(&cloud, "/_local/faults").await["dynamodb"]["throttle"],
        json!(0.0)
    );
    assert_eq!(get(&cloud, "/v1/products").await.status(), 200);
}

#[tokio::test]
async fn faults_are_in_force_until_they_are_cleared() {
    let cloud = cloud().await;
    assert_eq!(
        post(
            &cloud,
            "/_local/faults",
            &json!({"dynamodb": {"throttle": 1}, "seed": 3})
        )
        .await
        .0,
        200
    );
    assert_eq!(get(&cloud, "/v1/products").await.status(), 503);
    assert_eq!(post(&cloud, "/_local/faults", &json!({})).await.0, 200);
    assert_eq!(get(&cloud, "/v1/products").await.status(), 200);
    assert_eq!(
        post(
            &cloud,
            "/_local/faults",
            &json!({"dynamodb": {"throttle": 2}})
        )
        .await
        .0,
        422
    );
    assert_eq!(
        post(&cloud, "/_local/faults", &json!({"weather": {}}))
            .await
            .0,
        422
    );
}

#[tokio::test]
async fn a_function_that_crashes_answers_500_and_is_started_anew() {
    let cloud = cloud().await;
    assert_eq!(get(&cloud, "/.well-known/jwks.json").await.status(), 200);
    cloud.stop_functions();
    cloud.take_trace();
    // The keys are read at the start, and again to be answered.
    cloud.plan_fault(cloud.effects() + 2, Fault::CrashBefore);
    let crashed = get(&cloud, "/.well-known/jwks.json").await;
    assert_eq!(
        (crashed.status().as_u16(), &crashed.body()[..]),
        (500, &b"{\"message\":\"Internal Server Error\"}"[..])
    );
    assert_eq!(get(&cloud, "/.well-known/jwks.json").await.status(), 200);
    let starts = cloud
        .take_trace()
        .iter()
        .filter(|effect| effect.cold)
        .count();
    assert_eq!(starts, 2, "a crash loses what the function kept");
}

#[tokio::test]
async fn the_gateway_lets_loopback_pages_read_answers_and_no_others() {
    let cloud = cloud().await;
    let ask = |origin: &'static str, method: &'static str| {
        let request = Request::builder()
            .method(method)
            .uri("/v1/products")
            .header("origin", origin)
            .header("access-control-request-method", "GET");
        cloud.request(request.body(Bytes::new()).unwrap())
    };
    let preflight = ask("http://localhost:5173", "OPTIONS").await;
    assert_eq!(preflight.status(), 204);
    assert_eq!(
        preflight.headers()["access-control-allow-origin"],
        "http://localhost:5173"
    );
    assert!(
        preflight.headers()["access-control-allow-headers"]
            .to_str()
            .unwrap()
            .contains("x-cyna-client")
    );
    let answer = ask("http://localhost:5173", "GET").await;
    assert_eq!(answer.headers()["access-control-allow-credentials"], "true");
    assert!(
        answer.headers()["access-control-expose-headers"]
            .to_str()
            .unwrap()
            .contains("etag")
    );
    for method in ["OPTIONS", "GET"] {
        assert!(
            ask("https://evil.example", method)
                .await
                .headers()
                .get("access-control-allow-origin")
                .is_none()
        );
    }
}

#[tokio::test]
async fn what_no_route_takes_is_answered_as_a_problem() {
    let cloud = cloud().await;
    let lost = get(&cloud, "/v1/nowhere").await;
    assert_eq!(
        lost.headers()["content-type"],
        "application/problem+json; charset=utf-8"
    );
    assert_eq!(lost.status(), 404);
    let wrong = cloud
        .request(Request::delete("/v1/products").body(Bytes::new()).unwrap())
        .await;
    assert_eq!(
        (
            wrong.status().as_u16(),
            wrong.headers()["allow"].to_str().unwrap()
        ),
        (405, "GET")
    );
    assert_eq!(get(&cloud, "/_local/nowhere").await.status(), 404);
    let wrong = cloud
        .request(Request::delete("/_local/clock").body(Bytes::new()).unwrap())
        .await;
    assert_eq!(wrong.status(), 405);
}

#[tokio::test]
async fn a_body_over_the_gateways_limit_never_reaches_a_function() {
    let cloud = cloud().await;
    let request = Request::post("/v1/auth/login")
        .body(Bytes::from(vec![b' '; 10 * 1024 * 1024 + 1]))
        .unwrap();
    cloud.take_trace();
    assert_eq!(cloud.request(request).await.status(), 413);
    assert_eq!(cloud.take_trace(), []);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_history() {
    let history = || async {
        let cloud = cloud().await;
        register(&cloud, "ada@example.org").await;
        cloud.advance("P1D").await.unwrap();
        (
            answer(&cloud, "/_local/digest").await,
            cloud.mails(None),
            cloud.take_trace().len(),
        )
    };
    assert_eq!(history().await, history().await);
}
