//! What an `Idempotency-Key` does: every operation that is not a read, by the
//! rule of the API, so that a new one is judged without being listed.

use functions::registry::{Entry, operations};
use platform::http::operation::{Access, Idempotency};
use serde_json::{Value, json};
use tests::shop::{Answer, EDR_MONTHLY, PASSWORD, User, order_of, text};
use tests::stage::{Ask, Stage, operation, refund_of};

/// What must not happen twice even when the client forgets a key.
const REQUIRED: [&str; 5] = [
    "create_order",
    "pay_order",
    "create_payment_method",
    "change_subscription",
    "refund",
];

/// The rule: required where money or a contract begins; honoured on any other
/// POST of a user; ignored elsewhere, quotes and previews included.
fn wanted(entry: &Entry) -> Idempotency {
    let spec = entry.spec;
    let only_looks = spec.path.ends_with("/quote") || spec.path.ends_with("/preview");
    match entry.access {
        _ if REQUIRED.contains(&spec.id) => Idempotency::Required,
        Access::User | Access::Staff | Access::Finance if spec.method == "POST" && !only_looks => {
            Idempotency::Honoured
        }
        Access::User | Access::Staff | Access::Finance | Access::UserOrGuest | Access::Public => {
            Idempotency::None
        }
    }
}

/// Every operation that is not a read, with a good request of Ada's without a
/// key.
fn unsafe_operations(stage: &Stage) -> Vec<(Entry, Ask)> {
    operations()
        .into_iter()
        .filter(|entry| entry.spec.method != "GET")
        .map(|entry| {
            let mut ask = stage.asked(&entry);
            ask.headers.retain(|(name, _)| *name != "idempotency-key");
            (entry, ask)
        })
        .collect()
}

/// Another request of the same operation: what a key must not be used for
/// again.
fn another(stage: &Stage, entry: &Entry, ask: &Ask) -> Ask {
    match entry.spec.id {
        "create_order" => Ask {
            body: Some(order_of(&[(EDR_MONTHLY, 2)])),
            ..ask.clone()
        },
        "cancel_order" => Ask {
            path: ask.path.replace(&stage.pending, &stage.other_pending),
            ..ask.clone()
        },
        "refund" => ask.clone().json(refund_of(999)),
        "approve_refund" => ask.clone().json(json!({"decision": "reject"})),
        "merge_cart" => ask.clone().json(json!({"guestToken": "A".repeat(43)})),
        other => panic!(
            "{other} takes a key: say what another request of it is in tests/it/idempotency.rs"
        ),
    }
}

#[track_caller]
fn assert_replayed(id: &str, first: &Answer, again: &Answer) {
    assert_eq!(again.status, first.status, "{id}: {}", again.json);
    assert_eq!(
        again.bytes, first.bytes,
        "{id}: a replay is the same byte for byte"
    );
    assert_eq!(again.header("idempotency-replayed"), "true", "{id}");
    assert_eq!(first.header("idempotency-replayed"), "", "{id}");
    for name in ["content-type", "location", "etag", "x-request-id"] {
        assert_eq!(again.header(name), first.header(name), "{id}: {name}");
    }
}

#[test]
fn every_operation_takes_keys_as_the_api_says() {
    for entry in operations() {
        let id = entry.spec.id;
        assert_eq!(
            entry.spec.idempotency,
            wanted(&entry),
            "{id}: say `.idempotency(…)` in its Spec as the rule in tests/it/idempotency.rs wants it"
        );
    }
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_where_keys_count() {
    let stage = Stage::set().await;
    let digest = stage.shop.digest().await;
    for (entry, ask) in unsafe_operations(&stage) {
        let bad = ["", " ", &"k".repeat(256), "tab\tbed"];
        match entry.spec.idempotency {
            Idempotency::None => continue,
            Idempotency::Honoured => {}
            Idempotency::Required => {
                ask.send(&stage.shop)
                    .await
                    .refused(400, "idempotency_key_required");
            }
        }
        for key in bad {
            let answer = ask
                .clone()
                .with("idempotency-key", key)
                .send(&stage.shop)
                .await;
            answer.refused(400, "idempotency_key_invalid");
        }
    }
    assert_eq!(stage.shop.digest().await, digest);
}

#[tokio::test]
async fn a_key_is_ignored_where_it_means_nothing() {
    let stage = Stage::set().await;
    for (entry, ask) in unsafe_operations(&stage) {
        if entry.spec.idempotency != Idempotency::None {
            continue;
        }
        let answer = ask.with("idempotency-key", "").send(&stage.shop).await;
        assert_eq!(
            answer.status, entry.spec.success,
            "{}: {}",
            entry.spec.id, answer.json
        );
        assert_eq!(
            answer.header("idempotency-replayed"),
            "",
            "{}",
            entry.spec.id
        );
    }
}

#[tokio::test]
async fn the_same_key_answers_the_same_and_another_request_under_it_is_refused() {
    let stage = Stage::set().await;
    for (entry, ask) in unsafe_operations(&stage) {
        if entry.spec.idempotency == Idempotency::None {
            continue;
        }
        let id = entry.spec.id;
        // The longest key there may be.
        let keyed = ask.clone().with("idempotency-key", "k".repeat(255));
        let first = keyed.send(&stage.shop).await;
        assert_eq!(first.status, entry.spec.success, "{id}: {}", first.json);
        let digest = stage.shop.digest().await;
        for _ in 0..3 {
            assert_replayed(id, &first, &keyed.send(&stage.shop).await);
        }
        let other = another(&stage, &entry, &keyed).send(&stage.shop).await;
        other.refused(422, "idempotency_key_reused");
        assert_eq!(
            stage.shop.digest().await,
            digest,
            "{id}: a replay writes nothing"
        );
    }
}

/// Under a key of its own, what is done already succeeds and changes nothing; the
/// key is used all the same.
#[tokio::test]
async fn a_key_that_met_what_was_done_already_keeps_its_answer() {
    let stage = Stage::set().await;
    for id in ["merge_cart", "cancel_order"] {
        let (entry, ask) = unsafe_operations(&stage)
            .into_iter()
            .find(|(entry, _)| entry.spec.id == id)
            .unwrap();
        ask.send(&stage.shop).await.data(200);
        let keyed = ask.clone().with("idempotency-key", "again");
        let first = keyed.send(&stage.shop).await;
        assert_eq!(first.status, entry.spec.success, "{id}: {}", first.json);
        // What is in the cart changes, what was answered does not.
        let more = stage
            .ada
            .call("PUT", &format!("/v1/cart/items/{EDR_MONTHLY}"));
        let more = more.json(&json!({"quantity": 77})).send().await;
        assert_eq!(more.status, 200, "{}", more.json);
        let digest = stage.shop.digest().await;
        assert_replayed(id, &first, &keyed.send(&stage.shop).await);
        let other = another(&stage, &entry, &keyed).send(&stage.shop).await;
        other.refused(422, "idempotency_key_reused");
        assert_eq!(stage.shop.digest().await, digest, "{id}");
    }
}

#[tokio::test]
async fn a_refusal_before_anything_is_written_leaves_the_key_free() {
    let stage = Stage::set().await;
    let mut bad = order_of(&[(EDR_MONTHLY, 1)]);
    bad["billingAddress"]["country"] = json!("KP");
    let post = |body: Value| {
        let call = stage
            .ada
            .call("POST", "/v1/orders")
            .key("judged-anew")
            .json(&body);
        call.send()
    };
    post(bad).await.refused(403, "country_not_served");
    let mut dear = order_of(&[(EDR_MONTHLY, 1)]);
    dear["items"][0]["quantity"] = json!(0);
    post(dear).await.refused(422, "validation_failed");
    post(order_of(&[(EDR_MONTHLY, 1)])).await.data(201);
}

#[tokio::test]
async fn a_key_belongs_to_one_account_and_one_operation() {
    let stage = Stage::set().await;
    let hers = stage.ada.order(EDR_MONTHLY, 1, "shared").await;
    let other = stage.eve.order(EDR_MONTHLY, 1, "shared").await;
    assert_eq!(other.header("idempotency-replayed"), "");
    assert_ne!(
        hers.data(201)["order"]["id"],
        other.data(201)["order"]["id"]
    );
    let cancel = stage
        .good(&operation("cancel_order").spec)
        .by(&stage.ada.token);
    let canceled = cancel
        .with("idempotency-key", "shared")
        .send(&stage.shop)
        .await;
    assert_eq!(canceled.header("idempotency-replayed"), "");
    assert_eq!(canceled.data(200)["status"], "canceled");
}

/// The same JSON with its members the other way round and more space.
fn written_otherwise(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .rev()
                .map(|(name, value)| format!("\n  \"{name}\" : {}", written_otherwise(value)))
                .collect();
            format!("{{{} }}", members.join(" ,"))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(written_otherwise).collect();
            format!("[ {} ]", items.join(" , "))
        }
        other => other.to_string(),
    }
}

#[tokio::test]
async fn spacing_and_the_order_of_members_make_no_other_request() {
    let stage = Stage::set().await;
    let order = order_of(&[(EDR_MONTHLY, 1)]);
    let otherwise = written_otherwise(&order);
    assert_ne!(otherwise, order.to_string());
    assert_eq!(serde_json::from_str::<Value>(&otherwise).unwrap(), order);
    let call = || stage.ada.call("POST", "/v1/orders").key("spacing");
    let first = call().json(&order).send().await;
    first.data(201);
    let again = call().raw("application/json", otherwise).send().await;
    assert_replayed("create_order", &first, &again);
}

#[tokio::test]
async fn while_the_first_is_still_at_it_the_second_is_told_to_wait() {
    let stage = Stage::set().await;
    let faults = json!({"provider": {"replyLost": 1.0}, "seed": 1});
    stage.shop.post("/_local/faults", &faults).await;
    stage
        .ada
        .order(EDR_MONTHLY, 1, "busy")
        .await
        .refused(503, "unavailable");
    let digest = stage.shop.digest().await;
    let second = stage.ada.order(EDR_MONTHLY, 1, "busy").await;
    second.refused(409, "request_in_progress");
    let wait: u32 = second
        .header("retry-after")
        .parse()
        .expect("Retry-After in seconds");
    assert!((1..=15).contains(&wait), "{wait}");
    let other = stage.ada.order(EDR_MONTHLY, 2, "busy").await;
    other.refused(422, "idempotency_key_reused");
    assert_eq!(stage.shop.digest().await, digest);
    // The function may run for ten seconds: it is not overtaken in them.
    stage.shop.faults(json!({})).await;
    for (wait, status) in [(14, 409), (1, 201)] {
        stage.shop.wait(wait);
        let again = stage.ada.order(EDR_MONTHLY, 1, "busy").await;
        assert_eq!(again.status, status, "{}", again.json);
    }
}

#[tokio::test]
async fn a_key_is_kept_for_a_day_and_judged_anew_after_two() {
    let stage = Stage::set().await;
    let (shop, email) = (&stage.shop, &stage.ada.email);
    let first = stage.ada.order(EDR_MONTHLY, 1, "kept").await;
    let placed = first.data(201);
    let path = format!("/v1/orders/{}/cancellation", stage.pending);
    let cancel = |token: String| {
        let call = shop
            .call("POST", &path)
            .header("authorization", &format!("Bearer {token}"));
        call.key("kept").json(&json!({})).send()
    };
    let canceled = cancel(stage.ada.token.clone()).await;
    canceled.data(200);

    shop.advance("PT23H").await;
    let ada = shop.log_in(email, PASSWORD).await;
    assert_replayed(
        "create_order",
        &first,
        &ada.order(EDR_MONTHLY, 1, "kept").await,
    );
    assert_replayed("cancel_order", &canceled, &cancel(ada.token.clone()).await);

    shop.advance("PT25H").await;
    let ada = shop.log_in(email, PASSWORD).await;
    // Another request under it, since the key is free again.
    let anew = ada.order(EDR_MONTHLY, 2, "kept").await;
    assert_eq!(anew.header("idempotency-replayed"), "");
    assert_ne!(
        text(&anew.data(201)["order"]["id"]),
        text(&placed["order"]["id"])
    );
    assert_replayed(
        "create_order",
        &anew,
        &ada.order(EDR_MONTHLY, 2, "kept").await,
    );
}

#[tokio::test]
async fn a_key_of_a_cancellation_is_judged_anew_after_two_days_too() {
    let stage = Stage::set().await;
    let shop = &stage.shop;
    let cancel = async |user: &User, order: &str| {
        let call = user.call("POST", &format!("/v1/orders/{order}/cancellation"));
        call.key("kept").json(&json!({})).send().await
    };
    let first = cancel(&stage.ada, &stage.pending).await;
    first.data(200);
    // What the table deletes by itself it deletes late.
    shop.advance("PT48H").await;
    let ada = shop.log_in(&stage.ada.email, PASSWORD).await;
    let again = cancel(&ada, &stage.pending).await;
    assert_eq!(again.data(200)["status"], "canceled");
    assert_eq!(again.header("idempotency-replayed"), "");
    // From here on it has this answer.
    assert_replayed("cancel_order", &again, &cancel(&ada, &stage.pending).await);
    shop.advance("PT48H").await;
    let ada = shop.log_in(&stage.ada.email, PASSWORD).await;
    let placed = ada.order(EDR_MONTHLY, 1, "new").await.data(201);
    let other = cancel(&ada, &text(&placed["order"]["id"])).await;
    assert_eq!(other.data(200)["status"], "canceled");
    // From here on it is the key of that one.
    let replayed = cancel(&ada, &text(&placed["order"]["id"])).await;
    assert_replayed("cancel_order", &other, &replayed);
}
