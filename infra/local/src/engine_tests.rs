use super::{Engine, TABLE};
use crate::clock::VirtualClock;
use crate::template::Template;
use serde_json::{Value, json};

fn engine() -> Engine {
    let template = Template::of_repository().unwrap();
    let clock = VirtualClock::frozen("2026-01-31T09:00:00Z".parse().unwrap());
    Engine::open(
        &template.table,
        template.ttl_attribute.as_deref(),
        &clock,
        None,
        true,
    )
    .unwrap()
}

fn put(engine: &Engine, pk: &str, extra: Value) -> (u16, String) {
    let mut item = json!({"pk": {"S": pk}, "sk": {"S": "A"}});
    item.as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    engine.call(
        "test",
        "PutItem",
        &json!({"TableName": TABLE, "Item": item}),
    )
}

#[test]
fn the_stream_tells_inserts_modifications_and_removals_and_no_more() {
    let engine = engine();
    assert_eq!(put(&engine, "P", json!({"n": {"N": "1"}})).0, 200);
    assert_eq!(put(&engine, "P", json!({"n": {"N": "1"}})).0, 200);
    assert_eq!(put(&engine, "P", json!({"n": {"N": "2"}})).0, 200);
    let key = json!({"pk": {"S": "P"}, "sk": {"S": "A"}});
    assert_eq!(
        engine
            .call(
                "test",
                "DeleteItem",
                &json!({"TableName": TABLE, "Key": key})
            )
            .0,
        200
    );
    let names: Vec<&str> = engine
        .take_changes()
        .iter()
        .map(|change| change.name())
        .collect();
    assert_eq!(names, ["INSERT", "MODIFY", "REMOVE"]);
    assert!(!engine.has_changes());
}

#[test]
fn a_transaction_that_is_refused_leaves_no_trace_in_the_stream() {
    let engine = engine();
    put(&engine, "P", json!({}));
    engine.take_changes();
    let item = |pk: &str| json!({"pk": {"S": pk}, "sk": {"S": "A"}});
    let request = json!({"TransactItems": [
        {"Put": {"TableName": TABLE, "Item": item("Q")}},
        {"Put": {"TableName": TABLE, "Item": item("P"), "ConditionExpression": "attribute_not_exists(pk)"}},
    ]});
    let (status, body) = engine.call("test", "TransactWriteItems", &request);
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("ConditionalCheckFailed"), "{body}");
    assert!(!engine.has_changes());
}

#[test]
fn a_transaction_replayed_under_its_token_is_in_the_stream_once() {
    let engine = engine();
    let request = json!({"ClientRequestToken": "t", "TransactItems": [
        {"Put": {"TableName": TABLE, "Item": {"pk": {"S": "P"}, "sk": {"S": "A"}}, "ConditionExpression": "attribute_not_exists(pk)"}},
    ]});
    for _ in 0..2 {
        let (status, body) = engine.call("test", "TransactWriteItems", &request);
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!(engine.take_changes().len(), 1);
}

#[test]
fn the_first_timer_of_a_shard_is_found() {
    let engine = engine();
    for (pk, due) in [
        ("A", "2026-03-01T00:00:00Z#X"),
        ("B", "2026-02-01T00:00:00Z#X"),
    ] {
        let (status, body) = put(
            &engine,
            pk,
            json!({"due_shard": {"S": "DUE#job#00"}, "due_at": {"S": due}}),
        );
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!(
        engine.earliest_due("DUE#job#00".to_owned()).unwrap(),
        Some("2026-02-01T00:00:00Z".parse().unwrap())
    );
    assert_eq!(engine.earliest_due("DUE#job#01".to_owned()).unwrap(), None);
}

#[test]
fn a_table_begun_anew_is_empty() {
    let engine = engine();
    put(&engine, "P", json!({}));
    engine.recreate().unwrap();
    assert_eq!(engine.all().unwrap(), []);
    assert!(!engine.has_changes());
}
