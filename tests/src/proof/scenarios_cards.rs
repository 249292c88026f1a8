//! Stories about saved cards: how they come, which one pays, how they go.

use super::scenario::{Act, Scenario};
use super::scenarios::silence;
use crate::shop::{local_path, return_to, text};
use crate::stage::{Ask, Stage, operation};
use futures::FutureExt as _;
use jiff::SignedDuration;
use local::Faults;
use serde_json::{Value, json};

/// A card nobody on the stage has yet.
const NEW_CARD: &str = "2223003122003222";

/// Every story about cards.
pub(super) fn of_cards() -> Vec<Scenario> {
    let webhook = |about, prepare| Scenario::new("payment_webhook", about, prepare);
    let reconcile = |about, prepare| Scenario::new("reconcile_payments", about, prepare);
    vec![
        webhook("a card is given", |stage| given(stage).boxed()),
        webhook("a page for a card expires", |stage| unused(stage).boxed()),
        webhook("a bank renews the cards", |stage| renewed(stage).boxed()),
        webhook("the provider forgets a card", |stage| {
            detached(stage).boxed()
        }),
        reconcile("no event tells of a card", |stage| unheard(stage).boxed()),
        reconcile("a removed card is to be forgotten", |stage| {
            left(stage).boxed()
        }),
        reconcile("a new card is to be tried", |stage| replaced(stage).boxed()),
        reconcile("a card is about to expire", |stage| expiring(stage).boxed()),
        Scenario::new("renew_subscriptions", "a new card pays", |stage| {
            tried(stage).boxed()
        }),
        Scenario::new("create_payment_method", "a customer's first", |stage| {
            first(stage).boxed()
        }),
    ]
}

/// Ada opens a page for a card.
async fn asked(stage: &Stage) -> Value {
    let call = stage.ada.call("POST", "/v1/payment-methods").key("story");
    call.json(&return_to()).send().await.data(201)
}

async fn give(stage: &Stage, asked: &Value) {
    let path = local_path(&text(&asked["setupUrl"]));
    let given = stage.shop.post(&path, &json!({"card": NEW_CARD})).await;
    assert_eq!(given.json["status"], "paid", "{}", given.json);
}

async fn given(stage: &Stage) -> Act {
    let page = asked(stage).await;
    give(stage, &page).await;
    Act::Settle
}

async fn unused(stage: &Stage) -> Act {
    asked(stage).await;
    stage.shop.wait(3_700);
    Act::Settle
}

async fn renewed(stage: &Stage) -> Act {
    let expiry = json!({"email": stage.ada.email, "expires": "2041-02"});
    let answer = stage.shop.post("/_local/cards", &expiry).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    Act::Settle
}

/// Somebody detaches Ada's second card in the provider's own pages.
async fn detached(stage: &Stage) -> Act {
    let book = stage.shop.cloud.simulator().book();
    let cards = book["cards"].as_array().unwrap();
    let second = cards.iter().find(|it| it["card"]["last4"] == "4444");
    let method = text(&second.unwrap()["id"]);
    let path = format!("/v1/payment_methods/{method}/detach");
    stage.shop.ask_provider(&path, String::new());
    Act::Settle
}

async fn unheard(stage: &Stage) -> Act {
    let page = asked(stage).await;
    silence(stage);
    give(stage, &page).await;
    stage.shop.cloud.settle().await;
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    stage.shop.wait(660);
    Act::Tick("reconcile_payments")
}

async fn left(stage: &Stage) -> Act {
    stage.shop.cut_off_provider().await;
    let path = format!("/v1/payment-methods/{}", stage.spare_card);
    stage.ada.call("DELETE", &path).send().await.data(200);
    stage.shop.cloud.set_faults(Faults::default()).unwrap();
    stage.shop.wait(660);
    Act::Tick("reconcile_payments")
}

/// Ada's cards expire with next month: two weeks later she is to be told.
async fn expiring(stage: &Stage) -> Act {
    let month = stage.shop.cloud.now() + SignedDuration::from_hours(31 * 24);
    let month = month.to_string();
    let expiry = json!({"email": stage.ada.email, "expires": month.get(..7)});
    let answer = stage.shop.post("/_local/cards", &expiry).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    stage.shop.cloud.settle().await;
    stage.shop.wait(16 * 24 * 3_600);
    Act::Tick("reconcile_payments")
}

/// Ada's card was stolen, and a renewal failed; she chooses the other one.
async fn replaced(stage: &Stage) -> Act {
    let behave = json!({"email": stage.ada.email, "behave": "stolen_card"});
    stage.shop.post("/_local/cards", &behave).await;
    stage.shop.advance("P32D").await;
    stage.shop.cards(&stage.ada.email, "ok").await;
    let ada = stage.shop.log_in(&stage.ada.email, crate::shop::PASSWORD);
    let path = format!("/v1/payment-methods/{}/default", stage.card);
    ada.await.call("PUT", &path).send().await.data(200);
    Act::Tick("reconcile_payments")
}

async fn tried(stage: &Stage) -> Act {
    replaced(stage).await.once(stage).await;
    Act::Tick("renew_subscriptions")
}

async fn first(stage: &Stage) -> Act {
    let spec = operation("create_payment_method").spec;
    let ask: Ask = stage.good(&spec);
    Act::Ask(ask.by(&stage.eve.token))
}
