//! Registration, login, sessions.

use super::ask::Ask;
use super::row::{Row, check_all};
use super::tokens::Forger;
use super::world::{World, good_requests};
use platform::http::operation::Access;
use serde_json::{Value, json};
use tests::shop::{PASSWORD, registration, text};

/// A good registration but for one field.
fn register(pointer: &str, value: Value) -> Ask {
    Ask::post("/v1/auth/register", &registration("new@example.com")).put(pointer, value)
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_wherever_one_is_asked_for() {
    let world = World::open().await;
    let long = "a".repeat(65);
    let addresses = [
        ("ID-01", "ada.example.com".to_owned(), "malformed"),
        ("ID-01", "@example.com".to_owned(), "malformed"),
        ("ID-02", "ada@lovelace@example.com".to_owned(), "malformed"),
        ("ID-03", format!("{long}@example.com"), "too_long"),
        ("ID-04", "ada@example.com.".to_owned(), "malformed"),
        (
            "ID-05",
            "ada@example.com\r\nBcc: eve@example.com".to_owned(),
            "malformed",
        ),
        ("ID-05", "ada\r\n@example.com".to_owned(), "malformed"),
        (
            "ID-06",
            "\"ada lovelace\"@example.com".to_owned(),
            "malformed",
        ),
        ("ID-07", "ada@mailinator.com".to_owned(), "disposable_email"),
        ("ID-07", "ada@eu.YOPmail.com".to_owned(), "disposable_email"),
    ];
    let mut rows = Vec::new();
    for (id, address, code) in addresses {
        let fields = [("/email", code)];
        rows.push(Row::fields(id, register("/email", json!(address)), &fields));
        let resend = Ask::post("/v1/auth/resend-verification", &json!({"email": address}));
        rows.push(Row::fields(id, login(&address, PASSWORD), &fields));
        rows.push(Row::fields(id, resend, &fields));
    }
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn a_password_that_is_easily_guessed_is_refused_without_a_hash() {
    let world = World::open().await;
    let passwords = [
        ("ID-08", "kettle9".to_owned(), "too_short"),
        ("ID-08", String::new(), "too_short"),
        ("ID-09", "k7#".repeat(43), "too_long"),
        ("ID-09", "\u{1f980}".repeat(129), "too_long"),
        ("ID-10", "passwordpassword".to_owned(), "weak_password"),
        ("ID-10", "qwertyuiopasdfgh".to_owned(), "weak_password"),
        ("ID-10", "123456789012345".to_owned(), "weak_password"),
        ("ID-10", "iloveyouiloveyou".to_owned(), "weak_password"),
        ("ID-10", "Analytical Engines 9".to_owned(), "weak_password"),
        ("ID-11", " ".repeat(20), "weak_password"),
        ("ID-11", "\u{3000}".repeat(20), "weak_password"),
    ];
    let rows = passwords.map(|(id, password, code)| {
        Row::fields(
            id,
            register("/password", json!(password)),
            &[("/password", code)],
        )
    });
    check_all(&world.shop, rows).await;
}

#[tokio::test]
async fn what_a_registration_may_not_say_is_refused_field_by_field() {
    let world = World::open().await;
    let mut rows = Vec::new();
    for name in ["role", "plan", "verified", "emailVerified", "id"] {
        let pointer = format!("/{name}");
        let ask = register(&pointer, json!("admin"));
        rows.push(Row::fields("ID-13", ask, &[(&pointer, "unknown_field")]));
    }
    for (locale, code) in [
        (json!("de"), "unknown_value"),
        (json!("EN"), "unknown_value"),
        (Value::Null, "wrong_type"),
    ] {
        let ask = register("/locale", locale);
        rows.push(Row::fields("ID-14", ask, &[("/locale", code)]));
    }
    for country in ["ZZ", "fr", "FRA", "France", ""] {
        let ask = world.order().put("/billingAddress/country", json!(country));
        rows.push(Row::field("ID-14", ask, "/billingAddress/country"));
    }
    let several = json!({
        "email": 1, "password": PASSWORD, "firstName": " ", "lastName": "4242 4242 4242 4242",
        "acceptTerms": false, "role": "admin"
    });
    let told = [
        ("/email", "wrong_type"),
        ("/firstName", "too_short"),
        ("/lastName", "card_number"),
        ("/acceptTerms", "must_be_accepted"),
        ("/role", "unknown_field"),
    ];
    let ask = Ask::post("/v1/auth/register", &several);
    rows.push(Row::fields("ID-13", ask, &told));
    check_all(&world.shop, rows).await;
}

/// Neither the answer nor the log may repeat it: every row is checked for that.
#[tokio::test]
async fn a_password_in_the_query_is_refused_and_told_nobody() {
    let world = World::open().await;
    let asks = [
        login(&world.ada.email, PASSWORD),
        register("/password", json!(PASSWORD)),
        Ask::get("/v1/me").by(&world.ada),
    ];
    let rows = asks.map(|ask| {
        let path = format!("{}?password={PASSWORD}", ask.path);
        Row::refused("ID-12", Ask { path, ..ask }, 400, "malformed_query")
    });
    check_all(&world.shop, rows).await;
}

fn login(email: &str, password: &str) -> Ask {
    Ask::post(
        "/v1/auth/login",
        &json!({"email": email, "password": password}),
    )
}

/// The answer without what names the request.
fn anonymous(answer: &tests::shop::Answer) -> Value {
    let mut json = answer.json.clone();
    json["requestId"] = Value::Null;
    json
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_refused_alike_at_the_cost_of_one_hash() {
    let world = World::open().await;
    let refused = |id, ask| {
        Row::refused(id, ask, 401, "invalid_credentials")
            .one_read()
            .hashes(1)
    };
    let wrong = refused("ID-15", login(&world.ada.email, "not her password at all"))
        .check(&world.shop)
        .await;
    let unknown = refused("ID-16", login("nobody@example.com", PASSWORD))
        .check(&world.shop)
        .await;
    assert_eq!(anonymous(&wrong), anonymous(&unknown));
}

#[tokio::test]
async fn a_login_over_its_bucket_is_refused_before_anything_is_hashed() {
    let world = World::open().await;
    for email in [world.ada.email.as_str(), "nobody@example.com"] {
        for _ in 0..5 {
            let answer = login(email, "not the password").send(&world.shop).await;
            answer.refused(401, "invalid_credentials");
        }
        for password in ["not the password", PASSWORD] {
            let row = Row::refused("ID-18", login(email, password), 429, "too_many_requests");
            let answer = row
                .one_read()
                .header("retry-after", "240")
                .check(&world.shop)
                .await;
            assert_eq!(answer.headers.get("set-cookie"), None);
        }
    }
    world.shop.advance("PT4M").await;
    login(&world.ada.email, PASSWORD)
        .send(&world.shop)
        .await
        .data(200);
}

/// A refresh with a token in the body.
fn refresh(token: &str) -> Ask {
    Ask::post("/v1/auth/refresh", &json!({"refreshToken": token}))
}

/// A refresh with a token in the cookie, by the application.
fn refresh_cookie(token: &str) -> Ask {
    Ask::post("/v1/auth/refresh", &json!({}))
        .with("cookie", &format!("cyna_refresh={token}"))
        .with("x-cyna-client", "web")
        .with("origin", "http://localhost:5173")
}

#[tokio::test]
async fn a_refresh_token_that_is_none_refreshes_nothing() {
    let world = World::open().await;
    let good = world.refresh_token().await;
    let (signed, seal) = good.rsplit_once('.').unwrap();
    let garbage = [
        "x".to_owned(),
        ".....".to_owned(),
        "x".repeat(4096),
        format!("{good}x"),
        format!("{good}.{good}"),
        format!("{signed}."),
        format!("{signed}.{}", "A".repeat(seal.len())),
        good.replacen(".0.", ".1.", 1),
        world.ada.account.to_string(),
    ];
    let refused = |id, ask| Row::refused(id, ask, 401, "invalid_refresh_token");
    let mut rows = Vec::new();
    for token in &garbage {
        assert_ne!(*token, good);
        rows.push(refused("ID-21", refresh(token)));
        rows.push(refused("ID-21", refresh_cookie(token)));
    }
    rows.push(refused("ID-21", Ask::post("/v1/auth/refresh", &json!({}))));
    rows.push(refused("ID-24", refresh(&world.ada.token)));
    rows.push(refused("ID-24", refresh_cookie(&world.ada.token)));
    // Kept by the client itself, the token is no cookie.
    rows.push(refused("ID-23", refresh_cookie(&good)).one_read());
    check_all(&world.shop, rows).await;
    refresh(&good).send(&world.shop).await.data(200);
}

#[tokio::test]
async fn a_token_from_the_cookie_is_not_taken_from_a_body() {
    let world = World::open().await;
    let opened = login(&world.ada.email, PASSWORD).send(&world.shop).await;
    let cookie = opened.header("set-cookie");
    let token = cookie
        .strip_prefix("cyna_refresh=")
        .and_then(|rest| rest.split(';').next())
        .unwrap();
    Row::refused("ID-23", refresh(token), 401, "invalid_refresh_token")
        .one_read()
        .check(&world.shop)
        .await;
    refresh_cookie(token).send(&world.shop).await.data(200);
}

#[tokio::test]
async fn no_session_outlives_thirty_days_however_often_it_is_refreshed() {
    let world = World::open().await;
    let mut token = world.refresh_token().await;
    for days in ["P10D", "P10D", "P9DT23H"] {
        world.shop.advance(days).await;
        token = text(&refresh(&token).send(&world.shop).await.data(200)["refreshToken"]);
    }
    world.shop.advance("PT1H").await;
    Row::refused("ID-22", refresh(&token), 401, "invalid_refresh_token")
        .one_read()
        .check(&world.shop)
        .await;
}

#[tokio::test]
async fn a_forged_access_token_opens_no_operation() {
    let (world, all) = good_requests().await;
    let forger = Forger::of(&world.shop.cloud, &world.ada.token);
    let [mac, mac_of_text] = forger.mac_with_public_key();
    let without = |name: &'static str| forger.claims(|claims| drop(claims.remove(name)));
    let with = |name: &'static str, value: Value| {
        forger.claims(|claims| drop(claims.insert(name.to_owned(), value)))
    };
    let forged = [
        ("ID-25", forger.unsigned()),
        ("ID-25", forger.header("alg", json!("none"))),
        ("ID-25", forger.header("alg", json!("None"))),
        ("ID-26", mac),
        ("ID-26", mac_of_text),
        ("ID-26", forger.header("alg", json!("HS256"))),
        ("ID-27", without("aud")),
        ("ID-27", with("aud", json!("another-api"))),
        ("ID-27", with("aud", json!(["cyna-api"]))),
        ("ID-28", without("iss")),
        ("ID-28", with("iss", json!("https://evil.example"))),
        ("ID-29", forger.shifted("nbf", 3_600)),
        ("ID-29", forger.shifted("exp", 0)),
        ("ID-29", forger.shifted("exp", 86_400)),
        ("ID-29", forger.header("typ", json!("JWT"))),
    ];
    let mut rows = Vec::new();
    for (entry, good) in all {
        match entry.access {
            Access::Public => continue,
            Access::User
            | Access::UserOrGuest
            | Access::Staff
            | Access::Finance
            | Access::Admin => {}
        }
        for (id, token) in &forged {
            let ask = good
                .clone()
                .with("authorization", &format!("Bearer {token}"));
            rows.push(Row::refused(id, ask, 401, "unauthenticated"));
        }
        for sent in ["Bearer", "Bearer ", "Basic YWRhOnB3", "x", &world.ada.token] {
            let ask = good.clone().with("authorization", sent);
            rows.push(Row::refused("ID-25", ask, 401, "unauthenticated"));
        }
    }
    check_all(&world.shop, rows).await;
    // The forger's own hand is good: only what it says was refused.
    let honest = forger.claims(|_| {});
    Ask::get("/v1/me")
        .with("authorization", &format!("bearer {honest}"))
        .send(&world.shop)
        .await
        .data(200);
}
