//! Which card a renewal that failed is tried with, and how often.

use super::{again, buyer};
use domain::card::Wallet;
use platform::store::{Stored, Transaction, keys};
use tests::shop::{OTHER_CARD, Shop, User};

/// Takes the list of cards away: an account from before there was one.
async fn unlist(shop: &Shop, user: &User) {
    let app = shop.cloud.app("test");
    let key = keys::wallet(user.account);
    let wallet: Option<Stored<Wallet>> = app.store().get(&key).await.unwrap();
    let mut act = Transaction::new(app.new_id().unwrap());
    act.delete(&key, wallet.unwrap().version, ());
    app.store().commit(act).await.unwrap();
}

#[tokio::test]
async fn a_first_card_given_on_a_page_is_tried_for_what_is_past_due() {
    let (shop, ada, id) = buyer().await;
    unlist(&shop, &ada).await;
    shop.cards(&ada.email, "stolen_card").await;
    shop.advance("P32D").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed"]);
    let first = shop.give_card(&ada, OTHER_CARD).await;
    assert_eq!(first["isDefault"], true);
    shop.advance("PT10M").await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed", "succeeded"]);
    assert_eq!(ada.subscription(&id).await["status"], "active");
    shop.advance("PT20M").await;
    shop.audit(&ada).await;
}
