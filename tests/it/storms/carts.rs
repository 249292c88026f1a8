//! Carts.

use super::{Storm, count};
use serde_json::json;
use tests::shop::{EDR_MONTHLY, User};

fn put(user: &User, quantity: u64, tag: &str) -> impl Future<Output = tests::shop::Answer> + use<> {
    let (user, tag) = (user.clone(), tag.to_owned());
    async move {
        let call = user.call("PUT", &format!("/v1/cart/items/{EDR_MONTHLY}"));
        let call = call.header("if-match", &tag);
        call.json(&json!({"quantity": quantity})).send().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_edits_of_the_same_version_of_a_cart_one_is_made() {
    for mut storm in Storm::in_each_weather().await {
        let ada = storm.shop.customer("ada@example.com").await;
        let begun = ada.call("PUT", &format!("/v1/cart/items/{EDR_MONTHLY}"));
        let begun = begun.json(&json!({"quantity": 100})).send().await;
        let version = begun.data(200)["version"].as_u64().unwrap();
        let tag = begun.header("etag").to_owned();
        let copy = |n| put(&ada, u64::try_from(n).unwrap() + 1, &tag);
        let answers = storm.of_requests(&[200, 412], copy).await;
        assert_eq!(count(&answers, 200), 1);
        let made = answers.iter().find(|answer| answer.status == 200).unwrap();
        let cart = ada.get("/v1/cart").await.data(200);
        assert_eq!(cart["version"], version + 1);
        assert_eq!(cart["items"], made.json["data"]["items"]);
        storm.is_over(&[&ada]).await;
    }
}
