//! Cards that expire, and what the provider tells of cards by itself.

use crate::cards::{again, buyer, cards, digits};
use serde_json::json;
use tests::shop::{GOOD_CARD, OTHER_CARD, Shop, User, text};

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
