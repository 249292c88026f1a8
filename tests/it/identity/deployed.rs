//! The shop where it is reached over TLS, under a name of its own: what is
//! trusted on loopback is trusted nowhere there.

use super::sessions::{CLIENT, browser_login, cookie, with_cookie};
use local::Options;
use serde_json::json;
use tests::shop::{EDR_MONTHLY, Shop, User, order_of};

const OURS: &str = "https://app.cyna.example";

/// Origins that are not the application's, though they look like it.
const FOREIGN: [&str; 6] = [
    "https://app.cyna.example.evil.com",
    "https://app.cyna.examples",
    "https://app.cyna.example:8443",
    "http://app.cyna.example",
    "http://localhost:5173",
    "https://127.0.0.1",
];

async fn open() -> (Shop, User) {
    let shop = Shop::with(Options {
        base_url: OURS.to_owned(),
        ..Options::test()
    })
    .await;
    let ada = shop.customer("ada@example.com").await;
    (shop, ada)
}

#[tokio::test]
async fn the_cookie_never_travels_without_tls() {
    let (shop, ada) = open().await;
    let ours = [CLIENT, ("origin", OURS)];
    let opened = browser_login(&shop, &ada.email).await;
    opened.data(200);
    let (token, _) = cookie(&opened);
    let refreshed = with_cookie(&shop, "/v1/auth/refresh", &token, &ours).await;
    refreshed.data(200);
    let (next, _) = cookie(&refreshed);
    let out = with_cookie(&shop, "/v1/auth/logout", &next, &ours).await;
    out.data(200);
    let kept = "Max-Age=1209600";
    for (answer, age) in [(opened, kept), (refreshed, kept), (out, "Max-Age=0")] {
        let (_, mut attributes) = cookie(&answer);
        attributes.sort_unstable();
        let path = "Path=/v1/auth";
        let wanted = ["HttpOnly", age, path, "SameSite=Strict", "Secure"];
        assert_eq!(attributes, wanted);
    }
}

#[tokio::test]
async fn only_pages_of_the_application_itself_use_the_cookie_and_are_returned_to() {
    let (shop, ada) = open().await;
    let (token, _) = cookie(&browser_login(&shop, &ada.email).await);
    let order = |origin: &str| {
        let mut order = order_of(&[(EDR_MONTHLY, 1)]);
        order["returnUrl"] = json!(format!("{origin}/thanks"));
        let call = ada.call("POST", "/v1/orders").key(origin);
        call.json(&order).send()
    };
    let digest = shop.digest().await;
    for origin in FOREIGN {
        for path in ["/v1/auth/refresh", "/v1/auth/logout"] {
            let headers = [CLIENT, ("origin", origin)];
            let refused = with_cookie(&shop, path, &token, &headers).await;
            refused.refused(403, "cross_site_request");
        }
        let refused = order(origin).await;
        refused.refused_fields(&[("/returnUrl", "foreign_url")]);
    }
    assert_eq!(shop.digest().await, digest);
    order(OURS).await.data(201);
    let ours = [CLIENT, ("origin", OURS)];
    let refreshed = with_cookie(&shop, "/v1/auth/refresh", &token, &ours).await;
    refreshed.data(200);
}
