//! A day of the ledger beside the provider's book.

use domain::id::{EventId, Id as _, PaymentId};
use domain::ledger::{LedgerHead, Posting};
use domain::money::{Currency, Money};
use platform::store::Transaction;
use serde_json::{Value, json};
use tests::proof::days;
use tests::shop::{EDR_MONTHLY, GOOD_CARD, Shop};
use tests::stage::{payment_of, staff};

const DAY: &str = "/v1/admin/ledger/days";

#[tokio::test]
async fn every_day_of_mixed_orders_is_the_same_in_both_books() {
    let found = Box::pin(days::play(40)).await;
    assert_eq!(found.differences, [""; 0]);
    assert_eq!((found.ledger, found.provider), (found.whole, found.whole));
    // Eight kinds of five: 32 paid or surplus, 24 renewed at least once.
    assert!(
        found.whole.captures > 50 && found.whole.refunds >= 24,
        "{found:?}"
    );
}

/// What a day says is different.
async fn differences(shop: &Shop, day: &str) -> Vec<Value> {
    let finance = staff(shop, "finance").await;
    let books = finance.get(&format!("{DAY}/{day}")).await.data(200);
    let told = books["differences"].as_array().unwrap().clone();
    assert_eq!(books["agrees"], told.is_empty(), "{books}");
    assert_eq!(books["differenceCount"], told.len());
    told
}

/// Somebody gives money back in the provider's own dashboard, and no event of
/// it arrives.
#[tokio::test]
async fn a_refund_the_shop_was_not_told_of_is_named_by_payment_and_refund() {
    let shop = Shop::at("2026-03-02T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let order = ada.buy(EDR_MONTHLY, 2).await;
    let payment = payment_of(&shop, &order).await;
    let by_hand = |cents: i64| {
        let intent = shop.cloud.simulator().book()["payments"][0]["id"].clone();
        let form = format!("payment_intent={}&amount={cents}", intent.as_str().unwrap());
        shop.ask_provider("/v1/refunds", form)
    };
    assert_eq!(differences(&shop, "2026-03-02").await, [""; 0]);
    shop.faults(json!({"webhooks": {"drop": 1.0}})).await;
    let refund = by_hand(500);
    // The capture is on the same day; the second refund is on one of its own.
    shop.advance("P1D").await;
    let other = by_hand(300);
    for (day, refund, cents) in [("2026-03-02", refund, 500), ("2026-03-03", other, 300)] {
        let told = differences(&shop, day).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(
            (&told[0]["kind"], &told[0]["direction"]),
            (&json!("only_at_provider"), &json!("refunded"))
        );
        assert_eq!(told[0]["paymentId"], payment, "{day}");
        assert_eq!(told[0]["ledger"], Value::Null);
        assert_eq!(told[0]["provider"]["reference"], refund["id"]);
        let amount = json!({"amount": cents, "currency": "EUR"});
        assert_eq!(told[0]["provider"]["amount"], amount);
    }
}

/// The provider captures before midnight, and its event comes after.
#[tokio::test]
async fn what_is_heard_of_after_midnight_is_of_another_day_in_both() {
    let shop = Shop::at("2026-03-02T23:59:30Z").await;
    let ada = shop.customer("ada@example.com").await;
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    shop.pay(&placed, GOOD_CARD).await;
    // Nothing is delivered before the next day.
    shop.wait(120);
    shop.cloud.settle().await;
    for day in ["2026-03-02", "2026-03-03"] {
        let told = differences(&shop, day).await;
        assert_eq!(told.len(), 1, "{day}: {told:?}");
        assert_eq!(told[0]["kind"], "another_day");
        assert_eq!(told[0]["paymentId"], placed["payment"]["id"]);
        let at = |side: &str| told[0][side]["at"].as_str().unwrap()[..10].to_owned();
        assert_eq!(
            (at("provider"), at("ledger")),
            ("2026-03-02".into(), "2026-03-03".into())
        );
    }
    assert_eq!(differences(&shop, "2026-03-04").await, [""; 0]);
}

/// An entry whose money never moved, and one of another amount.
#[tokio::test]
async fn what_only_the_ledger_says_is_named() {
    let shop = Shop::at("2026-03-02T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 2).await;
    let app = shop.cloud.app("forger");
    let entries = app.store().ledger_of(ada.account).await.unwrap();
    let head = LedgerHead {
        account: ada.account,
        sequence: entries.len() as u64,
        hash: entries.last().unwrap().hash.clone(),
        captures: None,
    };
    let amount = Money::new(777, Currency::EUR);
    let posting = Posting::refund(PaymentId::from_bits(7), amount).unwrap();
    let (_, forged) = head.append(posting, EventId::from_bits(7), shop.cloud.now());
    let mut act = Transaction::new(app.new_id().unwrap());
    act.insert(&forged, ());
    app.store().commit(act).await.unwrap();
    let told = differences(&shop, "2026-03-02").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["kind"], "only_in_ledger");
    let reference = format!("{}/{}", ada.account, forged.sequence);
    assert_eq!(told[0]["ledger"]["reference"], reference);
}

#[tokio::test]
async fn no_day_is_not_there_and_a_provider_that_does_not_answer_is_told() {
    let shop = Shop::open().await;
    let finance = staff(&shop, "finance").await;
    for day in ["2026-02-30", "20260201", "today", "2026-02-01T00:00:00Z"] {
        let answer = finance.get(&format!("{DAY}/{day}")).await;
        answer.refused(404, "not_found");
    }
    let future = finance.get(&format!("{DAY}/2999-01-01")).await.data(200);
    assert_eq!(
        (&future["over"], &future["agrees"]),
        (&json!(false), &json!(true))
    );
    shop.cut_off_provider().await;
    let answer = finance.get(&format!("{DAY}/2026-01-01")).await;
    answer.refused(503, "unavailable");
}

/// More movements than the provider tells at once.
#[tokio::test]
async fn a_day_with_more_than_a_page_at_the_provider_is_read_to_its_end() {
    let shop = Shop::at("2026-03-02T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let order = ada.buy(EDR_MONTHLY, 30).await;
    let payment = payment_of(&shop, &order).await;
    let intent = shop.cloud.simulator().book()["payments"][0]["id"].clone();
    for _ in 0..120 {
        let form = format!("payment_intent={}&amount=1", intent.as_str().unwrap());
        shop.ask_provider("/v1/refunds", form);
    }
    let finance = staff(&shop, "finance").await;
    let books = finance.get(&format!("{DAY}/2026-03-02")).await.data(200);
    assert_eq!(
        (&books["complete"], &books["agrees"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(books["provider"][0]["captures"], 1);
    assert_eq!(books["provider"][0]["refunds"], 120);
    assert_eq!(books["differenceCount"], 120);
    let told = books["differences"].as_array().unwrap();
    assert_eq!(told.len(), 100);
    assert!(told.iter().all(|it| it["paymentId"] == payment));
}

/// The day before has more than is read: what differs on this one may stand
/// there.
#[tokio::test]
async fn a_day_beside_one_that_is_too_long_is_not_compared_and_says_so() {
    let shop = Shop::at("2026-03-02T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 30).await;
    let intent = shop.cloud.simulator().book()["payments"][0]["id"].clone();
    let by_hand = || {
        let form = format!("payment_intent={}&amount=1", intent.as_str().unwrap());
        shop.ask_provider("/v1/refunds", form)
    };
    let mut faults = local::Faults::default();
    faults.webhooks.lose = local::Share::ALL;
    shop.cloud.set_faults(faults).unwrap();
    for _ in 0..1_500 {
        by_hand();
    }
    shop.cloud.skip_to("2026-03-03T09:00:00Z".parse().unwrap());
    by_hand();
    for day in ["2026-03-02", "2026-03-03"] {
        let finance = staff(&shop, "finance").await;
        let books = finance.get(&format!("{DAY}/{day}")).await.data(200);
        assert_eq!(books["complete"], false, "{day}");
        assert_eq!(books["agrees"], false);
        assert_eq!(books["differenceCount"], 0);
    }
}

#[tokio::test]
async fn a_provider_that_is_slow_is_read_as_far_as_there_is_time() {
    let shop = Shop::at("2026-03-02T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 30).await;
    let intent = shop.cloud.simulator().book()["payments"][0]["id"].clone();
    for _ in 0..950 {
        let form = format!("payment_intent={}&amount=1", intent.as_str().unwrap());
        shop.ask_provider("/v1/refunds", form);
    }
    let finance = staff(&shop, "finance").await;
    shop.faults(json!({"latency": 8_000, "seed": 1})).await;
    let began = shop.cloud.now();
    let books = finance.get(&format!("{DAY}/2026-03-02")).await.data(200);
    let took = shop.cloud.now().duration_since(began).as_secs();
    assert!(took < 29 + 8, "{took} seconds");
    assert_eq!(books["complete"], false);
    shop.faults(json!({})).await;
    let books = finance.get(&format!("{DAY}/2026-03-02")).await.data(200);
    assert_eq!(books["complete"], true);
}
