//! Processes of released functions, all at one table in a file: what several
//! of them do at once, and what is left when one is killed at its work.

use super::options;
use crate::runtime_api::{answer, start, start_in};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use local::{Cloud, Options};
use platform::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::event::Event;
use tests::function::Function;
use tests::runtime_api::Outcome;
use tests::shop::{EDR_MONTHLY, GOOD_CARD, PASSWORD, Shop, order_of, text};
use tests::stack::Stack;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};

const PROCESSES: usize = 4;

/// A file for a table that does not exist yet.
fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is there if this test ran before.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("table.db")
}

/// A shop that reads and writes this file, its clock where it is put.
async fn shop(data: &Path, now: Timestamp) -> Shop {
    let options = Options {
        data: Some(data.to_owned()),
        ..options()
    };
    // Every opening gives other random bytes.
    let seed = u64::try_from(now.as_second()).unwrap();
    Shop::with(options.at(now).seeded_by(seed)).await
}

/// The time in the processes.
fn now() -> Timestamp {
    SystemClock.now()
}

/// The stack on this file. Its own schedules have just fired, so that nobody
/// but the processes sweeps for minutes.
async fn stack(data: &Path) -> Stack {
    let fired = now().as_second() / 300 * 300;
    let set_up = |options| Options {
        now: Timestamp::from_second(fired + 1).unwrap(),
        data: Some(data.to_owned()),
        hashing: super::options().hashing,
        rate_limits: false,
        ..options
    };
    Stack::start_with(set_up).await.unwrap()
}

/// Customers whose subscriptions are due now.
async fn customers_due(data: &Path, count: usize) -> Vec<String> {
    let shop = shop(data, now() - SignedDuration::from_hours(32 * 24)).await;
    let mut emails = Vec::new();
    for n in 0..count {
        let user = shop.customer(&format!("user{n}@example.com")).await;
        user.buy(EDR_MONTHLY, 1).await;
        emails.push(user.email);
    }
    shop.cloud.save().unwrap();
    emails
}

/// Ends the stack and opens its file anew: what was left for later is done,
/// and each of these customers was billed for two periods, once.
async fn all_renewed_once(data: &Path, stack: Stack, emails: &[String]) {
    stack.stop().await.unwrap();
    let shop = shop(data, now()).await;
    for time in ["PT10M", "PT1H"] {
        shop.advance(time).await;
    }
    for email in emails {
        let user = shop.log_in(email, PASSWORD).await;
        let invoices = user.invoices().await;
        assert_eq!(invoices.len(), 2, "{email}");
        assert!(invoices.iter().all(|invoice| invoice["status"] == "paid"));
        shop.audit(&user).await;
    }
    assert_eq!(captures(&shop.cloud), 2 * emails.len());
}

/// How many payments the provider has taken.
fn captures(cloud: &Cloud) -> usize {
    let book = cloud.simulator().book();
    let payments = book["payments"].as_array().unwrap().iter();
    let captured = payments.filter(|payment| payment["status"] == "succeeded");
    captured.count()
}

async fn processes(stack: &Stack, name: &str) -> Vec<Function> {
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        let mut process = start(stack, name).await;
        process.first_poll().await.unwrap();
        processes.push(process);
    }
    processes
}

async fn sweep(process: &mut Function) -> Value {
    let invoked = process.invoke(&json!({"version": 1})).await.unwrap();
    match invoked.outcome {
        Outcome::Answer(report) => report,
        Outcome::Error(error) => panic!("{error:?}\n{}", process.output()),
    }
}

/// Lets a process work on this until something is so, and kills it. Fails when
/// it had finished by then.
async fn killed_once(mut process: Function, work: &Value, so: impl Fn() -> bool) {
    let seen = async {
        let mut pulse = interval(Duration::from_millis(1));
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !so() {
            pulse.tick().await;
        }
    };
    tokio::select! {
        done = process.invoke(work) => panic!("it had finished: {done:?}"),
        () = seen => {}
    }
    process.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_that_sweep_at_once_charge_a_period_once() {
    let data = file("four-sweeps");
    let emails = customers_due(&data, 1).await;
    let stack = stack(&data).await;
    let mut processes = processes(&stack, "renew_subscriptions").await;
    let reports = join_all(processes.iter_mut().map(sweep)).await;
    assert!(super::served(&reports) > 0, "{reports:?}");
    assert_eq!(captures(stack.cloud()), 2);
    all_renewed_once(&data, stack, &emails).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_sweep_began_is_finished_by_others_and_charged_once() {
    let data = file("killed-sweep");
    // Twice as many as are charged side by side, so that some are left.
    let emails = customers_due(&data, 32).await;
    let stack = stack(&data).await;
    let mut processes = processes(&stack, "renew_subscriptions").await;
    let (cloud, victim) = (stack.cloud().clone(), processes.remove(0));
    let first = || captures(&cloud) > emails.len();
    killed_once(victim, &json!({"version": 1}), first).await;
    assert!(captures(&cloud) < 2 * emails.len(), "nothing is left to do");
    let reports = join_all(processes.iter_mut().map(sweep)).await;
    assert!(super::served(&reports) > 0, "{reports:?}");
    drop(cloud);
    all_renewed_once(&data, stack, &emails).await;
}

/// A process that places orders and asks another provider.
async fn start_asking(stack: &Stack, provider: SocketAddr) -> Function {
    let mut environment = stack.environment();
    environment.retain(|(name, _)| name != "STRIPE_API_URL");
    environment.push(("STRIPE_API_URL".to_owned(), format!("http://{provider}")));
    start_in(&environment, "create_order").await
}

/// Posts the order until it is placed: its id.
async fn placed(process: &mut Function, event: &Event) -> String {
    let mut pulse = interval(Duration::from_secs(2));
    for _ in 0..20 {
        pulse.tick().await;
        let (status, body) = answer(process, event.clone()).await;
        if status == 201 {
            return text(&body["data"]["order"]["id"]);
        }
        assert!(matches!(status, 409 | 503), "{status}: {body}");
    }
    panic!("nobody finished the order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_place_an_order_once_and_one_that_is_killed_at_it_is_replaced() {
    let data = file("four-orders");
    let stack = stack(&data).await;
    let token = stack.log_in().await.unwrap();
    let mut processes = processes(&stack, "create_order").await;
    let mut order = order_of(&[(EDR_MONTHLY, 2)]);
    order["returnUrl"] = json!(format!("{}/_local/app", stack.cloud().options().base_url));
    let event = |key| {
        let event = Event::new("POST", "/v1/orders", "/v1/orders").token(&token);
        event.header("idempotency-key", key).json(&order)
    };
    let same = event("the same");
    let posts = processes
        .iter_mut()
        .map(|process| answer(process, same.clone()));
    for (status, body) in join_all(posts).await {
        assert!(matches!(status, 201 | 409 | 503), "{status}: {body}");
    }
    let first = placed(&mut processes[0], &same).await;

    // A provider that never answers: the order is in the table, and no page.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let victim = start_asking(&stack, silent.local_addr().unwrap()).await;
    let cloud = stack.cloud().clone();
    let orders = || {
        let items = cloud.table().all().unwrap().into_iter();
        let items = items.map(|item| serde_json::to_value(item).unwrap());
        items.filter(|item| item["type"]["S"] == "order").count()
    };
    let (cut_off, begun) = (event("cut off"), orders());
    killed_once(victim, &cut_off.clone().into_value(), || orders() > begun).await;
    let second = placed(&mut processes[0], &cut_off).await;
    assert_ne!(second, first);

    let credentials = stack.credentials().unwrap();
    drop(cloud);
    stack.stop().await.unwrap();
    let shop = shop(&data, now()).await;
    let login = ["email", "password"].map(|name| text(&credentials[name]));
    let user = shop.log_in(&login[0], &login[1]).await;
    let listed = user.get("/v1/orders?limit=100").await.data(200);
    let listed: Vec<String> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|order| text(&order["id"]))
        .collect();
    assert_eq!(listed, [second, first]);
    let again = user.call("POST", "/v1/orders").key("cut off");
    let again = again.json(&order).send().await.data(201);
    assert_eq!(again["order"]["id"], listed[0]);
    assert_eq!(shop.pay(&again, GOOD_CARD).await["status"], "paid");
    shop.advance("PT2H").await;
    let user = shop.log_in(&login[0], &login[1]).await;
    assert_eq!(user.standing(&again).await["status"], "paid");
    shop.audit(&user).await;
}
