//! Cards that expire, and what the provider tells of cards by itself.

use crate::cards::{again, buyer, cards, charged, digits};
use serde_json::json;
use tests::shop::{EDR_MONTHLY, GOOD_CARD, OTHER_CARD, SPARE_CARD, Shop, User, text};

/// Lets the bank say that every card of hers expires with this month.
async fn expire(shop: &Shop, user: &User, month: &str) {
    let expiry = json!({"email": user.email, "expires": month});
    assert_eq!(shop.post("/_local/cards", &expiry).await.status, 200);
    shop.cloud.settle().await;
}

fn warnings(shop: &Shop, user: &User) -> usize {
    let mails = shop.cloud.mails(Some(&user.email));
    let warns = |subject: &str| subject == "Your card is about to expire";
    mails.iter().filter(|mail| warns(&mail.subject)).count()
}

async fn advance_to(shop: &Shop, moment: &str) {
    let moment = moment.parse().unwrap();
    shop.cloud.advance_to(moment).await.unwrap();
}

#[tokio::test]
async fn a_card_that_expires_is_told_of_a_month_and_a_week_before() {
    let (shop, ada, _) = buyer().await;
    expire(&shop, &ada, "2026-03").await;
    assert_eq!(cards(&ada).await[0]["expiryMonth"], 3);
    for (moment, told) in [
        ("2026-03-01T23:59:00Z", 0),
        ("2026-03-02T00:02:00Z", 1),
        ("2026-03-24T23:59:00Z", 1),
        ("2026-03-25T00:02:00Z", 2),
        ("2026-05-01T00:00:00Z", 2),
    ] {
        advance_to(&shop, moment).await;
        assert_eq!(warnings(&shop, &ada), told, "{moment}");
    }
    shop.audit(&again(&shop, &ada).await).await;
}

#[tokio::test]
async fn a_card_its_bank_renewed_in_time_is_not_told_of() {
    let (shop, ada, _) = buyer().await;
    expire(&shop, &ada, "2026-03").await;
    advance_to(&shop, "2026-02-20T00:00:00Z").await;
    expire(&shop, &ada, "2029-03").await;
    advance_to(&shop, "2026-04-02T00:00:00Z").await;
    assert_eq!(warnings(&shop, &ada), 0);
    let ada = again(&shop, &ada).await;
    assert_eq!(cards(&ada).await[0]["expiryYear"], 2029);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn where_nothing_renews_nobody_is_told_of_a_card_that_expires() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let eve = shop.customer("eve@example.com").await;
    shop.give_card(&eve, GOOD_CARD).await;
    expire(&shop, &eve, "2026-03").await;
    advance_to(&shop, "2026-04-02T00:00:00Z").await;
    assert_eq!(warnings(&shop, &eve), 0);
    shop.audit(&again(&shop, &eve).await).await;
}

#[tokio::test]
async fn a_card_detached_at_the_provider_is_not_listed_any_more() {
    let (shop, ada, _) = buyer().await;
    shop.give_card(&ada, OTHER_CARD).await;
    let book = shop.cloud.simulator().book();
    let method = text(&book["cards"].as_array().unwrap()[1]["id"]);
    let path = format!("/v1/payment_methods/{method}/detach");
    shop.ask_provider(&path, String::new());
    shop.cloud.settle().await;
    assert_eq!(digits(&ada).await, ["4242 default"]);
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_good_card_that_is_added_takes_the_place_of_an_expired_one() {
    let (shop, ada, id) = buyer().await;
    expire(&shop, &ada, "2026-01").await;
    // Expired, and due on the tenth.
    advance_to(&shop, "2026-02-02T00:00:00Z").await;
    let ada = again(&shop, &ada).await;
    let added = shop.give_card(&ada, OTHER_CARD).await;
    assert_eq!(added["isDefault"], true);
    assert_eq!(digits(&ada).await, ["4242", "4444 default"]);
    // A further one stays beside it.
    let third = shop.give_card(&ada, SPARE_CARD).await;
    assert_eq!(third["isDefault"], false);
    advance_to(&shop, "2026-02-10T09:00:00Z").await;
    let ada = again(&shop, &ada).await;
    assert_eq!(ada.first_renewal(&id).await.1, ["succeeded"]);
    assert_eq!(charged(&shop), "4444");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn who_buys_with_a_card_about_to_expire_is_told_though_it_was_idle_before() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let eve = shop.customer("eve@example.com").await;
    shop.give_card(&eve, GOOD_CARD).await;
    expire(&shop, &eve, "2026-03").await;
    advance_to(&shop, "2026-03-05T08:00:00Z").await;
    assert_eq!(warnings(&shop, &eve), 0);
    let eve = again(&shop, &eve).await;
    let placed = eve.order(EDR_MONTHLY, 1, "late").await.data(201);
    shop.pay(&placed, OTHER_CARD).await;
    shop.cloud.settle().await;
    assert_eq!(digits(&eve).await, ["4242 default", "4444"]);
    shop.advance("P1DT10M").await;
    assert_eq!(warnings(&shop, &eve), 1);
    advance_to(&shop, "2026-03-25T00:10:00Z").await;
    assert_eq!(warnings(&shop, &eve), 2);
    shop.audit(&again(&shop, &eve).await).await;
}
