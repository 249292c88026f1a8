//! Limits on trying: a try costs its client and the address it tries, but
//! nobody who is shut out can shut out others.

use local::Options;
use platform::identity::password::Cost;
use serde_json::json;
use std::net::IpAddr;
use tests::shop::{Answer, PASSWORD, Shop, registration};

const ADA: &str = "ada@example.com";
const WRONG: &str = "not the password at all";

/// Logins a client may try at once.
const OF_A_CLIENT: usize = 30;
/// Logins that may be tried at once with one e-mail address.
const OF_AN_EMAIL: usize = 5;

/// Registrations, and mails asked for, of a client at once.
const MAILS_OF_A_CLIENT: usize = 20;

/// Where passwords cost nothing but tries count.
async fn open() -> Shop {
    let shop = Shop::with(Options {
        hashing: Cost::NEGLIGIBLE,
        ..Options::test()
    })
    .await;
    shop.customer(ADA).await;
    shop
}

/// A try to log in, from a client of its own.
async fn login(shop: &Shop, client: u8, email: &str, password: &str) -> Answer {
    shop.call("POST", "/v1/auth/login")
        .from(IpAddr::from([192, 0, 2, client]))
        .json(&json!({"email": email, "password": password}))
        .send()
        .await
}

#[track_caller]
fn has_to_wait(answer: &Answer, seconds: &str) {
    answer.refused(429, "too_many_requests");
    assert_eq!(answer.header("retry-after"), seconds);
}

#[tokio::test]
async fn a_client_that_is_shut_out_costs_the_address_it_tries_nothing() {
    let shop = open().await;
    let thief = 1;
    for n in 0..OF_A_CLIENT {
        let email = format!("user{n}@example.com");
        let tried = login(&shop, thief, &email, WRONG).await;
        tried.refused(401, "invalid_credentials");
    }
    for _ in 0..4 * OF_AN_EMAIL {
        has_to_wait(&login(&shop, thief, ADA, WRONG).await, "5");
    }
    // All of Ada's tries are left, the last of them is a good one.
    for _ in 1..OF_AN_EMAIL {
        let mistyped = login(&shop, 2, ADA, WRONG).await;
        mistyped.refused(401, "invalid_credentials");
    }
    login(&shop, 2, ADA, PASSWORD).await.data(200);
}

#[tokio::test]
async fn a_try_at_an_address_that_is_shut_costs_its_client_like_any_other() {
    let shop = open().await;
    let thief = 1;
    for n in 0..OF_A_CLIENT {
        let tried = login(&shop, thief, ADA, WRONG).await;
        if n < OF_AN_EMAIL {
            tried.refused(401, "invalid_credentials");
        } else {
            has_to_wait(&tried, "240");
        }
    }
    let elsewhere = login(&shop, thief, "eve@example.com", WRONG).await;
    has_to_wait(&elsewhere, "5");
    // It is the client that is shut out, and Ada for four minutes; nobody else.
    let eve = login(&shop, 2, "eve@example.com", WRONG).await;
    eve.refused(401, "invalid_credentials");
    has_to_wait(&login(&shop, 2, ADA, PASSWORD).await, "240");
    shop.wait(240);
    login(&shop, 2, ADA, PASSWORD).await.data(200);
}

#[tokio::test]
async fn a_login_that_succeeds_costs_nobody_a_try() {
    let shop = open().await;
    for _ in 0..=OF_A_CLIENT {
        login(&shop, 1, ADA, PASSWORD).await.data(200);
    }
}

#[tokio::test]
async fn a_client_has_mails_sent_to_twenty_addresses_at_once_and_then_has_to_wait() {
    let shop = open().await;
    for path in ["/v1/auth/register", "/v1/auth/resend-verification"] {
        let ask = |client: u8, email: &str| {
            let body = match path {
                "/v1/auth/register" => registration(email),
                _ => json!({"email": email}),
            };
            let from = IpAddr::from([192, 0, 2, client]);
            shop.call("POST", path).from(from).json(&body).send()
        };
        for n in 0..MAILS_OF_A_CLIENT {
            let asked = ask(1, &format!("user{n}@example.com")).await;
            assert_eq!(asked.status, 202, "{path}, {n}");
        }
        has_to_wait(&ask(1, "eve@example.com").await, "100");
        // It is the client that has to wait, not whom it asks for.
        ask(2, "eve@example.com").await.data(202);
        shop.wait(100);
        ask(1, "mia@example.com").await.data(202);
    }
}
