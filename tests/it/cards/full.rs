//! What happens to a card that finds no place.

use super::{buyer, cards, give, held};
use crate::cards::ask_page;
use domain::card::{Card, Expiry, Face, Given, MOST_CARDS, Wallet};
use domain::id::CardId;
use platform::store::{Stored, Transaction, keys};
use tests::shop::{OTHER_CARD, SPARE_CARD, Shop, User};

/// Adds cards to the list until it is as long as it may be.
async fn fill(shop: &Shop, user: &User) {
    let (app, now) = (shop.cloud.app("test"), shop.cloud.now());
    let key = keys::wallet(user.account);
    let read: Stored<Wallet> = app.store().get(&key).await.unwrap().unwrap();
    let mut wallet = read.value;
    for number in wallet.cards.len()..MOST_CARDS {
        let card = Card {
            id: app.new_id::<CardId>().unwrap(),
            method: format!("pm_filler_{number}"),
            face: Face {
                brand: "visa".to_owned(),
                last4: format!("{number:04}"),
                expires: Expiry::new(2040, 1).unwrap(),
                fingerprint: None,
            },
            added_at: now,
            warned: 0,
        };
        wallet = wallet.add(card, Given::WithOrder, now).unwrap().wallet;
    }
    let mut act = Transaction::new(app.new_id().unwrap());
    act.replace(read.version, &wallet, ());
    app.store().commit(act).await.unwrap();
}

#[tokio::test]
async fn a_card_that_finds_no_place_is_forgotten_by_the_provider() {
    let (shop, ada, _) = buyer().await;
    let page = ask_page(&ada, "page").await.data(201);
    let order = ada.order(tests::shop::EDR_MONTHLY, 1, "order").await;
    let order = order.data(201);
    fill(&shop, &ada).await;
    ask_page(&ada, "late").await.refused(409, "too_many_cards");
    // Its page was opened before, and one may come with an order.
    give(&shop, &page, OTHER_CARD).await;
    shop.pay(&order, SPARE_CARD).await;
    shop.cloud.settle().await;
    assert_eq!(ada.standing(&order).await["status"], "paid");
    assert_eq!(cards(&ada).await.len(), MOST_CARDS);
    shop.advance("PT20M").await;
    assert_eq!(held(&shop), ["4242"]);
}
