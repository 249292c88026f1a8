//! Jobs, each run in an execution environment of its own.

use super::{Storm, options, served, tick};
use local::{Faults, Share, StreamDelivery};
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, GOOD_CARD, Shop, User, registration, text};

const BOUGHT: &str = "2026-01-31T09:00:00Z";
const DUE: &str = "2026-03-01T09:00:00Z";

/// Shops at the moment subscriptions are bought that are due together later.
async fn shops() -> [Storm; 2] {
    Storm::set_up(options().at(BOUGHT.parse().unwrap())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_sweeps_at_once_charge_a_period_once() {
    for mut storm in shops().await {
        let shop = storm.shop.clone();
        let ada = shop.customer("ada@example.com").await;
        let id = text(&ada.buy(EDR_MONTHLY, 1).await["subscriptionIds"][0]);
        // The clock is moved without the schedules: the sweeps below meet the
        // due period together.
        shop.cloud.skip_to(DUE.parse().unwrap());
        let swept = storm.of_jobs("renew_subscriptions", &tick()).await;
        assert!(served(&swept) > 1, "there was no race");
        storm.is_over(&[&ada]).await;
        let told = ada.renewals(&id).await;
        assert_eq!(told.len(), 2);
        let attempts = told[1]["attempts"].as_array().unwrap();
        assert_eq!(
            (&told[1]["status"], attempts.len()),
            (&json!("paid"), 1),
            "{told:?}"
        );
        assert_eq!(storm.told(&ada, "period_opened").await, 1);
    }
}

/// An order that was canceled while nobody could close its page, and paid.
async fn surplus(shop: &Shop, ada: &User) {
    let placed = ada.order(EDR_MONTHLY, 1, "k").await.data(201);
    let mut unreachable = Faults::default();
    unreachable.provider.refused = Share::ALL;
    shop.cloud.set_faults(unreachable).unwrap();
    ada.cancel(&placed).await.data(200);
    shop.cloud.set_faults(Faults::default()).unwrap();
    assert_eq!(shop.pay(&placed, GOOD_CARD).await["status"], "paid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_sweeps_at_once_refund_a_surplus_once() {
    for mut storm in Storm::in_each_weather().await {
        let shop = storm.shop.clone();
        let ada = shop.customer("ada@example.com").await;
        surplus(&shop, &ada).await;
        // Only the event arrives; no schedule fires.
        for delivery in shop.cloud.simulator().due_deliveries(shop.cloud.now()) {
            let sent = shop.post_event(&delivery.signature_header, delivery.body);
            sent.await.data(200);
        }
        let refunds = async || shop.book().await["refunds"].as_array().unwrap().len();
        assert_eq!(refunds().await, 0, "there is nothing left to race for");
        shop.wait(600);
        let swept = storm.of_jobs("reconcile_payments", &tick()).await;
        assert!(served(&swept) > 1, "there was no race");
        assert_eq!(refunds().await, 1);
        storm.is_over(&[&ada]).await;
        assert_eq!(refunds().await, 1);
        assert_eq!(storm.told(&ada, "surplus_refunded").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_invoices_of_many_customers_are_numbered_by_many_functions_without_a_gap() {
    const CUSTOMERS: usize = 6;
    for mut storm in shops().await {
        let shop = storm.shop.clone();
        let mut users = Vec::new();
        for n in 0..CUSTOMERS {
            let user = shop.customer(&format!("user{n}@example.com")).await;
            user.buy(EDR_MONTHLY, 1).await;
            users.push(user);
        }
        shop.cloud.skip_to(DUE.parse().unwrap());
        let swept = storm.of_jobs("renew_subscriptions", &tick()).await;
        assert!(served(&swept) > 1, "there was no race");
        let users: Vec<&User> = users.iter().collect();
        storm.is_over(&users).await;
        for user in users {
            assert_eq!(user.invoices().await.len(), 2, "{}", user.email);
        }
        let items = shop.get("/_local/items?pk=SERIES%23F2026").await.json;
        let numbers = items.as_array().unwrap().iter();
        let numbers: Vec<&str> = numbers
            .filter_map(|item| item["sk"].as_str()?.strip_prefix("NUMBER#"))
            .collect();
        let gapless: Vec<String> = (1..=2 * CUSTOMERS).map(|n| format!("{n:09}")).collect();
        assert_eq!(numbers, gapless);
    }
}

/// What the stream says of every event that waits to be delivered.
fn waiting(shop: &Shop) -> Value {
    let items = shop.cloud.table().all().unwrap().into_iter();
    let items = items.map(|item| serde_json::to_value(item).unwrap());
    let waits = |item: &Value| item["type"]["S"] == "event" && item.get("deliver_at").is_some();
    let items = items.filter(waits).enumerate();
    let records = items.map(|(n, item)| {
        json!({
            "eventID": format!("{n:032x}"),
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "local",
            "dynamodb": {
                "ApproximateCreationDateTime": shop.cloud.now().as_second(),
                "Keys": {"pk": item["pk"], "sk": item["sk"]},
                "NewImage": item,
                "SequenceNumber": format!("1{n:020}"),
                "SizeBytes": 0,
                "StreamViewType": "NEW_IMAGE",
            },
        })
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_the_stream_that_comes_sixty_four_times_at_once_is_delivered_for_good() {
    let emails = ["ada@example.com", "eve@example.com", "zoe@example.com"];
    let on_demand = local::Options {
        stream: StreamDelivery::OnDemand,
        ..options()
    };
    for mut storm in Storm::set_up(on_demand).await {
        let shop = storm.shop.clone();
        for email in emails {
            let registered = shop.post("/v1/auth/register", &registration(email)).await;
            registered.data(202);
        }
        let batch = waiting(&shop);
        assert_eq!(batch["Records"].as_array().unwrap().len(), emails.len());
        storm.of_jobs("dispatch_events", &batch).await;
        let mails = |email| shop.cloud.mails(Some(email));
        let sent = emails.map(|email| mails(email).len());
        // Whoever looks before another has noted it sends it as well; whoever
        // looks later does not, and all of them say the same.
        for email in emails {
            let (first, mails) = (mails(email)[0].clone(), mails(email));
            assert!(mails.iter().all(|mail| mail.text == first.text));
            assert!(mails.len() <= super::COPIES);
        }
        assert_eq!(waiting(&shop)["Records"], json!([]));
        storm.of_jobs("dispatch_events", &batch).await;
        storm.is_over(&[]).await;
        assert_eq!(emails.map(|email| mails(email).len()), sent);
    }
}
