//! A function killed, or lied to, at every single effect of a purchase and of
//! a renewal: what production has (the client's retry, redelivery, timers)
//! brings it to the one right end.

use jiff::{SignedDuration, Timestamp};
use local::Fault;
use serde_json::{Value, json};
use tests::shop::{Answer, EDR_MONTHLY, GOOD_CARD, Shop, User, text};

/// How a call can end badly: before it is sent, after it was applied, with
/// the answer lost, refused for contention, failed though applied.
const MODES: [Fault; 5] = [
    Fault::CrashBefore,
    Fault::CrashAfter,
    Fault::LostReply,
    Fault::Conflict,
    Fault::ServerErrorApplied,
];

/// Two of them for each effect, so that every mode meets effects of every
/// kind and the suite stays short.
fn modes_at(effect: u64) -> [Fault; 2] {
    let at = |place: u64| MODES[usize::try_from(place % 5).unwrap()];
    [at(effect), at(effect + 2)]
}

/// Places an order the way a client does: with the same key until it is
/// answered.
async fn place_until_answered(shop: &Shop, user: &User) -> Answer {
    for _ in 0..5 {
        let answer = user.order(EDR_MONTHLY, 2, "key").await;
        if answer.status == 201 {
            return answer;
        }
        assert!(matches!(answer.status, 409 | 500 | 503), "{}", answer.json);
        shop.advance("PT16S").await;
    }
    panic!("the order was never answered");
}

async fn one_paid_order(shop: &Shop, user: &User, orders: usize, about: &str) {
    let placed = user.get("/v1/orders").await.data(200);
    assert_eq!(placed.as_array().unwrap().len(), orders, "{about}");
    let paid = placed
        .as_array()
        .unwrap()
        .iter()
        .filter(|order| order["status"] == "paid")
        .count();
    assert_eq!(paid, 1, "{about}: {placed}");
    assert_eq!(
        user.get("/v1/subscriptions")
            .await
            .data(200)
            .as_array()
            .unwrap()
            .len(),
        1,
        "{about}"
    );
    assert_eq!(user.invoices().await.len(), 1, "{about}");
    shop.audit(user).await;
}

#[tokio::test]
async fn placing_an_order_survives_every_fault_at_every_effect() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let before = shop.cloud.effects();
    ada.order(EDR_MONTHLY, 2, "key").await.data(201);
    let effects = shop.cloud.effects() - before;
    assert!(effects >= 6, "{effects} effects");
    for effect in 1..=effects {
        for mode in modes_at(effect) {
            let about = format!("{mode:?} at effect {effect} of {effects}");
            let shop = Shop::open().await;
            let ada = shop.customer("ada@example.com").await;
            shop.cloud.plan_fault(shop.cloud.effects() + effect, mode);
            let placed = place_until_answered(&shop, &ada).await.data(201);
            let paid = shop.pay(&placed, GOOD_CARD).await;
            assert_eq!(paid["status"], "paid", "{about}: {paid}");
            shop.advance("PT5M").await;
            one_paid_order(&shop, &ada, 1, &about).await;
        }
    }
}

#[tokio::test]
async fn settling_a_webhook_survives_every_fault_at_every_effect() {
    let mut effect = 0_u64;
    loop {
        effect += 1;
        let mut within = false;
        for mode in modes_at(effect) {
            let about = format!("{mode:?} at effect {effect}");
            let shop = Shop::open().await;
            let ada = shop.customer("ada@example.com").await;
            let placed = ada.order(EDR_MONTHLY, 2, "key").await.data(201);
            shop.pay(&placed, GOOD_CARD).await;
            let before = shop.cloud.effects();
            shop.cloud.plan_fault(before + effect, mode);
            shop.cloud.settle().await;
            within |= shop.cloud.effects() >= before + effect;
            shop.advance("PT30M").await;
            one_paid_order(&shop, &ada, 1, &about).await;
        }
        if !within {
            assert!(effect > 6, "{effect} effects");
            return;
        }
    }
}

#[tokio::test]
async fn a_renewal_survives_every_fault_at_every_effect() {
    let mut effect = 0_u64;
    loop {
        effect += 1;
        let mut within = false;
        for mode in modes_at(effect) {
            let about = format!("{mode:?} at effect {effect}");
            let shop = Shop::at("2026-01-31T09:00:00Z").await;
            let ada = shop.customer("ada@example.com").await;
            let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
            let at = "2026-02-28T09:05:00Z";
            within |= sweep_with_fault(&shop, at, effect, mode).await;
            shop.advance("PT26H").await;
            let told = ada.renewals(&id).await;
            let story: Vec<(&Value, usize)> = told
                .iter()
                .map(|p| (&p["status"], p["attempts"].as_array().unwrap().len()))
                .collect();
            assert_eq!(story, [(&json!("paid"), 1), (&json!("paid"), 1)], "{about}");
            assert_eq!(ada.invoices().await.len(), 2, "{about}");
            shop.audit(&ada).await;
        }
        if !within {
            assert!(effect > 4, "{effect} effects");
            return;
        }
    }
}

#[tokio::test]
async fn a_page_the_bank_asks_for_is_opened_and_mailed_once_wherever_the_sweep_dies() {
    let mut effect = 0_u64;
    loop {
        effect += 1;
        let mut within = false;
        for mode in [Fault::CrashBefore, Fault::CrashAfter] {
            let about = format!("{mode:?} at effect {effect}");
            let shop = Shop::at("2026-01-31T09:00:00Z").await;
            let ada = shop.customer("ada@example.com").await;
            let id = text(&ada.buy(EDR_MONTHLY, 2).await["subscriptionIds"][0]);
            shop.cards(&ada.email, "authentication_required").await;
            let at = "2026-02-28T09:05:00Z";
            within |= sweep_with_fault(&shop, at, effect, mode).await;
            shop.advance("PT13H").await;
            assert_eq!(ada.subscription(&id).await["status"], "past_due", "{about}");
            let told = ada.renewals(&id).await;
            assert_eq!(
                told[1]["attempts"][0]["outcome"], "needs_customer",
                "{about}"
            );
            let pages = shop.mailed_pages(&ada.email);
            assert_eq!(pages.len(), 1, "{about}: {pages:?}");
            let paid = shop.post(&pages[0], &json!({"card": GOOD_CARD})).await;
            assert_eq!(paid.json["status"], "paid", "{about}: {}", paid.json);
            shop.advance("PT1H").await;
            assert_eq!(ada.subscription(&id).await["status"], "active", "{about}");
            shop.audit(&ada).await;
        }
        if !within {
            assert!(effect > 6, "{effect} effects");
            return;
        }
    }
}

/// Moves the clock up to a sweep at this moment and lets it meet a fault at
/// one of its effects; false when it has no such effect.
async fn sweep_with_fault(shop: &Shop, at: &str, effect: u64, fault: Fault) -> bool {
    let at: Timestamp = at.parse().unwrap();
    let shortly = SignedDuration::from_mins(6);
    shop.cloud.advance_to(at - shortly).await.unwrap();
    shop.cloud.skip_to(at);
    let tick = json!({"version": 1, "shards": shop.shards_due().await});
    let planned = shop.cloud.effects() + effect;
    shop.cloud.plan_fault(planned, fault);
    let _may_crash = shop.cloud.run_job("renew_subscriptions", tick).await;
    shop.cloud.effects() >= planned
}
