//! The books as finance verify them: whoever changed a byte is found.

use domain::id::{AccountId, EventId, Id as _, PaymentId};
use domain::ledger::{Cause, LedgerEntry};
use domain::money::Currency;
use jiff::SignedDuration;
use platform::store::Transaction;
use serde_json::{Value, json};
use tests::shop::{EDR_MONTHLY, Shop, User, text};
use tests::stage::{payment_of, refund_of, staff};

async fn verified(finance: &User, user: &User) -> Value {
    let path = format!("/v1/admin/ledger/verification?account={}", user.account);
    finance.get(&path).await.data(200)
}

#[tokio::test]
async fn a_ledger_is_intact_and_sums_to_what_was_sold_and_given_back() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let finance = staff(&shop, "finance").await;
    let empty = verified(&finance, &ada).await;
    assert_eq!(
        (&empty["intact"], &empty["entries"]),
        (&json!(true), &json!(0))
    );
    let order = ada.buy(EDR_MONTHLY, 30).await;
    let path = format!(
        "/v1/admin/payments/{}/refunds",
        payment_of(&shop, &order).await
    );
    let call = finance.call("POST", &path).header("idempotency-key", "a");
    call.json(&refund_of(6_000)).send().await.data(201);
    let found = verified(&finance, &ada).await;
    assert_eq!(
        (&found["intact"], &found["entries"]),
        (&json!(true), &json!(4))
    );
    assert_eq!(
        (&found["brokenAt"], &found["problem"]),
        (&Value::Null, &Value::Null)
    );
    let balances = found["balances"].as_array().unwrap().iter();
    let balances: Vec<(String, i64)> = balances
        .map(|it| {
            (
                text(&it["account"]),
                it["amount"]["amount"].as_i64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("receivable", 0),
        ("revenue", -9_700),
        ("vat", -1_940),
        ("provider", 11_640),
        ("clearing", 0),
    ];
    assert_eq!(
        balances,
        expected.map(|(name, amount)| (name.to_owned(), amount))
    );
}

/// Puts an entry in the place of one that was read in this version.
async fn overwrite(shop: &Shop, version: u64, entry: &LedgerEntry) {
    let app = shop.cloud.app("tamper");
    let mut act = Transaction::new(app.new_id().unwrap());
    act.replace(version, entry, ());
    app.store().commit(act).await.unwrap();
}

/// Each attribute of each entry, changed behind everybody's back.
#[tokio::test]
async fn whatever_is_changed_in_an_entry_is_found() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let finance = staff(&shop, "finance").await;
    ada.buy(EDR_MONTHLY, 3).await;
    let app = shop.cloud.app("reader");
    let entries = app.store().ledger_of(ada.account).await.unwrap();
    assert_eq!(entries.len(), 2);
    let tamper: [fn(&mut LedgerEntry); 7] = [
        |entry| entry.at += SignedDuration::from_nanos(1),
        |entry| entry.event = EventId::from_bits(1),
        |entry| {
            entry.cause = Cause::Capture {
                payment: PaymentId::from_bits(1),
            }
        },
        |entry| entry.currency = Currency::parse("USD").unwrap(),
        |entry| entry.lines[0].amount += 1,
        |entry| entry.previous.replace_range(..1, "g"),
        |entry| entry.hash.replace_range(..1, "g"),
    ];
    for entry in &entries {
        let mut version = 1;
        for change in tamper {
            let mut changed = entry.clone();
            change(&mut changed);
            overwrite(&shop, version, &changed).await;
            let found = verified(&finance, &ada).await;
            assert_eq!(found["intact"], false, "{changed:?}");
            assert_eq!(found["brokenAt"], entry.sequence, "{changed:?}");
            overwrite(&shop, version + 1, entry).await;
            version += 2;
        }
    }
    assert_eq!(verified(&finance, &ada).await["intact"], true);
}

/// INV-21, INV-23.
#[tokio::test]
async fn the_ledger_of_nobody_is_not_there() {
    let shop = Shop::open().await;
    let finance = staff(&shop, "finance").await;
    let path = "/v1/admin/ledger/verification";
    let nobody = format!("{path}?account={}", AccountId::from_bits(1));
    finance.get(&nobody).await.refused(404, "not_found");
    finance.get(path).await.refused(422, "validation_failed");
    let bad = format!("{path}?account=acc_1");
    finance.get(&bad).await.refused(422, "validation_failed");
    let write = finance.call("POST", path).json(&json!({}));
    write.send().await.refused(405, "method_not_allowed");
}
