//! Renewals: exactly once, on time, for years, through declines.

use crate::cost::effects_of_all;
use local::Fault;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, EDR_TIERS, EDR_YEARLY, GOOD_CARD, PASSWORD, Shop, User, text};

/// The statuses and attempts of a subscription's periods.
async fn story(user: &User, subscription: &str) -> Vec<(u64, String, usize)> {
    user.renewals(subscription)
        .await
        .iter()
        .map(|period| {
            (
                period["index"].as_u64().unwrap(),
                text(&period["status"]),
                period["attempts"].as_array().unwrap().len(),
            )
        })
        .collect()
}

fn paid_once(indices: std::ops::Range<u64>) -> Vec<(u64, String, usize)> {
    indices.map(|index| (index, "paid".to_owned(), 1)).collect()
}

/// Numbers without a gap, one invoice for each period.
async fn gapless(user: &User, expected: usize) {
    let mut numbers: Vec<String> = user
        .invoices()
        .await
        .iter()
        .map(|invoice| text(&invoice["number"]))
        .collect();
    numbers.sort();
    let mut next = std::collections::BTreeMap::new();
    for number in &numbers {
        let (year, sequence) = number.split_once('-').unwrap();
        let last: &mut u32 = next.entry(year.to_owned()).or_default();
        *last += 1;
        assert_eq!(sequence.parse::<u32>().unwrap(), *last, "{numbers:?}");
    }
    assert_eq!(numbers.len(), expected);
}

#[tokio::test]
async fn a_month_later_the_renewal_is_charged_once() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let order = ada.buy(EDR_MONTHLY, 4).await;
    let id = text(&order["subscriptionIds"][0]);
    shop.advance("P1M").await;
    shop.advance("PT10M").await;
    assert_eq!(story(&ada, &id).await, paid_once(0..2));
    let subscription = ada.subscription(&id).await;
    assert!(
        text(&subscription["currentPeriod"]["start"]).starts_with("2026-02-28T09:00"),
        "{subscription}"
    );
    assert!(
        text(&subscription["currentPeriod"]["end"]).starts_with("2026-03-31T09:00"),
        "the day comes back"
    );
    let mails = shop.cloud.mails(Some(&ada.email));
    assert!(
        mails.last().unwrap().text.contains("F2026-000002"),
        "a receipt is mailed"
    );
    gapless(&ada, 2).await;
    shop.audit(&ada).await;
}

#[tokio::test]
async fn thirteen_months_in_one_step_equal_thirteen_single_months() {
    let mut stories = Vec::new();
    for single in [true, false] {
        let shop = Shop::at("2026-01-31T09:00:00Z").await;
        let ada = shop.customer("ada@example.com").await;
        let order = ada.buy(EDR_TIERS, 12).await;
        let id = text(&order["subscriptionIds"][0]);
        if single {
            for _ in 0..13 {
                shop.advance("P1M").await;
            }
            shop.cloud
                .advance_to("2027-02-28T10:00:00Z".parse().unwrap())
                .await
                .ok();
        } else {
            shop.advance("P13M").await;
        }
        shop.cloud
            .advance_to("2027-03-01T10:00:00Z".parse().unwrap())
            .await
            .unwrap();
        let told = ada.renewals(&id).await;
        assert_eq!(story(&ada, &id).await, paid_once(0..14));
        for pair in told.windows(2) {
            assert_eq!(pair[0]["end"], pair[1]["start"], "periods tile");
        }
        gapless(&ada, 14).await;
        shop.audit(&ada).await;
        stories.push(
            told.iter()
                .map(|p| (text(&p["start"]), text(&p["end"]), p["total"].clone()))
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(stories[0], stories[1]);
}

#[tokio::test]
async fn a_yearly_plan_renews_yearly() {
    let shop = Shop::at("2028-02-29T12:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_YEARLY, 1).await["subscriptionIds"][0]);
    shop.advance("P4Y").await;
    shop.advance("P1D").await;
    let starts: Vec<String> = ada
        .renewals(&id)
        .await
        .iter()
        .map(|p| text(&p["start"])[..10].to_owned())
        .collect();
    assert_eq!(
        starts,
        [
            "2028-02-29",
            "2029-02-28",
            "2030-02-28",
            "2031-02-28",
            "2032-02-29"
        ]
    );
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_decline_at_the_second_renewal_is_mailed_tried_again_and_recovers() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.advance("P1M").await;
    shop.advance("PT1H").await;
    shop.cards(&ada.email, "insufficient_funds").await;
    shop.advance("P1M").await;
    let late = ada.subscription(&id).await;
    assert_eq!(late["status"], "past_due", "{late}");
    assert_eq!(late["currentPeriod"]["index"], 1, "no further period opens");
    let open: Vec<Value> = ada
        .invoices()
        .await
        .into_iter()
        .filter(|invoice| invoice["status"] == "open")
        .collect();
    assert_eq!(open.len(), 1, "numbered at the first outcome");
    assert_eq!(open[0]["amountDue"], open[0]["total"]);
    assert!(
        shop.cloud
            .mails(Some(&ada.email))
            .iter()
            .any(|mail| mail.subject.to_lowercase().contains("payment"))
    );

    shop.advance("P2DT1H").await;
    let told = ada.renewals(&id).await;
    assert_eq!(
        told[2]["attempts"].as_array().unwrap().len(),
        2,
        "the first retry, after two days"
    );
    assert_eq!(told[2]["attempts"][1]["declineCode"], "insufficient_funds");
    shop.cards(&ada.email, "ok").await;
    shop.advance("P5D").await;
    let told = ada.renewals(&id).await;
    assert_eq!(told[2]["status"], "paid");
    assert_eq!(told[2]["attempts"].as_array().unwrap().len(), 3);
    assert_eq!(ada.subscription(&id).await["status"], "active");
    shop.advance("P1M").await;
    assert_eq!(
        ada.renewals(&id).await.len(),
        4,
        "the next period opens on its own date"
    );
    gapless(&ada, 4).await;
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_card_that_never_works_again_ends_unpaid_after_the_schedule() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.cards(&ada.email, "insufficient_funds").await;
    shop.advance("P3M").await;
    let ended = ada.subscription(&id).await;
    assert_eq!(
        (&ended["status"], &ended["nextActionAt"]),
        (&json!("unpaid"), &Value::Null)
    );
    let told = ada.renewals(&id).await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[1]["status"], "unpaid");
    assert_eq!(
        told[1]["attempts"].as_array().unwrap().len(),
        5,
        "the charge and four retries"
    );
    let days: Vec<String> = told[1]["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| text(&a["at"])[..10].to_owned())
        .collect();
    assert_eq!(
        days,
        [
            "2026-02-10",
            "2026-02-12",
            "2026-02-17",
            "2026-02-24",
            "2026-03-03"
        ]
    );
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_hard_decline_is_not_tried_again() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.cards(&ada.email, "stolen_card").await;
    shop.advance("P3M").await;
    let told = ada.renewals(&id).await;
    assert_eq!(told[1]["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(ada.subscription(&id).await["status"], "unpaid");
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_bank_that_wants_the_customer_gets_a_page_that_is_mailed_and_pays() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.cards(&ada.email, "authentication_required").await;
    shop.advance("P1M").await;
    shop.advance("PT30M").await;
    assert_eq!(ada.subscription(&id).await["status"], "past_due");
    let told = ada.renewals(&id).await;
    assert_eq!(told[1]["attempts"][0]["outcome"], "needs_customer");
    let pages = shop.mailed_pages(&ada.email);
    assert_eq!(pages.len(), 1, "{pages:?}");
    let paid = shop.post(&pages[0], &json!({"card": GOOD_CARD})).await.json;
    assert_eq!(paid["status"], "paid", "{paid}");
    shop.cloud.settle().await;
    assert_eq!(ada.subscription(&id).await["status"], "active");
    assert_eq!(ada.renewals(&id).await[1]["status"], "paid");
    shop.advance("P1M").await;
    shop.audit(&ada).await;
}

#[tokio::test]
async fn a_customer_whose_page_never_opened_is_told_what_the_bank_wants() {
    let due = async || {
        let shop = Shop::at("2026-01-10T08:00:00Z").await;
        let ada = shop.customer("ada@example.com").await;
        ada.buy(EDR_MONTHLY, 1).await;
        shop.cards(&ada.email, "authentication_required").await;
        shop.tick("renew_subscriptions").await;
        shop.cloud.skip_to("2026-02-10T09:00:00Z".parse().unwrap());
        (shop, ada)
    };
    let (quiet, _) = due().await;
    let before = quiet.cloud.effects();
    let (_, calls) = effects_of_all(&quiet, quiet.tick("renew_subscriptions")).await;
    let opening = calls.iter().find(|call| call.action.contains("/checkout/"));
    let opening = opening.unwrap().number - before;

    let (shop, ada) = due().await;
    for after in [opening, opening + 1] {
        shop.fail(after, Fault::LostRequest);
    }
    shop.tick("renew_subscriptions").await;
    // From here on the provider fails, and keeps that it did.
    shop.faults(json!({"provider": {"serverError": 1.0}, "seed": 1}))
        .await;
    let before = shop.cloud.mails(Some(&ada.email)).len();
    shop.advance("PT36H").await;
    assert!(shop.mailed_pages(&ada.email).is_empty());
    let mails = shop.cloud.mails(Some(&ada.email));
    assert_eq!(mails.len(), before + 1);
    let told = &mails[before].text;
    assert!(told.contains("the bank asks you to confirm"), "{told}");
}

#[tokio::test]
async fn a_lost_reply_of_a_renewal_is_looked_up_and_never_charged_twice() {
    let shop = Shop::at("2026-01-10T08:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.post(
        "/_local/faults",
        &json!({"provider": {"replyLost": 1.0}, "webhooks": {"drop": 1.0}, "seed": 7}),
    )
    .await;
    shop.advance("P1M").await;
    let told = ada.renewals(&id).await;
    let open = &told[1];
    assert!(
        matches!(
            text(&open["attempts"][0]["outcome"]).as_str(),
            "in_flight" | "unknown"
        ),
        "{open}"
    );
    shop.post("/_local/faults", &json!({})).await;
    shop.advance("PT13H").await;
    assert_eq!(story(&ada, &id).await, paid_once(0..2));
    shop.audit(&ada).await;
}

#[tokio::test]
async fn ticks_that_were_missed_or_doubled_make_no_difference() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.advance("P1M").await;
    shop.advance("PT1H").await;
    let digest = shop.digest().await;
    let tick = json!({"version": 1});
    for _ in 0..3 {
        shop.cloud
            .run_job("renew_subscriptions", tick.clone())
            .await
            .unwrap();
        shop.cloud
            .run_job("reconcile_payments", tick.clone())
            .await
            .unwrap();
    }
    let unknown = shop
        .cloud
        .run_job("renew_subscriptions", json!({"version": 2}))
        .await;
    assert!(
        unknown.is_err(),
        "an unknown version is an error of the function"
    );
    assert_eq!(shop.digest().await, digest);
    assert_eq!(story(&ada, &id).await, paid_once(0..2));
}

#[tokio::test]
async fn a_clock_that_runs_wild_charges_fifteen_periods_a_day_and_no_more() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
    shop.cloud.skip_to("2027-08-15T09:00:00Z".parse().unwrap());
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    shop.cloud.take_log();
    for _ in 0..2 {
        shop.tick("renew_subscriptions").await;
        assert_eq!(story(&ada, &id).await, paid_once(0..16));
    }
    let log = shop.cloud.take_log().join("\n");
    assert_eq!(
        log.matches("\"Parked\":1").count(),
        1,
        "someone is told once"
    );
    assert!(log.contains("15 periods were opened within a day"));
    // What is still due follows when the day is over.
    shop.advance("P1D").await;
    let ada = shop.log_in(&ada.email, PASSWORD).await;
    assert_eq!(story(&ada, &id).await, paid_once(0..19));
    shop.audit(&ada).await;
}
