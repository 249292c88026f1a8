//! The main journeys of the shop in one go, failures and repairs included: for
//! tests that look at what they leave behind.

mod coupons;
mod numbers;
mod pages;

use crate::logs::{canaries, secrets};
use functions::registry::operations;
use local::{Effect, Fault, Options, StreamDelivery};
use platform::http::operation::Access;
use platform::secrets::Secret;
use serde_json::{Value, json};
use std::sync::OnceLock;
use stripe_simulator::Delivery;
use tests::shop::{EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop, User, address, registration, text};
use tests::stage::{Stage, operation, refresh_token, staff};

/// What the journeys left behind.
#[derive(Default)]
pub(crate) struct Record {
    /// Every call out of a function.
    pub(crate) trace: Vec<Effect>,
    /// Every line of the log.
    pub(crate) log: Vec<String>,
    /// What must be in no log: what it is, and its text.
    pub(crate) canaries: Vec<(String, String)>,
}

/// Goes through all of them, once for all tests.
pub(crate) fn record() -> &'static Record {
    static RECORD: OnceLock<Record> = OnceLock::new();
    RECORD.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let stage = Stage::set().await;
            let mut canaries = canaries(&stage).await;
            everything(&stage).await;
            canaries.extend(secrets(&stage.shop));
            let idle = undelivered().await;
            canaries.extend(secrets(&idle));
            let mut record = Record {
                canaries,
                ..Record::default()
            };
            for shop in [&stage.shop, &idle] {
                record.trace.extend(shop.cloud.take_trace());
                record.log.extend(shop.cloud.take_log());
            }
            record
        })
    })
}

async fn everything(stage: &Stage) {
    identity(stage).await;
    every_operation(stage).await;
    carts(stage).await;
    purchases(stage).await;
    coupons::coupons(stage).await;
    pages::pages(stage).await;
    refused_events(stage).await;
    hints(stage).await;
    lost_and_found(stage).await;
    numbers::numbers(stage).await;
    renewals(stage).await;
    rotation(stage).await;
}

async fn again(user: &User) -> User {
    user.shop.log_in(&user.email, PASSWORD).await
}

/// Registration twice, another mail, a wrong password, tabs, a stolen token.
async fn identity(stage: &Stage) {
    let shop = &stage.shop;
    for email in ["ada@example.com", "mia@example.com"] {
        shop.post("/v1/auth/register", &registration(email))
            .await
            .data(202);
        let resend = json!({"email": email});
        shop.post("/v1/auth/resend-verification", &resend)
            .await
            .data(202);
    }
    let wrong = json!({"email": stage.ada.email, "password": "not the password at all"});
    shop.post("/v1/auth/login", &wrong)
        .await
        .refused(401, "invalid_credentials");
    let first = refresh_token(shop, &stage.eve.email).await;
    let refresh = |token: &str| {
        let body = json!({"refreshToken": token});
        async move { shop.post("/v1/auth/refresh", &body).await }
    };
    let next = text(&refresh(&first).await.data(200)["refreshToken"]);
    refresh(&first).await.data(200);
    shop.wait(60);
    // The thief's token twice at once: one of them ends the family.
    let (one, other) = futures::future::join(refresh(&first), refresh(&first)).await;
    one.refused(401, "invalid_refresh_token");
    other.refused(401, "invalid_refresh_token");
    refresh(&next).await.refused(401, "invalid_refresh_token");
}

/// Each operation's good request; lists page by page.
async fn every_operation(stage: &Stage) {
    let ada = again(&stage.ada).await;
    let finance = staff(&stage.shop, "finance").await;
    let admin = staff(&stage.shop, "admin").await;
    for entry in operations() {
        let good = match entry.access {
            Access::Public | Access::User | Access::UserOrGuest => {
                stage.good(&entry.spec).by(&ada.token)
            }
            Access::Staff | Access::Finance => stage.good(&entry.spec).by(&finance.token),
            Access::Admin => stage.good(&entry.spec).by(&admin.token),
        };
        good.send(&stage.shop).await;
        let paged = (entry.describe)()
            .query
            .iter()
            .any(|(name, _)| name == "cursor");
        if paged {
            let more = if good.path.contains('?') { '&' } else { '?' };
            let page = |query: &str| good.clone().at(format!("{}{more}{query}", good.path));
            let first = page("limit=1").send(&stage.shop).await;
            if let Some(cursor) = first.json["metadata"]["nextCursor"].as_str() {
                let next = page(&format!("limit=1&cursor={cursor}"));
                next.send(&stage.shop).await.data(200);
            }
            let forged = page(&format!("cursor={}", "A".repeat(80)));
            let refused = forged.send(&stage.shop).await;
            refused.refused(400, "invalid_cursor");
        }
    }
}

/// A guest's cart and an account's, and an order of the latter.
async fn carts(stage: &Stage) {
    let shop = &stage.shop;
    let path = format!("/v1/cart/items/{EDR_MONTHLY}");
    let put = |token: Option<String>| {
        let call = shop.call("PUT", &path);
        let call = match token {
            Some(token) => call.header("x-cart-token", &token),
            None => call,
        };
        call.json(&json!({"quantity": 2})).send()
    };
    let token = text(&put(None).await.data(200)["guestToken"]);
    put(Some(token.clone())).await.data(200);
    for (method, path) in [
        ("GET", "/v1/cart"),
        ("DELETE", path.as_str()),
        ("DELETE", "/v1/cart"),
    ] {
        shop.call(method, path)
            .header("x-cart-token", &token)
            .send()
            .await
            .data(200);
    }
    let eve = again(&stage.eve).await;
    for (method, path) in [
        ("PUT", path.as_str()),
        ("DELETE", &path),
        ("DELETE", "/v1/cart"),
        ("PUT", &path),
    ] {
        eve.call(method, path)
            .json(&json!({"quantity": 2}))
            .send()
            .await
            .data(200);
    }
    let order = json!({"fromCart": true, "billingAddress": address(), "returnUrl": "http://localhost:5173/", "acceptTerms": true});
    eve.call("POST", "/v1/orders")
        .key("cart")
        .json(&order)
        .send()
        .await
        .data(201);
}

/// Declines, a card that asks for authentication, a cancellation that the
/// payment overtakes, an order nobody pays.
async fn purchases(stage: &Stage) {
    let shop = &stage.shop;
    let eve = again(&stage.eve).await;
    let declined = eve.order(EDR_MONTHLY, 1, "declined").await.data(201);
    shop.pay(&declined, "4000000000009995").await;
    shop.cloud.settle().await;
    shop.pay(&declined, GOOD_CARD).await;
    shop.cloud.settle().await;
    let canceled = eve.order(EDR_MONTHLY, 1, "canceled").await.data(201);
    shop.pay(&canceled, GOOD_CARD).await;
    let path = format!("/v1/orders/{}/cancellation", text(&canceled["order"]["id"]));
    eve.call("POST", &path)
        .key("c")
        .json(&json!({}))
        .send()
        .await;
    shop.cloud.settle().await;
    eve.order(EDR_MONTHLY, 1, "abandoned").await.data(201);
    shop.advance("PT3H").await;
}

/// Events of the provider that are not believed, or not understood yet.
async fn refused_events(stage: &Stage) {
    let event = |id: &str, metadata: Value| {
        stage.event(json!({
            "id": id, "type": "payment_intent.succeeded", "livemode": false,
            "data": {"object": {"id": "pi_1", "object": "payment_intent", "status": "succeeded",
                "amount": 1, "amount_received": 1, "currency": "eur", "customer": "cus_1",
                "livemode": false, "metadata": metadata}}
        }))
    };
    event("evt_foreign", json!({})).send(&stage.shop).await;
    event("evt_foreign", json!({"x": "y"}))
        .send(&stage.shop)
        .await;
    let placed = again(&stage.eve)
        .await
        .order(EDR_MONTHLY, 1, "mismatch")
        .await
        .data(201);
    let metadata = json!({"account": stage.eve.account.to_string(),
        "payment": placed["payment"]["id"], "attempt": "1", "order": placed["order"]["id"],
        "invoice": stage.invoice});
    event("evt_cheap", metadata.clone()).send(&stage.shop).await;
    let mut unknown = metadata;
    unknown["payment"] = json!("pay_00000000000070008000000000000000");
    event("evt_early", unknown).send(&stage.shop).await;
    stage.shop.advance("PT1H").await;
}

/// Two payments: the news of one is written down but not applied, that of the
/// other is only that its page is complete.
async fn hints(stage: &Stage) {
    let shop = &stage.shop;
    for (key, kind) in [
        ("kept", "payment_intent.succeeded"),
        ("hint", "checkout.session.completed"),
    ] {
        let eve = again(&stage.eve).await;
        let placed = eve.order(EDR_MONTHLY, 1, key).await.data(201);
        shop.pay(&placed, GOOD_CARD).await;
        let event = |kind: &'static str| {
            let due = shop.cloud.simulator().due_deliveries(shop.cloud.now());
            due.into_iter().find(|event| event.event_type == kind)
        };
        let event = event(kind).unwrap();
        // Nothing cold comes between.
        stage
            .good(&operation("payment_webhook").spec)
            .send(shop)
            .await;
        if key == "kept" {
            // Its transaction fails at each of the three tries.
            for after in 2..5 {
                shop.fail(after, Fault::ServerError);
            }
        }
        let status = deliver(shop, event).await["status"].clone();
        let wanted = if key == "kept" { "kept" } else { "applied" };
        assert_eq!(status, wanted, "{kind}");
        // Its timer comes before the provider sends it again.
        shop.wait(600);
        shop.tick("reconcile_payments").await;
        shop.advance("PT1H").await;
    }
}

/// Posts an event of the provider; what became of it.
async fn deliver(shop: &Shop, event: Delivery) -> Value {
    let sent = shop.post_event(&event.signature_header, event.body).await;
    sent.data(200)
}

/// A shop whose stream nobody carries in time: timers hand its events on.
async fn undelivered() -> Shop {
    let shop = Shop::with(Options {
        stream: StreamDelivery::OnDemand,
        ..Options::test()
    })
    .await;
    let customer = shop.cloud.logins().remove(0);
    let camille = shop.log_in(&customer.email, &customer.password).await;
    shop.post("/v1/auth/register", &registration("new@example.com"))
        .await
        .data(202);
    let nobody = json!({"email": "nobody@example.com"});
    shop.post("/v1/auth/resend-verification", &nobody)
        .await
        .data(202);
    let placed = camille.order(EDR_MONTHLY, 1, "k").await.data(201);
    shop.pay(&placed, GOOD_CARD).await;
    for event in shop.cloud.simulator().due_deliveries(shop.cloud.now()) {
        deliver(&shop, event).await;
    }
    shop.wait(600);
    shop.tick("reconcile_payments").await;
    shop.cloud.settle().await;
    let mails = shop.cloud.mails(None);
    assert_eq!(mails.len(), 2, "a verification and a confirmation");
    shop
}

/// Replies that never came, functions that died, events nobody carried.
async fn lost_and_found(stage: &Stage) {
    let shop = &stage.shop;
    let eve = again(&stage.eve).await;
    shop.faults(json!({"provider": {"replyLost": 1.0}, "seed": 1}))
        .await;
    eve.order(EDR_MONTHLY, 1, "lost")
        .await
        .refused(503, "unavailable");
    shop.faults(json!({})).await;
    shop.wait(20);
    let placed = eve.order(EDR_MONTHLY, 1, "lost").await.data(201);
    shop.faults(json!({"webhooks": {"drop": 1.0}, "seed": 1}))
        .await;
    shop.pay(&placed, GOOD_CARD).await;
    shop.advance("PT30M").await;
    shop.faults(json!({})).await;
    let eve = again(&eve).await;
    // One client comes back, another does not: then the reconciler opens the page.
    for (after, key) in (2..9).flat_map(|after| [(after, "back"), (after, "gone")]) {
        shop.fail(after, Fault::CrashAfter);
        eve.order(EDR_MONTHLY, 1, &format!("{key}-{after}")).await;
        if key == "back" {
            shop.wait(20);
            eve.order(EDR_MONTHLY, 1, &format!("{key}-{after}")).await;
        }
    }
    shop.advance("PT2H").await;
}

/// A renewal, one that is declined and recovers, one that never does.
async fn renewals(stage: &Stage) {
    let shop = &stage.shop;
    shop.advance("P1M").await;
    shop.cards(&stage.ada.email, "insufficient_funds").await;
    shop.cards(&stage.eve.email, "stolen_card").await;
    shop.advance("P1M").await;
    shop.advance("P3D").await;
    shop.cards(&stage.ada.email, "ok").await;
    shop.advance("P1M").await;
    shop.faults(json!({"provider": {"replyLost": 0.5}, "seed": 3}))
        .await;
    shop.advance("P1M").await;
    shop.faults(json!({})).await;
    shop.wait(31 * 24 * 3600);
    // Sixteen shards are asked what is due; then none of it can be read.
    for after in 17..30 {
        shop.fail(after, Fault::ServerError);
    }
    let swept = shop.tick("renew_subscriptions").await;
    assert_ne!(swept["failed"], 0);
    shop.advance("P1M").await;
}

/// New secrets: what is signed with the old ones is still read.
async fn rotation(stage: &Stage) {
    let shop = &stage.shop;
    let before = refresh_token(shop, &stage.eve.email).await;
    let before = json!({"refreshToken": before});
    for secret in [
        Secret::SigningKey,
        Secret::TokenKeys,
        Secret::Pepper,
        Secret::WebhookSecret,
    ] {
        let text = shop.cloud.secret(secret);
        shop.cloud
            .rotate_secret(secret, text.chars().rev().collect());
    }
    shop.wait(600);
    shop.cloud.stop_functions();
    shop.post("/v1/auth/refresh", &before).await.data(200);
    let ada = again(&stage.ada).await;
    ada.get("/v1/me").await.data(200);
    let token = refresh_token(shop, &stage.eve.email).await;
    let body = json!({"refreshToken": token});
    shop.post("/v1/auth/refresh", &body).await.data(200);
    stage
        .good(&operation("payment_webhook").spec)
        .send(shop)
        .await;
    ada.order(EDR_MONTHLY, 1, "rotated").await;
    shop.cloud.settle().await;
}
