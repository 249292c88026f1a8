//! Saved cards.

use super::ask::Ask;
use super::row::{Row, check_all};
use super::world::World;
use domain::card::{Card, Expiry, Face, Given, Wallet};
use domain::id::CardId;
use platform::store::Transaction;
use serde_json::json;
use tests::shop::{GOOD_CARD, text};

const ABSENT: &str = "pm_00000000000070008000000000000000";

fn default(id: &str) -> Ask {
    Ask::new("PUT", format!("/v1/payment-methods/{id}/default"))
}

fn removal(id: &str) -> Ask {
    Ask::new("DELETE", format!("/v1/payment-methods/{id}"))
}

/// CART-26, for the operations that name a saved card.
#[tokio::test]
async fn a_saved_card_of_another_customer_is_not_there() {
    let world = World::open().await;
    let card = text(&world.shop.give_card(&world.ada, GOOD_CARD).await["id"]);
    let eve = world.shop.customer("eve@example.com").await;
    world.shop.give_card(&eve, GOOD_CARD).await;
    let rows = [card.as_str(), ABSENT]
        .iter()
        .flat_map(|id| [default(id), removal(id)])
        .map(|ask| Row::refused("CART-26", ask.by(&eve), 404, "not_found").one_read())
        .collect::<Vec<_>>();
    check_all(&world.shop, rows).await;
    let malformed = [
        "pm_",
        "pm_1",
        "4242424242424242",
        &card.replace("pm_", "sub_"),
    ];
    let rows = malformed
        .iter()
        .flat_map(|id| [default(id), removal(id)])
        .map(|ask| Row::refused("CART-26", ask.by(&world.ada), 404, "not_found"))
        .collect::<Vec<_>>();
    check_all(&world.shop, rows).await;
}

/// Gives the customer a card that has expired, and is not the default.
async fn expired_card(world: &World) -> String {
    let app = world.shop.cloud.app("saver");
    let account = world.ada.account;
    let now = world.shop.cloud.now();
    let card = |last4: &str, year: i16| Card {
        id: app.new_id::<CardId>().unwrap(),
        method: format!("pm_{last4}"),
        face: Face {
            brand: "visa".to_owned(),
            last4: last4.to_owned(),
            expires: Expiry::new(year, 1).unwrap(),
            fingerprint: None,
        },
        added_at: now,
        warned: 0,
    };
    let (good, over) = (card("4242", 2040), card("4444", 2020));
    let id = over.id;
    let wallet = Wallet::empty(account)
        .add(good, Given::WithOrder, now)
        .unwrap()
        .wallet;
    let wallet = wallet.add(over, Given::WithOrder, now).unwrap().wallet;
    let mut act = Transaction::new(app.new_id().unwrap());
    act.insert(&wallet, ());
    app.store().commit(act).await.unwrap();
    id.to_string()
}

#[tokio::test]
async fn an_expired_card_does_not_become_the_default() {
    let world = World::open().await;
    let card = expired_card(&world).await;
    let ask = default(&card).by(&world.ada);
    let row = Row::refused("SUB-26", ask, 422, "card_expired").one_read();
    check_all(&world.shop, vec![row]).await;
}

/// CART-25, for the page a card is given on.
#[tokio::test]
async fn a_page_for_a_card_leads_back_to_the_shop_alone() {
    let world = World::open().await;
    let ask = |url: &str| {
        Ask::post("/v1/payment-methods", &json!({"returnUrl": url}))
            .by(&world.ada)
            .key("a key of ada's")
    };
    let rows = ["javascript:alert(1)", "https://elsewhere.example/", "//x"]
        .map(|url| Row::fields("CART-25", ask(url), &[("/returnUrl", "foreign_url")]));
    check_all(&world.shop, rows).await;
}
