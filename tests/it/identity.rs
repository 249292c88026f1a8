//! Registering, confirming, logging in, staying logged in, logging out.

mod deployed;
mod keys;
mod limits;
mod parity;
mod sealed;
mod sessions;
mod standing;
mod stolen;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};
use tests::shop::{Answer, PASSWORD, Shop, registration, text};

async fn login(shop: &Shop, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password, "tokenTransport": "body"});
    shop.post("/v1/auth/login", &body).await
}

#[tokio::test]
async fn a_newcomer_registers_confirms_the_address_and_logs_in() {
    let shop = Shop::open().await;
    let email = "ada@example.com";
    let sent = shop.post("/v1/auth/register", &registration(email)).await;
    assert_eq!(sent.data(202), json!({"status": "verification_sent"}));
    let mails = shop.cloud.mails(Some(email));
    assert_eq!(mails.len(), 1);
    let link = mails[0]
        .links
        .iter()
        .find(|link| link.contains("token="))
        .unwrap();
    assert!(link.contains("/verify-email?token="), "{link}");

    let early = login(&shop, email, PASSWORD).await;
    let wrong = login(&shop, email, "not the password").await;
    early.refused(401, "invalid_credentials");
    assert_eq!(anonymous(&early), anonymous(&wrong));

    let token = shop.mailed_token(email);
    let path = "/v1/auth/verify-email";
    let verified = shop.post(path, &json!({"token": token})).await;
    assert_eq!(verified.data(200), json!({"status": "verified"}));
    shop.post(path, &json!({"token": token}))
        .await
        .refused(400, "invalid_token");

    let opened = login(&shop, "Ada@Example.COM", PASSWORD).await.data(200);
    assert_eq!(
        (&opened["tokenType"], &opened["expiresIn"]),
        (&json!("Bearer"), &json!(900))
    );
    let me = shop
        .call("GET", "/v1/me")
        .header(
            "authorization",
            &format!("Bearer {}", text(&opened["accessToken"])),
        )
        .send()
        .await
        .data(200);
    assert_eq!(
        (&me["email"], &me["firstName"]),
        (&json!(email), &json!("Ada"))
    );
    assert_eq!(
        (&me["role"], &me["account"]["role"]),
        (&json!("customer"), &json!("owner"))
    );
    assert_eq!(me["emailVerified"], true);
}

#[tokio::test]
async fn a_mailed_link_is_good_for_a_day_and_another_one_can_be_asked_for() {
    let shop = Shop::open().await;
    let email = "ada@example.com";
    shop.post("/v1/auth/register", &registration(email))
        .await
        .data(202);
    let first = shop.mailed_token(email);
    shop.advance("P1D").await;
    let verify = |token: String| {
        let shop = shop.clone();
        async move {
            shop.post("/v1/auth/verify-email", &json!({"token": token}))
                .await
        }
    };
    verify(first.clone()).await.refused(400, "invalid_token");
    verify("x".repeat(43)).await.refused(400, "invalid_token");
    let again = shop
        .post("/v1/auth/resend-verification", &json!({"email": email}))
        .await;
    assert_eq!(again.data(202), json!({"status": "verification_sent"}));
    let second = shop.mailed_token(email);
    assert_ne!(second, first);
    verify(second).await.data(200);
    // Nobody waits any longer: the answer is the same, and no mail is sent.
    let mails = shop.cloud.mails(Some(email)).len();
    shop.post("/v1/auth/resend-verification", &json!({"email": email}))
        .await
        .data(202);
    assert_eq!(shop.cloud.mails(Some(email)).len(), mails);
}

#[tokio::test]
async fn mails_can_be_asked_for_three_times_in_a_row() {
    let shop = Shop::open().await;
    for email in ["ada@example.com", "nobody@example.com"] {
        let body = json!({"email": email});
        for _ in 0..3 {
            shop.post("/v1/auth/resend-verification", &body)
                .await
                .data(202);
        }
        let refused = shop.post("/v1/auth/resend-verification", &body).await;
        refused.refused(429, "too_many_requests");
        assert_eq!(refused.header("retry-after"), "5000");
    }
}

#[tokio::test]
async fn registering_twice_tells_the_owner_of_the_address_and_nobody_else() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let other = json!({"email": "ADA@example.com", "password": "another long passphrase 7", "firstName": "Eve", "lastName": "X", "acceptTerms": true});
    shop.post("/v1/auth/register", &other).await.data(202);
    let mails = shop.cloud.mails(Some(&ada.email));
    let told = mails.last().unwrap();
    assert!(
        !told.links.iter().any(|link| link.contains("token=")),
        "{:?}",
        told.links
    );
    login(&shop, &ada.email, "another long passphrase 7")
        .await
        .refused(401, "invalid_credentials");
    let me = shop
        .log_in(&ada.email, PASSWORD)
        .await
        .get("/v1/me")
        .await
        .data(200);
    assert_eq!(me["firstName"], "Ada");
}

/// The answer without what names the request.
fn anonymous(answer: &Answer) -> Value {
    let mut json = answer.json.clone();
    if json.get("requestId").is_some() {
        json["requestId"] = Value::Null;
    }
    json
}

/// What an access token says: in its header (0), as its claims (1).
fn told(token: &str, part: usize) -> Value {
    let part = token.split('.').nth(part).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// HMAC-SHA256 over parts, each after its length.
fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut mac = hmac::Context::with_key(&key);
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap().to_be_bytes());
        mac.update(part);
    }
    mac.sign().as_ref().to_vec()
}

/// The key of one purpose, as ADR 7 derives it from the text of a secret.
fn derived_key(secret: &str, purpose: &str) -> Vec<u8> {
    mac(secret.as_bytes(), &[b"cyna key", purpose.as_bytes()])
}
