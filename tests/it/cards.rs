//! Saved cards: how they come, which one pays, how they go.

mod full;
mod trying;

use local::{Faults, Share};
use serde_json::{Value, json};
use tests::shop::{
    Answer, EDR_MONTHLY, GOOD_CARD, OTHER_CARD, SPARE_CARD, Shop, User, local_path, return_to, text,
};

pub(crate) async fn cards(user: &User) -> Vec<Value> {
    let listed = user.get("/v1/payment-methods").await.data(200);
    listed.as_array().unwrap().clone()
}

/// The last digits of the cards, the default marked.
pub(crate) async fn digits(user: &User) -> Vec<String> {
    let cards = cards(user).await;
    let mark = |card: &Value| match card["isDefault"] == true {
        true => format!("{} default", text(&card["last4"])),
        false => text(&card["last4"]),
    };
    cards.iter().map(mark).collect()
}

async fn ask_page(user: &User, key: &str) -> Answer {
    let call = user.call("POST", "/v1/payment-methods").key(key);
    call.json(&return_to()).send().await
}

async fn give(shop: &Shop, asked: &Value, card: &str) -> Value {
    let path = local_path(&text(&asked["setupUrl"]));
    shop.post(&path, &json!({"card": card})).await.json
}

async fn set_default(user: &User, card: &Value) -> Answer {
    let path = format!("/v1/payment-methods/{}/default", text(&card["id"]));
    user.call("PUT", &path).send().await
}

async fn remove(user: &User, card: &Value) -> Answer {
    let path = format!("/v1/payment-methods/{}", text(&card["id"]));
    user.call("DELETE", &path).send().await
}

/// Somebody who bought with [`GOOD_CARD`] on 10 January.
pub(crate) async fn buyer() -> (Shop, User, String) {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    (shop, ada, id)
}

/// The last digits of what the provider holds for customers.
fn held(shop: &Shop) -> Vec<String> {
    let book = shop.cloud.simulator().book();
    let cards = book["cards"].as_array().unwrap().clone();
    cards.iter().map(|it| text(&it["card"]["last4"])).collect()
}

/// The last digits of the card that made the last charge.
pub(crate) fn charged(shop: &Shop) -> String {
    let book = shop.cloud.simulator().book();
    let last = book["payments"].as_array().unwrap().last().unwrap().clone();
    let cards = book["cards"].as_array().unwrap().clone();
    let card = cards.iter().find(|it| it["id"] == last["paymentMethod"]);
    text(&card.unwrap()["card"]["last4"])
}

pub(crate) async fn again(shop: &Shop, user: &User) -> User {
    shop.log_in(&user.email, tests::shop::PASSWORD).await
}

#[tokio::test]
async fn the_card_an_order_is_paid_with_is_listed_without_its_number() {
    let (shop, ada, _) = buyer().await;
    let listed = ada.get("/v1/payment-methods").await;
    assert!(!String::from_utf8_lossy(&listed.bytes).contains(GOOD_CARD));
    let listed = listed.data(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let card = &listed[0];
    assert!(text(&card["id"]).starts_with("pm_"));
    assert_eq!(card["brand"], "visa");
    assert_eq!(card["last4"], "4242");
    assert_eq!(card["expiryMonth"], 12);
    assert_eq!(card["expiryYear"], 2040);
    assert_eq!(card["expired"], false);
    assert_eq!(card["isDefault"], true);
    let eve = shop.customer("eve@example.com").await;
    assert_eq!(cards(&eve).await, Vec::<Value>::new());
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_capture_is_settled_though_its_card_cannot_be_read_and_the_card_listed_later() {
    let (shop, ada, _) = buyer().await;
    let placed = ada.order(EDR_MONTHLY, 1, "second").await.data(201);
    shop.pay(&placed, OTHER_CARD).await;
    shop.cut_off_provider().await;
    shop.cloud.settle().await;
    assert_eq!(ada.standing(&placed).await["status"], "paid");
    assert_eq!(digits(&ada).await, ["4242 default"]);
    shop.faults(json!({})).await;
    shop.advance("PT3M").await;
    assert_eq!(digits(&ada).await, ["4242 default", "4444"]);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_card_given_on_a_page_is_one_card_whatever_events_come() {
    let (shop, ada, _) = buyer().await;
    let asked = ask_page(&ada, "one").await.data(201);
    let repeated = ask_page(&ada, "one").await;
    assert_eq!(repeated.header("idempotency-replayed"), "true");
    assert_eq!(repeated.data(201)["setupUrl"], asked["setupUrl"]);
    assert_eq!(give(&shop, &asked, OTHER_CARD).await["status"], "paid");
    shop.cloud.settle().await;
    let sent = shop.cloud.simulator().book()["events"]
        .as_array()
        .unwrap()
        .clone();
    let about = |kind: &str| sent.iter().filter(|it| it["type"] == kind).count();
    assert_eq!(about("setup_intent.succeeded"), 1, "{sent:?}");
    for event in sent.iter().rev() {
        let path = format!("/_local/events/{}/redeliver", text(&event["id"]));
        assert_eq!(shop.post(&path, &json!({})).await.status, 200);
    }
    assert_eq!(digits(&ada).await, ["4242 default", "4444"]);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_page_whose_events_were_lost_is_looked_up() {
    let (shop, ada, _) = buyer().await;
    let asked = ask_page(&ada, "unheard").await.data(201);
    let mut faults = Faults::default();
    faults.webhooks.lose = Share::ALL;
    shop.cloud.set_faults(faults).unwrap();
    give(&shop, &asked, OTHER_CARD).await;
    shop.cloud.settle().await;
    assert_eq!(digits(&ada).await, ["4242 default"]);
    shop.advance("PT11M").await;
    assert_eq!(digits(&ada).await, ["4242 default", "4444"]);
    shop.cloud.set_faults(Faults::default()).unwrap();
    // A page nobody uses ends as well.
    ask_page(&ada, "unused").await.data(201);
    shop.advance("PT2H").await;
    assert_eq!(digits(&again(&shop, &ada).await).await.len(), 2);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_first_card_needs_no_order() {
    let shop = Shop::open().await;
    let eve = shop.customer("eve@example.com").await;
    let card = shop.give_card(&eve, OTHER_CARD).await;
    assert_eq!(card["isDefault"], true);
    // It is one customer at the provider, and stays it.
    eve.buy(EDR_MONTHLY, 1).await;
    let book = shop.cloud.simulator().book();
    assert_eq!(book["customers"].as_array().unwrap().len(), 1);
    assert_eq!(digits(&eve).await, ["4444 default", "4242"]);
    shop.audit(&eve).await;
}

#[tokio::test]
async fn renewals_are_charged_to_the_default_card() {
    let (shop, ada, id) = buyer().await;
    let other = shop.give_card(&ada, OTHER_CARD).await;
    assert_eq!(other["isDefault"], false);
    for _ in 0..2 {
        let card = set_default(&ada, &other).await.data(200);
        assert_eq!(card["isDefault"], true);
    }
    assert_eq!(digits(&ada).await, ["4242", "4444 default"]);
    shop.advance("P32D").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.first_renewal(&id).await.1, ["succeeded"]);
    assert_eq!(charged(&shop), "4444");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn the_card_subscriptions_renew_by_stays_and_others_go() {
    let (shop, ada, _) = buyer().await;
    let first = cards(&ada).await.remove(0);
    let other = shop.give_card(&ada, OTHER_CARD).await;
    let before = shop.digest().await;
    remove(&ada, &first).await.refused(409, "card_in_use");
    assert_eq!(shop.digest().await, before);
    let left = remove(&ada, &other).await.data(200);
    assert_eq!(left, json!([first]));
    assert_eq!(digits(&ada).await, ["4242 default"]);
    assert_eq!(held(&shop), ["4242"]);
    // A repetition succeeds, with one effect.
    assert_eq!(remove(&ada, &other).await.data(200), left);
    set_default(&ada, &other).await.refused(404, "not_found");
    let eve = shop.customer("eve@example.com").await;
    set_default(&eve, &first).await.refused(404, "not_found");
    remove(&eve, &first).await.refused(404, "not_found");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn where_nothing_renews_every_card_goes() {
    let shop = Shop::open().await;
    let eve = shop.customer("eve@example.com").await;
    let first = shop.give_card(&eve, GOOD_CARD).await;
    shop.give_card(&eve, OTHER_CARD).await;
    remove(&eve, &first).await.data(200);
    let left = cards(&eve).await;
    assert_eq!(digits(&eve).await, ["4444 default"]);
    remove(&eve, &left[0]).await.data(200);
    // A charge of one that was the default might just be beginning.
    shop.advance("PT16M").await;
    assert_eq!(held(&shop), Vec::<String>::new());
    let eve = again(&shop, &eve).await;
    // And one that comes after that is the default again.
    assert_eq!(shop.give_card(&eve, SPARE_CARD).await["isDefault"], true);
    shop.audit(&eve).await;
}

#[tokio::test]
async fn a_removed_card_is_forgotten_by_the_provider_though_it_did_not_answer_at_first() {
    let (shop, ada, _) = buyer().await;
    let other = shop.give_card(&ada, OTHER_CARD).await;
    shop.cut_off_provider().await;
    remove(&ada, &other).await.data(200);
    assert_eq!(held(&shop), ["4242", "4444"]);
    shop.faults(json!({})).await;
    shop.advance("PT12M").await;
    assert_eq!(held(&shop), ["4242"]);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn the_same_card_given_again_is_one_and_charged_by_its_newer_method() {
    let (shop, ada, _) = buyer().await;
    let first = cards(&ada).await.remove(0);
    let same = shop.give_card(&ada, GOOD_CARD).await;
    assert_eq!(same["id"], first["id"]);
    assert_eq!(held(&shop), ["4242", "4242"]);
    shop.advance("PT17M").await;
    assert_eq!(held(&shop), ["4242"]);
    shop.advance("P32D").await;
    assert_eq!(charged(&shop), "4242");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn after_a_hard_decline_a_new_default_is_tried_at_once() {
    let (shop, ada, id) = buyer().await;
    shop.cards(&ada.email, "stolen_card").await;
    shop.advance("P33D").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.subscription(&id).await["status"], "past_due");
    let other = shop.give_card(&ada, OTHER_CARD).await;
    shop.advance("PT10M").await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed"]);
    set_default(&ada, &other).await.data(200);
    shop.advance("PT10M").await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed", "succeeded"]);
    assert_eq!(ada.subscription(&id).await["status"], "active");
    assert_eq!(charged(&shop), "4444");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_new_default_that_is_declined_as_well_goes_on_with_the_schedule() {
    let (shop, ada, id) = buyer().await;
    shop.cards(&ada.email, "insufficient_funds").await;
    // Declined on the tenth; the next retry is on the twelfth.
    shop.advance("P32D").await;
    let ada = again(&shop, &ada).await;
    let poor = shop.give_card(&ada, "4000000000000341").await;
    set_default(&ada, &poor).await.data(200);
    shop.advance("PT10M").await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed", "failed"]);
    let next = ada.subscription(&id).await["nextActionAt"].clone();
    assert_eq!(next, "2026-02-12T08:00:00Z");
    shop.advance("P2D").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.first_renewal(&id).await.1.len(), 3);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn the_card_a_failed_renewal_is_paid_with_becomes_the_default() {
    let (shop, ada, id) = buyer().await;
    shop.cards(&ada.email, "authentication_required").await;
    // Its page is open for a day.
    shop.advance("P31D").await;
    shop.advance("PT1H").await;
    let pages = shop.mailed_pages(&ada.email);
    let page = pages.last().unwrap();
    shop.post(page, &json!({"card": OTHER_CARD})).await;
    shop.cloud.settle().await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.subscription(&id).await["status"], "active");
    assert_eq!(digits(&ada).await, ["4242", "4444 default"]);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_card_of_another_customer_is_never_listed() {
    let (shop, ada, _) = buyer().await;
    let eve = shop.customer("eve@example.com").await;
    shop.give_card(&eve, OTHER_CARD).await;
    ask_page(&ada, "forged").await.data(201);
    let book = shop.cloud.simulator().book();
    let customers = book["customers"].as_array().unwrap();
    let held = book["cards"].as_array().unwrap();
    let foreign = held.iter().find(|it| it["card"]["last4"] == "4444");
    let pages = book["sessions"].as_array().unwrap();
    let page = pages.last().unwrap();
    let event = json!({
        "id": "evt_forged", "type": "setup_intent.succeeded", "object": "event",
        "created": shop.cloud.now().as_second(), "livemode": false,
        "data": {"object": {
            "id": "seti_1", "object": "setup_intent", "status": "succeeded",
            "customer": customers[0]["id"], "payment_method": foreign.unwrap()["id"],
            "livemode": false, "metadata": page["metadata"],
        }},
    });
    let body = event.to_string();
    let signature = shop
        .cloud
        .simulator()
        .sign(shop.cloud.now(), body.as_bytes());
    assert_eq!(shop.post_event(&signature, body).await.status, 200);
    assert_eq!(digits(&ada).await, ["4242 default"]);
    assert_eq!(digits(&eve).await, ["4444 default"]);
}
