//! Nobody can see from outside who is a customer: known, unconfirmed and
//! unknown addresses are answered alike, at the same cost.

use super::{anonymous, login};
use local::{Access, Service};
use serde_json::{Value, json};
use tests::shop::{PASSWORD, Shop, registration};

/// What can be told from outside of how a call went.
#[derive(Debug, PartialEq)]
struct Appearance {
    status: u16,
    headers: Vec<String>,
    length: usize,
    body: Value,
    effects: Vec<(Service, String, Vec<Access>, u64)>,
    hashes: u64,
}

async fn appearance(shop: &Shop, path: &str, body: &Value) -> Appearance {
    shop.cloud.take_trace();
    let hashes = shop.cloud.hashes();
    let answer = shop.post(path, body).await;
    let function = match path.rsplit('/').next().unwrap() {
        "resend-verification" => "resend_verification",
        name => name,
    };
    let effects = shop.cloud.take_trace();
    let effects = effects
        .into_iter()
        .filter(|effect| &*effect.function == function);
    Appearance {
        status: answer.status,
        headers: answer.headers.keys().map(ToString::to_string).collect(),
        length: answer.bytes.len(),
        body: anonymous(&answer),
        effects: effects
            .map(|effect| {
                let items = effect.items.iter().map(|item| item.access).collect();
                (effect.service, effect.action, items, effect.half_units)
            })
            .collect(),
        hashes: shop.cloud.hashes() - hashes,
    }
}

/// Addresses of equal length, so that nothing is larger for its name: known,
/// waiting for confirmation, unknown.
const KNOWN: &str = "known@example.com";
const WAITS: &str = "waits@example.com";
const NOBDY: &str = "nobdy@example.com";

async fn populated() -> Shop {
    let shop = Shop::open().await;
    shop.customer(KNOWN).await;
    shop.post("/v1/auth/register", &registration(WAITS))
        .await
        .data(202);
    // What a function reads once is read.
    login(&shop, "warm@example.com", PASSWORD).await;
    let warm = json!({"email": "warm@example.com"});
    shop.post("/v1/auth/resend-verification", &warm)
        .await
        .data(202);
    shop
}

#[tokio::test]
async fn a_login_looks_the_same_whoever_fails_to_log_in() {
    let shop = populated().await;
    let mut seen = Vec::new();
    for (email, password) in [
        (NOBDY, PASSWORD),
        (KNOWN, "not the password at all"),
        (WAITS, "not the password at all"),
        (WAITS, PASSWORD),
    ] {
        let body = json!({"email": email, "password": password});
        let mut appearance = appearance(&shop, "/v1/auth/login", &body).await;
        assert_eq!((appearance.status, appearance.hashes), (401, 1));
        // Reading what is there costs by its size; that is not seen outside.
        for effect in &mut appearance.effects {
            effect.3 = 0;
        }
        seen.push(appearance);
    }
    assert!(!seen[0].effects.is_empty());
    // The second try of one address meets a bucket that is not full.
    for other in &seen[1..3] {
        assert_eq!(other, &seen[0]);
    }
    assert_eq!(
        (&seen[3].body, &seen[3].headers),
        (&seen[0].body, &seen[0].headers)
    );
}

#[tokio::test]
async fn a_registration_looks_the_same_for_known_and_unknown_addresses() {
    let shop = populated().await;
    let mut seen = Vec::new();
    for email in [NOBDY, KNOWN, WAITS] {
        let mut appearance = appearance(&shop, "/v1/auth/register", &registration(email)).await;
        assert_eq!((appearance.status, appearance.hashes), (202, 1));
        appearance
            .effects
            .sort_by_key(|effect| format!("{effect:?}"));
        seen.push(appearance);
    }
    assert_all_write_alike(&seen);
}

/// They all write, and nobody can tell them apart.
fn assert_all_write_alike(seen: &[Appearance]) {
    let mut effects = seen[0].effects.iter();
    assert!(effects.any(|effect| effect.1 == "TransactWriteItems"));
    for other in &seen[1..] {
        assert_alike(other, &seen[0]);
    }
}

#[tokio::test]
async fn asking_for_a_mail_looks_the_same_for_everybody() {
    let shop = populated().await;
    let mut seen = Vec::new();
    for email in [NOBDY, KNOWN, WAITS] {
        let body = json!({"email": email});
        let appearance = appearance(&shop, "/v1/auth/resend-verification", &body).await;
        assert_eq!((appearance.status, appearance.hashes), (202, 0));
        seen.push(appearance);
    }
    assert_all_write_alike(&seen);
    assert_eq!(shop.cloud.mails(Some(NOBDY)).len(), 0);
}

/// Asserts that two appearances are the same but for what reading costs.
#[track_caller]
fn assert_alike(one: &Appearance, other: &Appearance) {
    assert_eq!((one.status, one.length), (other.status, other.length));
    assert_eq!((&one.headers, &one.body), (&other.headers, &other.body));
    let calls = |seen: &Appearance| -> Vec<_> {
        let effects = seen.effects.iter();
        effects
            .map(|(service, action, items, _)| (*service, action.clone(), items.clone()))
            .collect()
    };
    assert_eq!(calls(one), calls(other));
    assert_eq!(written(one), written(other), "as much is written");
}

/// The capacity its transactions cost.
fn written(seen: &Appearance) -> Vec<u64> {
    let effects = seen.effects.iter();
    let acts = effects.filter(|effect| effect.1 == "TransactWriteItems");
    acts.map(|effect| effect.3).collect()
}
