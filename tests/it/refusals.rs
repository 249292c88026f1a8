//! What a refusal may cost: nothing when the request itself is at fault, one
//! round trip when the table must say so.

use crate::cost::{Cost, effects};
use serde_json::{Value, json};
use tests::shop::registration;
use tests::stage::{Ask, Stage, operation};

fn good(stage: &Stage, id: &str) -> Ask {
    stage.good(&operation(id).spec)
}

/// Refused requests of one operation: status, round trips, request.
type Refusals = Vec<(u16, usize, Ask)>;

fn orders(stage: &Stage) -> Vec<(&'static str, Refusals)> {
    let ada = &stage.ada.token;
    let order = good(stage, "create_order");
    let with = |pointer: &str, value: Value| {
        let mut body = order.body.clone().unwrap();
        *body.pointer_mut(pointer).unwrap() = value;
        order.clone().json(body).by(ada)
    };
    let cancel = good(stage, "cancel_order");
    let paid = format!("/v1/orders/{}/cancellation", stage.order);
    let pay = good(stage, "pay_order");
    let settled = format!("/v1/orders/{}/payment", stage.order);
    let mut refusals = vec![
        (
            "create_order",
            vec![
                (401, 0, order.clone()),
                (401, 0, order.clone().by("ey.ey.ey")),
                (400, 0, order.clone().bare().by(ada)),
                (422, 0, with("/items", json!([]))),
                (422, 0, with("/returnUrl", json!("https://evil.example/"))),
                (422, 1, with("/items/0/quantity", json!(1_000_000))),
                (403, 1, with("/billingAddress/country", json!("KP"))),
            ],
        ),
        ("cancel_order", vec![(409, 1, cancel.at(paid).by(ada))]),
        (
            "pay_order",
            vec![
                (409, 1, pay.clone().at(settled).by(ada)),
                (400, 0, pay.bare().by(ada)),
            ],
        ),
        (
            "list_orders",
            vec![(
                400,
                0,
                good(stage, "list_orders").at("/v1/orders?cursor=x").by(ada),
            )],
        ),
    ];
    for id in [
        "pay_order",
        "cancel_order",
        "get_order",
        "get_order_timeline",
        "get_subscription",
        "list_renewals",
        "get_invoice",
        "get_invoice_pdf",
    ] {
        let foreign = good(stage, id).by(&stage.eve.token);
        refusals.push((id, vec![(401, 0, good(stage, id)), (404, 1, foreign)]));
    }
    refusals
}

fn others(stage: &Stage) -> Vec<(&'static str, Refusals)> {
    let ask = |id: &str, body: Value| good(stage, id).json(body);
    let mut weak = registration("weak@example.com");
    weak["password"] = json!("password");
    let login = |email: &str| ask("login", json!({"email": email, "password": "wrong"}));
    let refresh = |token: &str| ask("refresh_session", json!({"refreshToken": token}));
    vec![
        ("register", vec![(422, 0, ask("register", weak))]),
        (
            "login",
            vec![
                (401, 1, login("ada@example.com")),
                // The bucket of the address is not full any more: one update
                // is refused and tells what the next one must say.
                (401, 2, login("nobody@example.com")),
            ],
        ),
        (
            "verify_email",
            vec![(400, 1, ask("verify_email", json!({"token": "x"})))],
        ),
        (
            "refresh_session",
            vec![
                (401, 0, refresh("x")),
                (401, 0, refresh(&stage.refresh_token[1..])),
            ],
        ),
        (
            "payment_webhook",
            vec![(400, 0, good(stage, "payment_webhook").bare())],
        ),
        (
            "get_product",
            vec![(404, 0, good(stage, "get_product").at("/v1/products/none"))],
        ),
        (
            "set_cart_item",
            vec![(422, 0, good(stage, "set_cart_item").at("/v1/cart/items/x"))],
        ),
    ]
}

#[tokio::test]
async fn a_refusal_costs_one_round_trip_at_most_and_none_when_the_request_itself_is_wrong() {
    let stage = Stage::set().await;
    let shop = &stage.shop;
    for (id, refusals) in orders(&stage).into_iter().chain(others(&stage)) {
        for (status, trips, ask) in refusals {
            // Logins are warm already, and take from buckets.
            if id != "login" {
                ask.send(shop).await;
            }
            let (answer, trace) = effects(shop, id, ask.send(shop)).await;
            assert_eq!(answer.status, status, "{id} {ask:?}: {}", answer.json);
            let cost = Cost::of(&trace);
            assert_eq!(
                cost.writes, 0,
                "{id} wrote more than rate counters: {trace:#?}"
            );
            assert_eq!(cost.trips, trips, "{id} {ask:?}: {trace:#?}");
            assert_eq!((cost.provider, cost.secrets), (0, 0), "{id} {ask:?}");
        }
    }
}
