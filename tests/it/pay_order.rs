//! Another payment page for an order that waits: one page at a time, and one
//! capture whatever is clicked where.

use futures::future::join;
use serde_json::{Value, json};
use tests::shop::{Answer, EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop, User, return_to, text};

async fn pay_again(user: &User, placed: &Value, key: &str) -> Answer {
    let path = format!("/v1/orders/{}/payment", text(&placed["order"]["id"]));
    let call = user.call("POST", &path).key(key);
    call.json(&return_to()).send().await
}

async fn ordered(shop: &Shop) -> (User, Value) {
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 3, "k1").await.data(201);
    (ada, placed)
}

/// The states of the payment pages at the provider, oldest first.
async fn pages(shop: &Shop) -> Vec<String> {
    let book = shop.book().await;
    let sessions = book["sessions"].as_array().unwrap();
    sessions.iter().map(|it| text(&it["status"])).collect()
}

#[tokio::test]
async fn after_a_decline_another_page_takes_the_place_of_the_first_and_is_paid_once() {
    let shop = Shop::open().await;
    let (ada, first) = ordered(&shop).await;
    shop.pay(&first, "4000000000009995").await;
    shop.wait(60);
    let answer = pay_again(&ada, &first, "p1").await;
    let second = answer.data(200);
    assert_eq!(second["order"], first["order"]);
    assert_eq!(second["payment"]["id"], first["payment"]["id"]);
    assert_eq!(second["payment"]["status"], "pending");
    let urls = [&first, &second].map(|it| text(&it["payment"]["checkoutUrl"]));
    assert_ne!(urls[0], urls[1]);
    assert!(second["payment"]["expiresAt"].as_str() > first["payment"]["expiresAt"].as_str());
    assert_eq!(pages(&shop).await, ["expired", "open"]);

    // Nobody pays on the first any more, and what was mailed changes nothing.
    shop.advance("PT5M").await;
    assert_ne!(shop.pay(&first, GOOD_CARD).await["status"], "paid");
    assert_eq!(ada.standing(&first).await["status"], "pending");
    assert_eq!(shop.pay(&second, GOOD_CARD).await["status"], "paid");
    shop.advance("PT1M").await;
    assert_eq!(ada.standing(&first).await["status"], "paid");
    assert_eq!(shop.captures(&text(&first["payment"]["id"])).await, 1);

    let again = pay_again(&ada, &first, "p1").await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.bytes, answer.bytes);
    pay_again(&ada, &first, "p2")
        .await
        .refused(409, "state_conflict");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn the_order_lives_as_long_as_its_last_page_and_has_ten_at_most() {
    let shop = Shop::open().await;
    let (_, first) = ordered(&shop).await;
    for page in 2..=10 {
        shop.advance("PT50M").await;
        let ada = shop.log_in("ada@example.com", PASSWORD).await;
        let next = pay_again(&ada, &first, &format!("p{page}")).await;
        assert_eq!(next.data(200)["payment"]["status"], "pending", "{page}");
    }
    let ada = shop.log_in("ada@example.com", PASSWORD).await;
    let digest = shop.digest().await;
    let refused = pay_again(&ada, &first, "p11").await;
    refused.refused(429, "too_many_requests");
    assert_eq!(shop.digest().await, digest);
    shop.advance("PT50M").await;
    let ada = shop.log_in("ada@example.com", PASSWORD).await;
    assert_eq!(ada.standing(&first).await["status"], "pending");
    shop.advance("PT30M").await;
    let ada = shop.log_in("ada@example.com", PASSWORD).await;
    assert_eq!(ada.standing(&first).await["status"], "expired");
    assert_eq!(pages(&shop).await, ["expired"; 10]);
    pay_again(&ada, &first, "p12")
        .await
        .refused(409, "state_conflict");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn an_order_that_is_canceled_or_anothers_has_no_other_page() {
    let shop = Shop::open().await;
    let (ada, placed) = ordered(&shop).await;
    let eve = shop.customer("eve@example.com").await;
    pay_again(&eve, &placed, "p1")
        .await
        .refused(404, "not_found");
    ada.cancel(&placed).await.data(200);
    pay_again(&ada, &placed, "p1")
        .await
        .refused(409, "state_conflict");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_page_that_is_paid_while_another_is_asked_for_is_the_one_that_counts() {
    let shop = Shop::open().await;
    let (ada, placed) = ordered(&shop).await;
    // Paid, and nobody told us yet.
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
    pay_again(&ada, &placed, "p1")
        .await
        .refused(409, "state_conflict");
    shop.advance("PT5M").await;
    assert_eq!(ada.standing(&placed).await["status"], "paid");
    assert_eq!(shop.captures(&text(&placed["payment"]["id"])).await, 1);
    pay_again(&ada, &placed, "p1")
        .await
        .refused(409, "state_conflict");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn while_the_provider_is_silent_the_page_is_asked_for_and_opens_later() {
    let shop = Shop::open().await;
    let (ada, placed) = ordered(&shop).await;
    shop.cut_off_provider().await;
    assert_eq!(pay_again(&ada, &placed, "p1").await.status, 503);
    shop.faults(json!({})).await;
    // Nobody asks again: the reconciler goes on with it.
    shop.advance("PT5M").await;
    assert_eq!(pages(&shop).await, ["expired", "open"]);
    assert_eq!(ada.standing(&placed).await["status"], "pending");
    // The same key, much later, is answered with that page.
    let second = pay_again(&ada, &placed, "p1").await.data(200);
    assert_eq!(pages(&shop).await, ["expired", "open"]);
    assert_eq!(shop.pay(&second, GOOD_CARD).await["status"], "paid");
    shop.advance("PT1M").await;
    assert_eq!(ada.standing(&placed).await["status"], "paid");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn two_tabs_that_ask_at_once_leave_one_open_page() {
    for seed in 0..6 {
        let shop = Shop::open().await;
        let (ada, placed) = ordered(&shop).await;
        shop.faults(json!({"shuffle": true, "seed": seed})).await;
        let (one, other) = join(
            pay_again(&ada, &placed, "p1"),
            pay_again(&ada, &placed, "p2"),
        )
        .await;
        for answer in [&one, &other] {
            assert!([200, 409, 503].contains(&answer.status), "{}", answer.json);
        }
        shop.faults(json!({})).await;
        shop.advance("PT5M").await;
        let pages = pages(&shop).await;
        let open = pages.iter().filter(|it| *it == "open").count();
        assert_eq!(
            open, 1,
            "seed {seed}: {pages:?}, {} {}",
            one.json, other.json
        );
        assert_eq!(ada.standing(&placed).await["status"], "pending");
        shop.audit(&ada).await;
    }
}
