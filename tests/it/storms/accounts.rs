//! Registering, confirming, staying logged in and logging out.

use super::{COPIES, Storm, count, options};
use local::{Faults, Options};
use serde_json::json;
use std::collections::BTreeSet;
use std::net::IpAddr;
use tests::shop::{Answer, PASSWORD, Shop, registration, text};
use tests::stage::refresh_token;

async fn refresh(shop: Shop, token: String) -> Answer {
    shop.post("/v1/auth/refresh", &json!({"refreshToken": token}))
        .await
}

async fn log_out(shop: Shop, token: String) -> Answer {
    shop.post("/v1/auth/logout", &json!({"refreshToken": token}))
        .await
}

async fn verify(shop: Shop, token: String) -> Answer {
    shop.post("/v1/auth/verify-email", &json!({"token": token}))
        .await
}

/// The refresh tokens that were given out.
fn given(answers: &[Answer]) -> BTreeSet<String> {
    let given = answers.iter().filter(|answer| answer.status == 200);
    given
        .filter_map(|answer| answer.json["data"]["refreshToken"].as_str())
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_registrations_of_one_address_make_one_login() {
    let email = "ada@example.com";
    for mut storm in Storm::in_each_weather().await {
        let shop = storm.shop.clone();
        let copy = |_| {
            let shop = shop.clone();
            async move { shop.post("/v1/auth/register", &registration(email)).await }
        };
        storm.of_requests(&[202], copy).await;
        shop.cloud.settle().await;
        let mails = shop.cloud.mails(Some(email));
        let links = mails.iter().flat_map(|mail| &mail.links);
        let links: BTreeSet<&String> = links.filter(|link| link.contains("token=")).collect();
        assert_eq!(links.len(), 1, "{links:?}");
        let link = links.first().unwrap();
        let token = link.split_once("token=").unwrap().1.to_owned();
        verify(shop.clone(), token).await.data(200);
        let ada = shop.log_in(email, PASSWORD).await;
        storm.is_over(&[&ada]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_confirmations_with_one_token_open_one_login_once() {
    let email = "ada@example.com";
    for mut storm in Storm::in_each_weather().await {
        let shop = storm.shop.clone();
        shop.post("/v1/auth/register", &registration(email))
            .await
            .data(202);
        let token = shop.mailed_token(email);
        let copy = |_| verify(shop.clone(), token.clone());
        let answers = storm.of_requests(&[200, 400], copy).await;
        assert_eq!(count(&answers, 200), 1);
        let ada = shop.log_in(email, PASSWORD).await;
        storm.is_over(&[&ada]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_refreshes_with_one_token_give_one_next_token() {
    for mut storm in Storm::in_each_weather().await {
        let shop = storm.shop.clone();
        let ada = shop.customer("ada@example.com").await;
        let first = refresh_token(&shop, &ada.email).await;
        let copy = |_| refresh(shop.clone(), first.clone());
        let answers = storm.of_requests(&[200], copy).await;
        let next = given(&answers);
        assert_eq!(next.len(), 1, "{next:?}");
        let next = next.first().unwrap().clone();
        assert_ne!(next, first);
        refresh(shop.clone(), next).await.data(200);
        let mails = shop.cloud.mails(Some(&ada.email));
        let warned = mails.iter().filter(|mail| mail.subject.contains("session"));
        assert_eq!(warned.count(), 0, "nobody is taken for a thief");
        storm.is_over(&[&ada]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_while_it_is_refreshed_has_ended() {
    for mut storm in Storm::in_each_weather().await {
        let shop = storm.shop.clone();
        let ada = shop.customer("ada@example.com").await;
        let first = refresh_token(&shop, &ada.email).await;
        let copy = |n: usize| {
            let (shop, token) = (shop.clone(), first.clone());
            async move {
                if n.is_multiple_of(2) {
                    refresh(shop, token).await
                } else {
                    log_out(shop, token).await
                }
            }
        };
        let answers = storm.of_requests(&[200, 401], copy).await;
        let ended = answers.iter().skip(1).step_by(2);
        assert!(ended.clone().any(|answer| answer.status == 200));
        assert!(ended.clone().all(|answer| answer.status != 401));
        for token in given(&answers).into_iter().chain([first]) {
            refresh(shop.clone(), token)
                .await
                .refused(401, "invalid_refresh_token");
        }
        let order = ada.order(tests::shop::EDR_MONTHLY, 1, "other session");
        assert_eq!(order.await.status, 201, "the user's other session goes on");
        storm.is_over(&[&ada]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_at_the_same_moment_are_sessions_of_their_own() {
    for mut storm in Storm::in_each_weather().await {
        let shop = storm.shop.clone();
        let ada = shop.customer("ada@example.com").await;
        let login = json!({"email": ada.email, "password": PASSWORD, "tokenTransport": "body"});
        let copy = |_| {
            let (shop, login) = (shop.clone(), login.clone());
            async move { shop.post("/v1/auth/login", &login).await }
        };
        let answers = storm.of_requests(&[200], copy).await;
        let tokens = given(&answers);
        assert_eq!(tokens.len(), count(&answers, 200));
        let [one, other] = [tokens.first(), tokens.last()].map(|token| text(&json!(token)));
        log_out(shop.clone(), one.clone()).await.data(200);
        refresh(shop.clone(), one)
            .await
            .refused(401, "invalid_refresh_token");
        refresh(shop.clone(), other).await.data(200);
        storm.is_over(&[&ada]).await;
    }
}

/// A shop in which tries are counted, in each weather.
async fn where_tries_count() -> [Storm; 2] {
    let options = Options {
        rate_limits: true,
        ..options()
    };
    Storm::set_up(options).await
}

/// A try at the password of an address, from a client of its own.
async fn guess(shop: Shop, client: usize, email: String) -> Answer {
    let client = IpAddr::from([192, 0, 2, u8::try_from(client).unwrap()]);
    let body = json!({"email": email, "password": "not the password at all"});
    let call = shop.call("POST", "/v1/auth/login").from(client);
    call.json(&body).send().await
}

/// No more tries were judged than a bucket holds; all others are told when
/// there is a token again.
fn judged_at_most(storm: &Storm, answers: &[Answer], limit: usize, wait: &str) {
    let judged = count(answers, 401);
    assert!(judged <= limit, "{judged} of {COPIES} were judged");
    for refused in answers.iter().filter(|answer| answer.status == 429) {
        refused.refused(429, "too_many_requests");
        assert_eq!(refused.header("retry-after"), wait);
    }
    if storm.faults == Faults::default() {
        let others = count(answers, 429);
        assert_eq!((judged, others), (limit, COPIES - limit));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_guesses_of_one_password_five_are_judged_from_wherever_they_come() {
    for mut storm in where_tries_count().await {
        let shop = storm.shop.clone();
        let ada = shop.customer("ada@example.com").await;
        let copy = |n| guess(shop.clone(), n, ada.email.clone());
        let answers = storm.of_requests(&[401, 429], copy).await;
        judged_at_most(&storm, &answers, 5, "240");
        // Four minutes later there is one token again, and only one.
        shop.wait(240);
        let answers = storm.of_requests(&[401, 429], copy).await;
        judged_at_most(&storm, &answers, 1, "240");
        storm.is_over(&[]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_guesses_by_one_client_thirty_are_judged_whosever_password_it_is() {
    for mut storm in where_tries_count().await {
        let shop = storm.shop.clone();
        let copy = |n| guess(shop.clone(), 1, format!("user{n}@example.com"));
        let answers = storm.of_requests(&[401, 429], copy).await;
        judged_at_most(&storm, &answers, 30, "5");
        storm.is_over(&[]).await;
    }
}
