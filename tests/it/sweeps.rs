//! Many accounts due in one sweep.

use crate::cost::effects_of_all;
use domain::id::{Id as _, InvoiceId, SubscriptionId};
use domain::invoice::{Invoice, InvoiceStatus};
use futures::future::join_all;
use jiff::Timestamp;
use local::{Access, Effect, Fault};
use platform::job::Work;
use platform::payments::finalise::Waiting;
use platform::payments::renew::renew;
use platform::store::keys::{self, Due, Job, Key};
use platform::store::{Entity, Stored, Transaction};
use platform::sweep::{Tick, sweep};
use platform::telemetry::Invocation;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use tests::shop::{EDR_MONTHLY, Shop, User, text};

const ACCOUNTS: usize = 12;
const DUE: &str = "2026-02-28T09:30:00Z";

/// Accounts with a subscription each, all due at the same moment.
async fn accounts(shop: &Shop) -> Vec<User> {
    let mut users = Vec::new();
    for n in 0..ACCOUNTS {
        let user = shop.customer(&format!("user{n}@example.com")).await;
        user.buy(EDR_MONTHLY, 1).await;
        users.push(user);
    }
    // Nothing is due yet: from here on the function is warm.
    let swept = shop.tick("renew_subscriptions").await;
    assert_eq!(swept["served"], 0);
    shop.cloud.skip_to(DUE.parse().unwrap());
    users
}

/// Transactions that took numbers.
fn numberings(calls: &[Effect]) -> Vec<&Effect> {
    let takes = |call: &&Effect| {
        call.items
            .iter()
            .any(|item| item.access == Access::Put && item.sk.as_deref() == Some("COUNTER"))
    };
    calls.iter().filter(takes).collect()
}

/// Every account is billed for two periods, and the numbers have no gap.
async fn all_renewed(shop: &Shop, users: &[User]) {
    for user in users {
        assert_eq!(user.invoices().await.len(), 2, "{}", user.email);
        shop.audit(user).await;
    }
    let items = shop.get("/_local/items?pk=SERIES%23F2026").await.json;
    let numbers = items.as_array().unwrap().iter();
    let numbers: Vec<&str> = numbers
        .filter_map(|item| item["sk"].as_str()?.strip_prefix("NUMBER#"))
        .collect();
    let gapless: Vec<String> = (1..=2 * ACCOUNTS).map(|n| format!("{n:09}")).collect();
    assert_eq!(numbers, gapless);
}

#[tokio::test]
async fn many_accounts_renew_in_one_sweep() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let users = accounts(&shop).await;
    let tick = json!({"version": 1});
    let sweep = shop.cloud.run_job("renew_subscriptions", tick);
    assert_eq!(
        sweep.await.unwrap(),
        json!({"served": ACCOUNTS, "failed": 0})
    );
    all_renewed(&shop, &users).await;
}

#[tokio::test]
async fn invoices_that_wait_together_are_numbered_together() {
    const WAITING: usize = 31;
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 1).await;
    let app = shop.cloud.app("test");
    let id = InvoiceId::parse(&text(&ada.invoices().await[0]["id"])).unwrap();
    let key = keys::invoice(ada.account, id);
    let numbered = app.store().get::<Invoice>(&key).await.unwrap().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..WAITING {
        let draft = Invoice {
            id: app.new_id().unwrap(),
            account: app.new_id().unwrap(),
            status: InvoiceStatus::Draft,
            ..numbered.value.clone()
        };
        let value = draft.decline(app.now());
        let mut act = Transaction::new(app.new_id().unwrap());
        act.insert(&value, ());
        app.store().commit(act).await.unwrap();
        waiting.push(Waiting {
            invoice: Stored { value, version: 1 },
            head: None,
        });
    }
    let numbering = waiting
        .into_iter()
        .map(|one| app.numbering().number(&app, one));
    let (results, calls) = effects_of_all(&shop, join_all(numbering)).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    // The first goes alone, for nobody else was there yet; then 15 at a time.
    assert_eq!(numberings(&calls).len(), 1 + (WAITING - 1).div_ceil(15));
}

#[tokio::test]
async fn whatever_meets_the_numbering_of_many_every_invoice_gets_its_number() {
    let tick = || json!({"version": 1});
    let quiet = Shop::at("2026-01-31T09:00:00Z").await;
    accounts(&quiet).await;
    let before = quiet.cloud.effects();
    let sweep = quiet.cloud.run_job("renew_subscriptions", tick());
    let (_, calls) = effects_of_all(&quiet, sweep).await;
    // Elsewhere the same happens in the same order: the second is met.
    let second = numberings(&calls)[1].number - before;
    for fault in [Fault::Conflict, Fault::CrashBefore, Fault::CrashAfter] {
        let shop = Shop::at("2026-01-31T09:00:00Z").await;
        let users = accounts(&shop).await;
        shop.cloud.plan_fault(shop.cloud.effects() + second, fault);
        let _may_crash = shop.cloud.run_job("renew_subscriptions", tick()).await;
        shop.advance("PT30M").await;
        all_renewed(&shop, &users).await;
    }
}

#[tokio::test]
async fn a_sweep_meets_everything_due_however_short_the_pages_are() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let users = accounts(&shop).await;
    shop.faults(json!({"dynamodb": {"shortPage": 1.0}, "seed": 1}))
        .await;
    let tick = json!({"version": 1});
    let swept = shop.cloud.run_job("renew_subscriptions", tick).await;
    assert_eq!(swept.unwrap(), json!({"served": ACCOUNTS, "failed": 0}));
    shop.faults(json!({})).await;
    all_renewed(&shop, &users).await;
}

#[tokio::test]
async fn a_shard_that_cannot_be_read_keeps_no_other_from_being_served() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let users = accounts(&shop).await;
    // The first of sixteen queries that go out together, and its two retries.
    let last = shop.cloud.effects();
    for effect in [1, 17, 18] {
        shop.cloud.plan_fault(last + effect, Fault::LostRequest);
    }
    let tick = json!({"version": 1});
    let swept = shop.cloud.run_job("renew_subscriptions", tick).await;
    assert!(swept.is_err(), "nobody is told: {swept:?}");
    let mut renewed = 0;
    for user in &users {
        renewed += usize::from(user.invoices().await.len() == 2);
    }
    assert!(renewed > ACCOUNTS / 2, "{renewed} of {ACCOUNTS}");
    shop.advance("PT30M").await;
    all_renewed(&shop, &users).await;
}

/// Something that is due and that no job can serve.
#[derive(Serialize, Deserialize)]
struct Stuck {
    number: usize,
    at: Timestamp,
}

impl Entity for Stuck {
    const TYPE: &'static str = "stuck";

    fn key(&self) -> Key {
        Key {
            pk: "STUCK".to_owned(),
            sk: self.number.to_string(),
        }
    }

    fn due(&self) -> Option<Due> {
        Some(Due {
            job: Job::Renew,
            at: self.at,
        })
    }
}

/// A tick by hand names no shards, the schedules name all.
#[tokio::test]
async fn every_shard_is_served_by_hand_and_by_the_schedule() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let app = shop.cloud.app("test");
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut shards = HashSet::new();
    for stuck in (0..).map(|number| Stuck { number, at }) {
        if shards.insert(stuck.due().unwrap().shard(&stuck.key())) {
            let mut act = Transaction::new(app.new_id().unwrap());
            act.insert(&stuck, ());
            app.store().commit(act).await.unwrap();
        }
        if shards.len() == usize::from(keys::SHARDS) {
            break;
        }
    }
    let swept = shop.tick("renew_subscriptions").await;
    assert_eq!(swept, json!({"served": 0, "failed": keys::SHARDS}));
    // Each is left alone for five minutes; then the schedule is the first.
    shop.cloud.take_log();
    shop.advance("PT10M").await;
    let log = shop.cloud.take_log();
    let failed = |line: &&String| line.contains(&format!("\"Failed\":{}", keys::SHARDS));
    assert_ne!(log.iter().filter(failed).count(), 0, "{log:#?}");
}

#[tokio::test]
async fn what_is_stuck_at_the_head_of_a_shard_keeps_nothing_behind_it_waiting() {
    const STUCK: usize = 150;
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    ada.buy(EDR_MONTHLY, 1).await;
    shop.cloud.skip_to(DUE.parse().unwrap());
    let shard = Job::Renew.shard(shop.shards_due().await[0]);
    let stuck = (0..).map(|number| Stuck {
        number,
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
    });
    let stuck = stuck.filter(|stuck| stuck.due().unwrap().shard(&stuck.key()) == shard);
    let app = shop.cloud.app("test");
    for one in stuck.take(STUCK) {
        let mut act = Transaction::new(app.new_id().unwrap());
        act.insert(&one, ());
        app.store().commit(act).await.unwrap();
    }
    let swept = shop.tick("renew_subscriptions").await;
    assert_eq!(swept, json!({"served": 1, "failed": STUCK}));
    assert_eq!(ada.invoices().await.len(), 2);
    // Whoever is called at night reads which things failed, not only the last.
    let log = shop.cloud.take_log();
    let line = log.iter().find(|line| line.contains("STUCK")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["Failed"], STUCK);
    let first = line["error"].as_str().unwrap();
    let others = line["alsoFailed"].as_array().unwrap();
    assert_eq!(others.len(), 19, "{line}");
    assert!(others.iter().all(|other| other != first), "{line}");
    // What failed is left alone for five minutes.
    for (wait, failed) in [(0, 0), (299, 0), (1, STUCK)] {
        shop.wait(wait);
        let swept = shop.tick("renew_subscriptions").await;
        assert_eq!(swept, json!({"served": 0, "failed": failed}));
    }
}

#[tokio::test]
async fn nothing_is_charged_when_the_time_is_up() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let bought = ada.buy(EDR_MONTHLY, 1).await;
    let id = SubscriptionId::parse(&text(&bought["subscriptionIds"][0])).unwrap();
    shop.cloud.skip_to(DUE.parse().unwrap());
    let app = shop.cloud.app("test");
    for (stop_at, invoices) in [(app.now(), 1), (Timestamp::MAX, 2)] {
        renew(&app, ada.account, id, stop_at).await.unwrap();
        assert_eq!(ada.invoices().await.len(), invoices);
    }
}

#[tokio::test]
async fn only_what_is_still_due_is_put_off() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let ada = shop.customer("ada@example.com").await;
    let bought = ada.buy(EDR_MONTHLY, 1).await;
    let id = SubscriptionId::parse(&text(&bought["subscriptionIds"][0])).unwrap();
    let due_later = keys::subscription(ada.account, id);
    let (without, absent) = (keys::account(ada.account), keys::signing_keys());
    let absent = Key {
        sk: "NOBODY".to_owned(),
        ..absent
    };
    let app = shop.cloud.app("test");
    let digest = shop.digest().await;
    for key in [&due_later, &without, &absent] {
        let put_off = app.store().put_off(Job::Renew, key, app.now()).await;
        put_off.unwrap();
        assert_eq!(shop.digest().await, digest, "{key:?}");
    }
    shop.cloud.skip_to(DUE.parse().unwrap());
    let put_off = app.store().put_off(Job::Renew, &due_later, app.now());
    put_off.await.unwrap();
    assert_ne!(shop.digest().await, digest);
}

#[tokio::test]
async fn one_that_panics_is_told_and_left_for_later_and_stops_no_other() {
    let shop = Shop::at("2026-01-31T09:00:00Z").await;
    let users = accounts(&shop).await;
    let app = shop.cloud.app("test");
    let tick: Tick = serde_json::from_value(json!({"version": 1})).unwrap();
    let bad = format!("ACCOUNT#{}", users[3].account);
    let sweep = async || {
        let mut work = Work {
            stop_at: Timestamp::MAX,
            invocation: Invocation::job("test", app.now()),
        };
        let serve = |key: Key| {
            let bad = bad.clone();
            async move {
                assert_ne!(key.pk, bad);
                Ok(())
            }
        };
        let swept = sweep(&app, Job::Renew, &tick, &mut work, serve).await;
        work.invocation.finish(app.log(), app.now());
        (swept.unwrap(), shop.cloud.take_log().pop().unwrap())
    };
    let all = u64::try_from(ACCOUNTS).unwrap();
    let (swept, line) = sweep().await;
    assert_eq!((swept.served, swept.failed), (all - 1, 1));
    assert!(line.contains("SUBSCRIPTION#sub_") && line.contains("it panicked"));
    let (swept, _) = sweep().await;
    assert_eq!((swept.served, swept.failed), (all - 1, 0));
    shop.wait(300);
    assert_eq!(sweep().await.0.failed, 1);
}
