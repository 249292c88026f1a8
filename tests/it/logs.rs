//! What may not be in a log is not in it.

use crate::journey;
use platform::secrets::Secret;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop, text};
use tests::stage::Stage;

/// Everything a journey brings that must stay out of the log.
pub(crate) async fn canaries(stage: &Stage) -> Vec<(String, String)> {
    let shop = &stage.shop;
    let mut found: Vec<(String, String)> = [
        ("the password", PASSWORD),
        ("a wrong password", "not the password at all"),
        ("a seeded password", "correct horse battery staple"),
        ("an e-mail address", "@example.com"),
        ("a seeded e-mail address", "@cyna.example"),
        ("a first name", "Ada "),
        ("a last name", "Lovelace"),
        ("a company", "Analytical"),
        ("a street", "Rivoli"),
        ("a postal code", "75001"),
        ("a card", GOOD_CARD),
        ("a declined card", "4000000000009995"),
        ("a payment page", "/_local/checkout"),
        ("a refresh token", &stage.refresh_token),
        ("a verification token", &stage.verification),
    ]
    .map(|(what, text)| (what.to_owned(), text.to_owned()))
    .into();
    for secret in Secret::ALL {
        found.push((
            format!("the secret {}", secret.name()),
            shop.cloud.secret(secret),
        ));
    }
    for user in [&stage.ada, &stage.eve, &stage.admin] {
        found.push((
            format!("the access token of {}", user.email),
            user.token.clone(),
        ));
    }
    let put = shop.call("PUT", &format!("/v1/cart/items/{}", EDR_MONTHLY));
    let cart = put.json(&json!({"quantity": 1})).send().await.data(200);
    found.push(("a cart token".to_owned(), text(&cart["guestToken"])));
    for mail in shop.cloud.mails(None) {
        for link in &mail.links {
            if let Some((_, token)) = link.split_once("token=") {
                found.push(("a mailed token".to_owned(), token.to_owned()));
            }
        }
    }
    found
}

/// The secrets of a shop.
pub(crate) fn secrets(shop: &Shop) -> Vec<(String, String)> {
    Secret::ALL
        .into_iter()
        .map(|secret| {
            (
                format!("the secret {}", secret.name()),
                shop.cloud.secret(secret),
            )
        })
        .collect()
}

#[test]
fn no_secret_and_nothing_personal_is_in_the_log() {
    let record = journey::record();
    assert!(
        record.log.len() > 200,
        "the journey wrote {} lines only",
        record.log.len()
    );
    for line in &record.log {
        for (what, canary) in &record.canaries {
            assert!(!line.contains(canary), "{what} is in the log: {line}");
        }
    }
}

/// The fields a line may have. Another one is a decision: add it here with
/// what keeps secrets and personal data out of it.
const FIELDS: [&str; 11] = [
    "operation",
    "at",
    "requestId",
    "user",
    "account",
    "status",
    "code",
    "error",
    "alsoFailed",
    "Duration",
    "_aws",
];

#[test]
fn a_log_line_is_one_json_object_of_known_fields() {
    for line in &journey::record().log {
        assert!(!line.contains('\n'), "{line}");
        let fields: Value = serde_json::from_str(line).expect(line);
        for (name, value) in fields.as_object().unwrap() {
            let metric = value.is_u64() && name.starts_with(char::is_uppercase);
            assert!(
                metric || FIELDS.contains(&name.as_str()),
                "{name} in {line}"
            );
        }
    }
}

#[test]
fn an_event_that_was_ignored_or_kept_is_counted_and_its_failure_told() {
    let of_webhook = |line: &&String| line.contains("\"operation\":\"payment_webhook\"");
    let lines = journey::record().log.iter().filter(of_webhook);
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let counted = |metric: &'static str| lines.iter().filter(move |line| line[metric] == 1);
    assert!(counted("EventsIgnored").count() >= 1);
    let mut kept = counted("EventsKept");
    assert!(kept.any(|line| line["error"].is_string() && line["Faults"].is_null()));
}
