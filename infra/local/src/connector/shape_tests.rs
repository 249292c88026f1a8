//! What the SDK makes of answers that are right and not what one hopes for:
//! pages that stop early, batches with keys left out, what was, what comes
//! late, conditions that are switched off.

use super::Condition;
use super::tests::{client, cloud, text};
use crate::Cloud;
use crate::engine::TABLE;
use crate::faults::{Fault, Faults, Share, TableFaults};
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::{ConditionCheck, KeysAndAttributes, Put, TransactWriteItem};
use jiff::SignedDuration;
use std::collections::BTreeSet;

const ALWAYS: Share = Share::ALL;

fn table_faults(cloud: &Cloud, dynamodb: TableFaults, seed: u64) {
    let faults = Faults {
        dynamodb,
        seed,
        ..Faults::default()
    };
    cloud.set_faults(faults).unwrap();
}

async fn put(cloud: &Cloud, sk: &str) {
    let put = client(&cloud.0.backends)
        .put_item()
        .table_name(TABLE)
        .item("pk", text("P"))
        .item("sk", text(sk))
        .item("due_shard", text("DUE#test"))
        .item("due_at", text(sk));
    put.send().await.unwrap();
}

/// One page of the items put above, in the table or in its index.
async fn page(cloud: &Cloud, index: bool, after: &QueryOutput) -> QueryOutput {
    let query = client(&cloud.0.backends).query().table_name(TABLE);
    let query = if index {
        query
            .index_name("due")
            .key_condition_expression("due_shard = :pk")
            .expression_attribute_values(":pk", text("DUE#test"))
    } else {
        query
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text("P"))
    };
    let query = query.set_exclusive_start_key(after.last_evaluated_key.clone());
    query.send().await.unwrap()
}

#[tokio::test]
async fn a_query_that_stops_early_comes_to_its_end_page_by_page() {
    for index in [false, true] {
        let mut sizes = BTreeSet::new();
        for seed in 0..8 {
            let cloud = cloud().await;
            for sk in ["A", "B", "C", "D", "E"] {
                put(&cloud, sk).await;
            }
            let short_page = ALWAYS;
            let faults = TableFaults {
                short_page,
                ..TableFaults::default()
            };
            table_faults(&cloud, faults, seed);
            let mut found = Vec::new();
            let mut last = QueryOutput::builder().build();
            loop {
                last = page(&cloud, index, &last).await;
                sizes.insert(last.items().len());
                found.extend(last.items().iter().map(|item| item["sk"].clone()));
                if last.last_evaluated_key.is_none() {
                    break;
                }
            }
            assert_eq!(found, ["A", "B", "C", "D", "E"].map(text), "index {index}");
        }
        assert!(sizes.contains(&0) && sizes.contains(&1), "{sizes:?}");
    }
}

#[tokio::test]
async fn a_batch_names_the_keys_it_left_out() {
    let cloud = cloud().await;
    let names = ["A", "B", "C", "D"];
    for sk in names {
        put(&cloud, sk).await;
    }
    let partial_batch = ALWAYS;
    let faults = TableFaults {
        partial_batch,
        ..TableFaults::default()
    };
    table_faults(&cloud, faults, 1);
    let keys = names.map(|sk| [("pk".into(), text("P")), ("sk".into(), text(sk))].into());
    let keys = KeysAndAttributes::builder().set_keys(Some(keys.into()));
    let batch = client(&cloud.0.backends)
        .batch_get_item()
        .request_items(TABLE, keys.build().unwrap());
    let got = batch.send().await.unwrap();
    let (found, left) = (
        got.responses().unwrap()[TABLE].len(),
        got.unprocessed_keys().unwrap()[TABLE].keys().len(),
    );
    assert!(
        found >= 1 && left >= 1 && found + left == 4,
        "{found} {left}"
    );
}

#[tokio::test]
async fn an_index_that_lags_shows_what_was_until_time_has_passed() {
    let cloud = cloud().await;
    put(&cloud, "A").await;
    let faults = TableFaults {
        lag: 60,
        ..TableFaults::default()
    };
    table_faults(&cloud, faults, 1);
    put(&cloud, "B").await;
    let start = QueryOutput::builder().build();
    assert_eq!(page(&cloud, true, &start).await.items().len(), 1);
    let strongly = page(&cloud, false, &start).await;
    assert_eq!(strongly.items().len(), 2);
    cloud.skip_to(cloud.now() + SignedDuration::from_secs(61));
    assert_eq!(page(&cloud, true, &start).await.items().len(), 2);
}

#[tokio::test]
async fn a_late_write_is_applied_after_others() {
    let cloud = cloud().await;
    cloud.plan_fault(cloud.effects() + 1, Fault::Late);
    let late = client(&cloud.0.backends)
        .put_item()
        .table_name(TABLE)
        .item("pk", text("P"))
        .item("sk", text("late"));
    late.send().await.unwrap_err();
    assert_eq!(cloud.table().partition("P").unwrap().len(), 0);
    for sk in ["A", "B", "C", "D"] {
        put(&cloud, sk).await;
    }
    assert_eq!(cloud.table().partition("P").unwrap().len(), 5);
}

fn guarded(sk: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(TABLE)
        .item("pk", text("P"))
        .item("sk", text(sk))
        .condition_expression("attribute_not_exists(pk)");
    TransactWriteItem::builder()
        .put(put.build().unwrap())
        .build()
}

fn checked(sk: &str) -> TransactWriteItem {
    let check = ConditionCheck::builder()
        .table_name(TABLE)
        .key("pk", text("P"))
        .key("sk", text(sk))
        .condition_expression("version = :read")
        .expression_attribute_values(":read", text("1"));
    TransactWriteItem::builder()
        .condition_check(check.build().unwrap())
        .build()
}

/// The reasons why these were not written together; none when they were.
async fn reasons(cloud: &Cloud, items: Vec<TransactWriteItem>) -> Vec<String> {
    let sent = client(&cloud.0.backends)
        .transact_write_items()
        .set_transact_items(Some(items));
    let Err(error) = sent.send().await else {
        return Vec::new();
    };
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError as Error;
    let Error::TransactionCanceledException(canceled) = error.into_service_error() else {
        return vec!["another error".to_owned()];
    };
    let reasons = canceled.cancellation_reasons().iter();
    reasons
        .map(|reason| reason.code().unwrap_or("None").to_owned())
        .collect()
}

#[tokio::test]
async fn a_refused_condition_comes_among_other_reasons() {
    let cloud = cloud().await;
    put(&cloud, "B").await;
    cloud.plan_fault(cloud.effects() + 1, Fault::MixedReasons);
    let refused = reasons(&cloud, vec![guarded("A"), guarded("B")]).await;
    assert_eq!(refused, ["TransactionConflict", "ConditionalCheckFailed"]);
    cloud.plan_fault(cloud.effects() + 1, Fault::MixedReasons);
    assert!(reasons(&cloud, vec![guarded("C")]).await.is_empty());
}

#[tokio::test]
async fn a_condition_that_is_switched_off_guards_nothing_and_the_others_do() {
    let cloud = cloud().await;
    put(&cloud, "B").await;
    let without = |kind: &str, item: &str, expression: &str| {
        cloud.switch_off(&[Condition {
            kind: kind.to_owned(),
            item: item.to_owned(),
            expression: expression.to_owned(),
        }]);
    };
    let both = || vec![guarded("B"), checked("A")];
    let refused = ["ConditionalCheckFailed"; 2];
    assert_eq!(reasons(&cloud, both()).await, refused);
    without("ConditionCheck", "P/A", "version = :read");
    assert_eq!(
        reasons(&cloud, both()).await,
        ["ConditionalCheckFailed", "None"]
    );
    without("Put", "P/B", "attribute_not_exists(pk)");
    assert!(reasons(&cloud, vec![guarded("B")]).await.is_empty());
    cloud.switch_off(&[]);
    assert_eq!(
        reasons(&cloud, vec![guarded("B")]).await,
        ["ConditionalCheckFailed"]
    );
}
