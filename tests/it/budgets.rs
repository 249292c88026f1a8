//! What a request may cost: round trips to the table that wait for one
//! another, calls to the provider, capacity. Counted from recorded calls, so
//! that the numbers are the same on every machine.

use crate::cost::{Cost, effects};
use domain::account::Account;
use local::{Effect, Service, SourceIp};
use platform::store::{CommitError, Transaction, keys};
use serde_json::json;
use std::net::IpAddr;
use tests::shop::{EDR_MONTHLY, EDR_YEARLY, GOOD_CARD, PASSWORD, Shop};
use tests::stage::{Ask, Stage, operation, refresh_token};

/// What a request costs that succeeds, in an environment that is warm.
async fn success(stage: &Stage, id: &str, ask: &Ask) -> Cost {
    let (answer, effects) = effects(&stage.shop, id, ask.send(&stage.shop)).await;
    assert!((200..300).contains(&answer.status), "{id}: {}", answer.json);
    let cost = Cost::of(&effects);
    assert_eq!(cost.secrets, 0, "{id} read a secret it had: {effects:#?}");
    cost
}

/// Asserts round trips, calls to the provider, and capacity that is not passed.
#[track_caller]
fn assert_costs(id: &str, cost: &Cost, trips: usize, provider: usize, units: u64) {
    assert_eq!(
        (cost.trips, cost.provider),
        (trips, provider),
        "{id}: {cost:?}"
    );
    assert!(
        cost.units <= units,
        "{id} consumes {} units, not {units} at most",
        cost.units
    );
}

/// Posts from a client address; the status.
async fn from(shop: &Shop, address: IpAddr, ask: &Ask) -> u16 {
    let body = ask.body.as_ref().unwrap().to_string();
    let request = http::Request::post(&ask.path)
        .header("content-type", "application/json")
        .extension(SourceIp(address))
        .body(body.into())
        .unwrap();
    shop.cloud.request(request).await.status().as_u16()
}

fn good(stage: &Stage, id: &str) -> Ask {
    stage.good(&operation(id).spec)
}

#[tokio::test]
async fn a_read_of_ones_own_is_one_round_trip_and_the_token_costs_none() {
    let stage = Stage::set().await;
    for (id, trips, units) in [
        ("get_profile", 1, 2),
        ("get_order", 1, 1),
        ("get_subscription", 1, 1),
        ("list_orders", 1, 2),
        ("list_payments", 1, 2),
        ("list_payment_methods", 1, 1),
        // The order, then the payment and the invoice it names.
        ("get_order_timeline", 2, 3),
        ("list_subscriptions", 1, 1),
        ("list_invoices", 1, 2),
        ("get_invoice", 1, 2),
        ("get_invoice_pdf", 1, 2),
        ("get_cart", 1, 1),
        // The subscription, its periods, and what they cite: each is known
        // only from the one before.
        ("list_renewals", 3, 4),
    ] {
        let ask = good(&stage, id).by(&stage.ada.token);
        ask.send(&stage.shop).await;
        let cost = success(&stage, id, &ask).await;
        assert_costs(id, &cost, trips, 0, units);
        assert_eq!(cost.writes, 0, "{id} writes");
    }
}

#[tokio::test]
async fn browsing_and_the_pages_about_the_api_read_nothing() {
    let stage = Stage::set().await;
    for id in [
        "list_products",
        "get_product",
        "health",
        "openapi",
        "docs",
        "no_route",
    ] {
        let ask = good(&stage, id);
        ask.send(&stage.shop).await;
        let (_, effects) = effects(&stage.shop, id, ask.send(&stage.shop)).await;
        assert_eq!(effects, [], "{id}");
    }
    // Half a minute later the head of the snapshot is looked at once more.
    stage
        .shop
        .cloud
        .skip_to(stage.shop.cloud.now() + jiff::SignedDuration::from_secs(30));
    for expected in [1, 0, 0] {
        let ask = good(&stage, "list_products");
        let (_, effects) = effects(&stage.shop, "list_products", ask.send(&stage.shop)).await;
        assert_eq!(effects.len(), expected);
    }
}

#[tokio::test]
async fn a_change_of_the_cart_is_one_round_trip_and_its_first_line_two() {
    let stage = Stage::set().await;
    let set = good(&stage, "set_cart_item");
    let new = success(&stage, "set_cart_item", &set.clone().by(&stage.eve.token)).await;
    assert_costs("set_cart_item, new cart", &new, 2, 0, 2);
    let guest = success(&stage, "set_cart_item", &set.clone()).await;
    assert_costs("set_cart_item, new guest", &guest, 1, 0, 1);
    for (id, ask) in [
        ("set_cart_item", set.by(&stage.ada.token)),
        (
            "remove_cart_item",
            good(&stage, "remove_cart_item").by(&stage.ada.token),
        ),
        (
            "clear_cart",
            good(&stage, "clear_cart").by(&stage.ada.token),
        ),
    ] {
        ask.send(&stage.shop).await;
        assert_costs(id, &success(&stage, id, &ask).await, 1, 0, 1);
    }
}

#[tokio::test]
async fn identity_keeps_to_its_round_trips() {
    let stage = Stage::set().await;
    let shop = &stage.shop;
    let register = good(&stage, "register");
    let resend = |email: &str| Ask {
        body: Some(json!({"email": email})),
        ..good(&stage, "resend_verification")
    };
    for (client, id, ask, units) in [
        (0, "resend_verification", resend("warm@example.com"), 12),
        (1, "register", register.clone(), 34),
        (2, "register", register, 34),
        (3, "resend_verification", resend("newcomer@example.com"), 12),
        (4, "resend_verification", resend("nobody@example.com"), 12),
    ] {
        // From an address of its own, whose bucket is full: one that is not
        // costs another round trip, and a client that asks that often may wait.
        let address = IpAddr::from([192, 0, 2, client]);
        let (answer, trace) = effects(shop, id, from(shop, address, &ask)).await;
        assert_eq!(answer, 202, "{id}");
        if client == 0 {
            continue;
        }
        assert_costs(&format!("{id}, {client}"), &Cost::of(&trace), 2, 0, units);
    }
    // The token, its user, the login of that user's address: each is known
    // only from the one before. Nobody waits for it but a newcomer, once.
    let verify = success(&stage, "verify_email", &good(&stage, "verify_email")).await;
    assert_costs("verify_email", &verify, 4, 0, 24);
    let login = success(&stage, "login", &good(&stage, "login")).await;
    assert_costs("login", &login, 2, 0, 8);

    let first = refresh_token(shop, &stage.ada.email).await;
    let ask = |token: &str| Ask {
        body: Some(json!({"refreshToken": token})),
        ..good(&stage, "refresh_session")
    };
    let warm = refresh_token(shop, &stage.eve.email).await;
    ask(&warm).send(shop).await.data(200);
    let rotated = success(&stage, "refresh_session", &ask(&first)).await;
    assert_costs("refresh_session", &rotated, 1, 0, 2);
    let grace = success(&stage, "refresh_session", &ask(&first)).await;
    assert_costs("refresh_session, second tab", &grace, 1, 0, 2);
    assert_eq!(
        grace.writes, 1,
        "the update that is refused is the only one tried"
    );
    shop.cloud
        .skip_to(shop.cloud.now() + jiff::SignedDuration::from_secs(60));
    let (answer, trace) = effects(shop, "refresh_session", ask(&first).send(shop)).await;
    answer.refused(401, "invalid_refresh_token");
    assert_costs("refresh_session, reuse", &Cost::of(&trace), 2, 0, 8);
    let logout = good(&stage, "logout");
    logout.send(shop).await;
    assert_costs("logout", &success(&stage, "logout", &logout).await, 1, 0, 2);
}

#[tokio::test]
async fn an_order_is_three_round_trips_and_its_replay_one() {
    let stage = Stage::set().await;
    let order = good(&stage, "create_order").by(&stage.ada.token);
    let placed = success(&stage, "create_order", &order).await;
    // The payment page. The customer is known at the provider by now.
    assert_costs("create_order", &placed, 3, 1, 40);
    let replay = success(&stage, "create_order", &order).await;
    assert_costs("create_order, replay", &replay, 1, 0, 6);
    assert_eq!(replay.writes, 0);
    let first = good(&stage, "create_order").by(&stage.eve.token);
    let first = success(&stage, "create_order", &first).await;
    assert_costs("create_order, new customer", &first, 3, 2, 44);

    let pay = good(&stage, "pay_order").by(&stage.ada.token);
    let warm = Ask {
        path: pay.path.replace(&stage.pending, &stage.other_pending),
        ..pay.clone().with("idempotency-key", "warm")
    };
    warm.send(&stage.shop).await.data(200);
    let paid = success(&stage, "pay_order", &pay).await;
    // What there is, the claim, the closed page, the open one, the answer.
    assert_costs("pay_order", &paid, 7, 2, 51);
    let replay = success(&stage, "pay_order", &pay).await;
    assert_costs("pay_order, replay", &replay, 1, 0, 6);

    let cancel = good(&stage, "cancel_order").by(&stage.ada.token);
    let warm = Ask {
        path: cancel.path.replace(&stage.pending, &stage.other_pending),
        ..cancel.clone()
    };
    warm.send(&stage.shop).await.data(200);
    let canceled = success(&stage, "cancel_order", &cancel).await;
    // Two decide and commit; the third reads which page to close.
    assert_costs("cancel_order", &canceled, 3, 1, 14);
}

#[tokio::test]
async fn a_webhook_is_six_round_trips_when_it_is_new_and_one_when_it_is_not() {
    let stage = Stage::set().await;
    let shop = &stage.shop;
    let placed = stage.ada.order(EDR_MONTHLY, 2, "k").await.data(201);
    shop.pay(&placed, GOOD_CARD).await;
    let due = shop.cloud.simulator().due_deliveries(shop.cloud.now());
    let paid = due
        .into_iter()
        .find(|event| event.event_type == "payment_intent.succeeded");
    let paid = paid.expect("the event that says so");
    let send = || shop.post_event(&paid.signature_header, paid.body.clone());
    let (answer, trace) = effects(shop, "payment_webhook", send()).await;
    assert_eq!(answer.data(200)["status"], "applied");
    // What the payment was for, its effect; the number of the invoice, the
    // invoice; then the card that paid is read at the provider and listed.
    assert_costs("payment_webhook, new", &Cost::of(&trace), 6, 1, 90);
    let (answer, trace) = effects(shop, "payment_webhook", send()).await;
    assert_eq!(answer.data(200)["status"], "repeated");
    let cost = Cost::of(&trace);
    assert_costs("payment_webhook, duplicate", &cost, 1, 0, 12);
    assert_eq!(cost.writes, 0);
    let ignored = success(&stage, "payment_webhook", &good(&stage, "payment_webhook")).await;
    assert_costs("payment_webhook, of no concern", &ignored, 0, 0, 0);
}

#[tokio::test]
async fn a_renewal_is_three_round_trips_beside_its_number() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 1).await;
    let sweep = || {
        shop.cloud
            .run_job("renew_subscriptions", json!({"version": 1}))
    };
    sweep().await.unwrap();
    shop.cloud.skip_to("2026-02-28T09:01:00Z".parse().unwrap());
    let (swept, trace) = effects(&shop, "renew_subscriptions", sweep()).await;
    swept.unwrap();
    let (asked, renewal): (Vec<_>, Vec<_>) = trace
        .into_iter()
        .filter(|effect| effect.service != Service::Secrets)
        .partition(|effect| effect.index.is_some());
    // All shards are asked at once.
    assert_eq!(Cost::of(&asked).trips, 1);
    // What is due, the attempt, its outcome; then the number and the invoice.
    assert_costs("renew_subscriptions", &Cost::of(&renewal), 5, 1, 61);
}

#[tokio::test]
async fn a_renewal_costs_the_same_beside_one_subscription_and_beside_many() {
    let mut costs = Vec::new();
    for subscriptions in [1, 8] {
        let shop = Shop::at("2026-01-31T09:00:00Z").await;
        let ada = shop.customer("ada@example.com").await;
        for _ in 0..subscriptions {
            ada.buy(EDR_MONTHLY, 1).await;
        }
        // Not due: it must not cost either.
        ada.buy(EDR_YEARLY, 1).await;
        let sweep = || {
            shop.cloud
                .run_job("renew_subscriptions", json!({"version": 1}))
        };
        sweep().await.unwrap();
        shop.cloud.skip_to("2026-02-28T09:01:00Z".parse().unwrap());
        let (_, trace) = effects(&shop, "renew_subscriptions", sweep()).await;
        let calls: Vec<Effect> = trace
            .into_iter()
            .filter(|effect| effect.index.is_none() && effect.service != Service::Secrets)
            .collect();
        let ada = shop.log_in(&ada.email, PASSWORD).await;
        assert_eq!(ada.invoices().await.len(), 2 * subscriptions + 1);
        costs.push(Cost::of(&calls).units);
    }
    assert!(
        10 * costs[1] <= 11 * 8 * costs[0],
        "one costs {}, eight cost {}",
        costs[0],
        costs[1]
    );
}

#[tokio::test]
async fn a_capture_that_came_too_late_is_given_back_and_then_looked_up_no_more() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    // Paid, but nobody here knows yet.
    shop.pay(&placed, GOOD_CARD).await;
    ada.cancel(&placed).await.data(200);
    shop.advance("PT3H").await;
    shop.audit(&ada).await;
    let ran = shop.cloud.advance("P1D").await.unwrap();
    assert_eq!(
        ran.get("reconcile_payments"),
        None,
        "there is nothing left to look up"
    );
}

#[tokio::test]
async fn a_month_in_which_nothing_is_due_costs_nothing() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_YEARLY, 1).await;
    ada.order(EDR_MONTHLY, 1, "never paid").await.data(201);
    shop.advance("P1D").await;
    let ran = shop.cloud.advance("P1M").await.unwrap();
    assert!(ran.is_empty(), "{ran:?}");
}

#[tokio::test]
async fn a_refused_condition_is_an_answer_and_not_tried_again() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let app = shop.cloud.app("test");
    let key = keys::account(ada.account);
    let read = app.store().get::<Account>(&key).await.unwrap().unwrap();
    let replace = async |version| {
        let mut act = Transaction::new(app.new_id().unwrap());
        act.replace(version, &read.value, "it changed");
        app.store().commit(act).await
    };
    replace(read.version).await.unwrap();
    let (second, calls) = effects(&shop, "test", replace(read.version)).await;
    assert!(matches!(second, Err(CommitError::Refused("it changed"))));
    assert_eq!(calls.len(), 1, "{calls:#?}");
}
