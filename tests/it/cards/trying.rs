//! Which card a renewal that failed is tried with, and how often.

use super::{again, buyer, cards, digits, set_default};
use domain::card::Wallet;
use platform::store::{Stored, Transaction, keys};
use tests::shop::{OTHER_CARD, Shop, User, text};

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

/// Somebody detaches a card in the provider's own pages.
async fn detach(shop: &Shop, card: usize) {
    let book = shop.cloud.simulator().book();
    let method = text(&book["cards"][card]["id"]);
    let path = format!("/v1/payment_methods/{method}/detach");
    shop.ask_provider(&path, String::new());
    shop.cloud.settle().await;
}

fn charges(shop: &Shop) -> usize {
    let book = shop.cloud.simulator().book();
    book["payments"].as_array().unwrap().len()
}

#[tokio::test]
async fn where_no_card_is_left_none_is_charged_and_the_next_one_pays() {
    let (shop, ada, id) = buyer().await;
    detach(&shop, 0).await;
    assert_eq!(digits(&ada).await, Vec::<String>::new());
    let mails = shop.cloud.mails(Some(&ada.email)).len();
    shop.advance("P31D").await;
    shop.advance("PT1H").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.subscription(&id).await["status"], "past_due");
    let renewal = ada.first_renewal(&id).await;
    assert_eq!(renewal, ("past_due".to_owned(), vec!["failed".to_owned()]));
    assert_eq!(charges(&shop), 1, "the order's alone");
    let sent = shop.cloud.mails(Some(&ada.email));
    assert_eq!(sent.len(), mails + 1, "{sent:?}");
    let told = &sent[mails].text;
    assert!(told.contains("there is no saved card"), "{told}");
    // Nothing is tried by the schedule.
    shop.advance("P3D").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed"]);
    shop.give_card(&ada, OTHER_CARD).await;
    shop.advance("PT20M").await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed", "succeeded"]);
    assert_eq!(ada.subscription(&id).await["status"], "active");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_card_removed_after_a_soft_decline_is_not_charged_again() {
    let (shop, ada, id) = buyer().await;
    shop.cards(&ada.email, "insufficient_funds").await;
    shop.advance("P32D").await;
    detach(&shop, 0).await;
    let before = charges(&shop);
    shop.advance("P3D").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed", "failed"]);
    assert_eq!(charges(&shop), before);
    shop.advance("P20D").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.subscription(&id).await["status"], "unpaid");
    shop.audit(&ada).await;
}

/// A card whose every charge is declined, for no reason that stays.
const POOR_CARD: &str = "4000000000000341";

/// Makes another of the cards the default, and lets it be tried.
async fn choose(shop: &Shop, ada: &User, card: usize) {
    let ada = again(shop, ada).await;
    let cards = cards(&ada).await;
    set_default(&ada, &cards[card]).await.data(200);
    shop.advance("PT20M").await;
}

#[tokio::test]
async fn choosing_cards_in_turn_gains_no_more_than_the_attempts_there_are() {
    let (shop, ada, id) = buyer().await;
    shop.cards(&ada.email, "insufficient_funds").await;
    shop.advance("P31DT1H").await;
    let ada = again(&shop, &ada).await;
    shop.give_card(&ada, POOR_CARD).await;
    for _ in 0..7 {
        choose(&shop, &ada, 1).await;
        choose(&shop, &ada, 0).await;
    }
    let ada = again(&shop, &ada).await;
    // Eight that count, and the first charge of a new card.
    assert_eq!(ada.first_renewal(&id).await.1, ["failed"; 9]);
    assert_eq!(ada.subscription(&id).await["status"], "past_due");
    // A card not tried yet still is.
    shop.give_card(&ada, OTHER_CARD).await;
    choose(&shop, &ada, 2).await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.subscription(&id).await["status"], "active");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_card_refused_for_good_is_not_tried_again_by_choosing_it_again() {
    let (shop, ada, id) = buyer().await;
    shop.cards(&ada.email, "stolen_card").await;
    shop.advance("P31DT1H").await;
    let ada = again(&shop, &ada).await;
    shop.give_card(&ada, POOR_CARD).await;
    choose(&shop, &ada, 1).await;
    choose(&shop, &ada, 0).await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed", "failed"]);
    // The schedule goes on, and does not try it either.
    shop.advance("P2D").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed", "failed"]);
    choose(&shop, &ada, 1).await;
    shop.advance("P5D").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.first_renewal(&id).await.1, ["failed"; 3]);
    shop.audit(&ada).await;
}
