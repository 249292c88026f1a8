//! Refresh tokens: rotation, grace, reuse, the cookie, the end of a session.

use super::login;
use futures::future::join;
use local::{Faults, Options, Outcome};
use platform::identity::password::Cost;
use serde_json::{Value, json};
use tests::shop::{Answer, EDR_MONTHLY, PASSWORD, Shop, order_of, text};

const ORIGIN: &str = "http://localhost:5173";

/// A session of a client that keeps its refresh token itself: the token.
pub(super) async fn session(shop: &Shop, email: &str) -> String {
    text(&login(shop, email, PASSWORD).await.data(200)["refreshToken"])
}

pub(super) async fn refresh(shop: &Shop, token: &str) -> Answer {
    shop.post("/v1/auth/refresh", &json!({"refreshToken": token}))
        .await
}

/// The refresh token in a `Set-Cookie`, and its attributes.
pub(super) fn cookie(answer: &Answer) -> (String, Vec<String>) {
    let mut parts = answer.header("set-cookie").split("; ").map(str::to_owned);
    let pair = parts.next().unwrap();
    let token = pair
        .strip_prefix("cyna_refresh=")
        .expect("the cookie")
        .to_owned();
    (token, parts.collect())
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_becomes_the_next() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let mut token = session(&shop, &ada.email).await;
    for _ in 0..3 {
        shop.advance("PT10M").await;
        let next = refresh(&shop, &token).await.data(200);
        assert_ne!(text(&next["refreshToken"]), token);
        let me = shop.call("GET", "/v1/me").header(
            "authorization",
            &format!("Bearer {}", text(&next["accessToken"])),
        );
        me.send().await.data(200);
        token = text(&next["refreshToken"]);
    }
    // Ten minutes each: the first access token is over, the session is not.
    ada.call("GET", "/v1/me")
        .send()
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_session_ends_two_weeks_after_its_last_use_and_a_month_after_its_first() {
    const DAY: i64 = 24 * 3_600;
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let (unused, mut used) = (
        session(&shop, &ada.email).await,
        session(&shop, &ada.email).await,
    );
    for wait in [14 * DAY - 1, 14 * DAY - 1] {
        shop.wait(wait);
        used = text(&refresh(&shop, &used).await.data(200)["refreshToken"]);
    }
    refresh(&shop, &unused)
        .await
        .refused(401, "invalid_refresh_token");
    shop.wait(2 * DAY + 1);
    used = text(&refresh(&shop, &used).await.data(200)["refreshToken"]);
    shop.wait(1);
    refresh(&shop, &used)
        .await
        .refused(401, "invalid_refresh_token");
    let again = session(&shop, &ada.email).await;
    shop.wait(14 * DAY);
    refresh(&shop, &again)
        .await
        .refused(401, "invalid_refresh_token");
}

#[tokio::test]
async fn a_token_that_was_just_used_gives_the_same_next_one_for_thirty_seconds() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let first = session(&shop, &ada.email).await;
    let second = text(&refresh(&shop, &first).await.data(200)["refreshToken"]);
    let digest = shop.digest().await;
    for wait in ["PT0S", "PT1S", "PT29S"] {
        shop.advance(wait).await;
        let again = refresh(&shop, &first).await.data(200);
        assert_eq!(text(&again["refreshToken"]), second);
    }
    assert_eq!(shop.digest().await, digest, "grace writes nothing");
    refresh(&shop, &second).await.data(200);
}

/// What is left of a session whose token came back: nothing; and its owner
/// was told.
async fn ended_by_reuse(shop: &Shop, email: &str, access: &str, newest: &str) {
    refresh(shop, newest)
        .await
        .refused(401, "invalid_refresh_token");
    let order = shop
        .call("POST", "/v1/orders")
        .header("authorization", &format!("Bearer {access}"))
        .key("k")
        .json(&order_of(&[(EDR_MONTHLY, 1)]));
    order.send().await.refused(401, "unauthenticated");
    let mails = shop.cloud.mails(Some(email));
    let told = mails.last().unwrap();
    assert!(
        told.subject.to_lowercase().contains("session")
            || told.text.to_lowercase().contains("session"),
        "{}",
        told.subject
    );
}

#[tokio::test]
async fn a_used_token_that_comes_back_later_ends_its_session_and_is_mailed() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let other = session(&shop, &ada.email).await;
    let first = session(&shop, &ada.email).await;
    let second = refresh(&shop, &first).await.data(200);
    shop.advance("PT31S").await;
    let mails = shop.cloud.mails(Some(&ada.email)).len();
    refresh(&shop, &first)
        .await
        .refused(401, "invalid_refresh_token");
    assert_eq!(shop.cloud.mails(Some(&ada.email)).len(), mails + 1);
    ended_by_reuse(
        &shop,
        &ada.email,
        &text(&second["accessToken"]),
        &text(&second["refreshToken"]),
    )
    .await;
    // Once: whoever keeps trying causes no more mails.
    refresh(&shop, &first)
        .await
        .refused(401, "invalid_refresh_token");
    assert_eq!(shop.cloud.mails(Some(&ada.email)).len(), mails + 1);
    // The user's other sessions are not the thief's.
    refresh(&shop, &other).await.data(200);
}

#[tokio::test]
async fn a_used_token_ends_its_session_at_once_when_its_successor_was_used_too() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let first = session(&shop, &ada.email).await;
    let second = text(&refresh(&shop, &first).await.data(200)["refreshToken"]);
    let third = refresh(&shop, &second).await.data(200);
    refresh(&shop, &first)
        .await
        .refused(401, "invalid_refresh_token");
    ended_by_reuse(
        &shop,
        &ada.email,
        &text(&third["accessToken"]),
        &text(&third["refreshToken"]),
    )
    .await;
}

/// A thief comes back with the first token of a session while its owner
/// refreshes with the second, in turns of chance: the owner's newest tokens, and
/// whether the owner was faster than the thief's act.
async fn thief_beside_owner(shop: &Shop, first: &str, second: Value, seed: u64) -> (Value, bool) {
    let turns = Faults {
        shuffle: true,
        seed,
        ..Faults::default()
    };
    shop.cloud.set_faults(turns).unwrap();
    shop.cloud.take_trace();
    let good = text(&second["refreshToken"]);
    let (thief, owner) = join(refresh(shop, first), refresh(shop, &good)).await;
    shop.cloud.set_faults(Faults::default()).unwrap();
    thief.refused(401, "invalid_refresh_token");
    let overtaken = shop
        .cloud
        .take_trace()
        .iter()
        .any(|effect| effect.in_transaction() && effect.outcome == Outcome::Answered(400));
    let newest = if owner.status == 200 {
        owner.data(200)
    } else {
        owner.refused(401, "invalid_refresh_token");
        second
    };
    (newest, overtaken)
}

#[tokio::test]
async fn a_used_token_that_comes_back_while_its_session_goes_on_ends_it() {
    let shop = Shop::with(Options {
        hashing: Cost::NEGLIGIBLE,
        ..Options::test()
    })
    .await;
    let ada = shop.customer("ada@example.com").await;
    let mut overtaken = 0;
    for seed in 0..40 {
        let first = session(&shop, &ada.email).await;
        let second = refresh(&shop, &first).await.data(200);
        shop.advance("PT31S").await;
        let mails = shop.cloud.mails(Some(&ada.email)).len();
        let (newest, met) = thief_beside_owner(&shop, &first, second, seed).await;
        overtaken += usize::from(met);
        let (access, next) = (&newest["accessToken"], &newest["refreshToken"]);
        ended_by_reuse(&shop, &ada.email, &text(access), &text(next)).await;
        let told = shop.cloud.mails(Some(&ada.email)).len() - mails;
        assert_eq!(told, 1, "seed {seed}");
    }
    // Otherwise nothing of this was tried.
    assert!((1..40).contains(&overtaken), "{overtaken} times of 40");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_refreshes_at_once_agree_on_one_next_token() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let first = session(&shop, &ada.email).await;
    let tabs = (0..64).map(|_| {
        let (shop, first) = (shop.clone(), first.clone());
        tokio::spawn(async move { refresh(&shop, &first).await.data(200) })
    });
    let mut next: Vec<String> = futures::future::join_all(tabs)
        .await
        .into_iter()
        .map(|answer| text(&answer.unwrap()["refreshToken"]))
        .collect();
    next.dedup();
    assert_eq!(next.len(), 1);
    refresh(&shop, &next[0]).await.data(200);
}

#[tokio::test]
async fn logging_out_ends_one_session_at_once_and_may_be_repeated() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let other = session(&shop, &ada.email).await;
    let opened = login(&shop, &ada.email, PASSWORD).await.data(200);
    let token = text(&opened["refreshToken"]);
    for _ in 0..2 {
        let out = shop
            .post("/v1/auth/logout", &json!({"refreshToken": token}))
            .await;
        assert_eq!(out.data(200), json!({"status": "signed_out"}));
    }
    refresh(&shop, &token)
        .await
        .refused(401, "invalid_refresh_token");
    let order = shop
        .call("POST", "/v1/orders")
        .header(
            "authorization",
            &format!("Bearer {}", text(&opened["accessToken"])),
        )
        .key("k")
        .json(&order_of(&[(EDR_MONTHLY, 1)]));
    order.send().await.refused(401, "unauthenticated");
    refresh(&shop, &other).await.data(200);
    // Who has no session is signed out already.
    shop.post("/v1/auth/logout", &json!({})).await.data(200);
    shop.post("/v1/auth/logout", &json!({"refreshToken": "x"}))
        .await
        .data(200);
}

pub(super) const CLIENT: (&str, &str) = ("x-cyna-client", "web");

/// Calls of pages that are not the application's.
const OF_OTHER_SITES: [&[(&str, &str)]; 6] = [
    &[],
    &[CLIENT],
    &[("origin", ORIGIN)],
    &[CLIENT, ("origin", "https://evil.example")],
    &[CLIENT, ("origin", "null")],
    &[CLIENT, ("origin", "http://localhost.evil.example")],
];

/// Logs in as a browser: the answer.
pub(super) async fn browser_login(shop: &Shop, email: &str) -> Answer {
    let body = json!({"email": email, "password": PASSWORD});
    shop.post("/v1/auth/login", &body).await
}

/// A call with the token in the cookie.
pub(super) async fn with_cookie(
    shop: &Shop,
    path: &str,
    token: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let cookies = format!("a=1; cyna_refresh={token}; b=2");
    let mut call = shop.call("POST", path).header("cookie", &cookies);
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call.json(&json!({})).send().await
}

#[tokio::test]
async fn a_browser_keeps_its_token_in_a_cookie_no_script_can_read() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let opened = browser_login(&shop, &ada.email).await;
    assert_eq!(opened.data(200).get("refreshToken"), None);
    let (token, attributes) = cookie(&opened);
    let mut wanted = [
        "HttpOnly",
        "SameSite=Strict",
        "Path=/v1/auth",
        "Max-Age=1209600",
    ];
    wanted.sort_unstable();
    let mut found = attributes;
    found.sort_unstable();
    // No `Secure`: loopback has no TLS.
    assert_eq!(found, wanted);

    let ours = [CLIENT, ("origin", ORIGIN)];
    let refreshed = with_cookie(&shop, "/v1/auth/refresh", &token, &ours).await;
    assert_eq!(refreshed.data(200).get("refreshToken"), None);
    let (next, _) = cookie(&refreshed);
    assert_ne!(next, token);
    let out = with_cookie(&shop, "/v1/auth/logout", &next, &ours).await;
    out.data(200);
    let (gone, attributes) = cookie(&out);
    assert_eq!(gone, "");
    assert!(
        attributes.contains(&"Max-Age=0".to_owned()),
        "{attributes:?}"
    );
    with_cookie(&shop, "/v1/auth/refresh", &next, &ours)
        .await
        .refused(401, "invalid_refresh_token");
}

#[tokio::test]
async fn no_other_site_can_use_the_cookie() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let (token, _) = cookie(&browser_login(&shop, &ada.email).await);
    let digest = shop.digest().await;
    for headers in OF_OTHER_SITES {
        for path in ["/v1/auth/refresh", "/v1/auth/logout"] {
            let refused = with_cookie(&shop, path, &token, headers).await;
            refused.refused(403, "cross_site_request");
            assert_eq!(refused.header("set-cookie"), "");
        }
    }
    assert_eq!(shop.digest().await, digest);
}
