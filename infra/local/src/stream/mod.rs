//! The table's stream: what changed, as its records tell it, and which of it
//! an event source mapping wants.

pub(crate) mod changes;
pub(crate) mod filter;

use crate::template::StreamMapping;
use dynoxide::{AttributeValue, Item};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// One change of one item.
#[derive(Debug, Clone)]
pub struct Change {
    pk: String,
    sk: String,
    old: Option<Arc<Item>>,
    new: Option<Arc<Item>>,
}

impl Change {
    /// What changed between two states of an item: nothing when they are equal.
    pub(crate) fn between(key: &Item, before: Option<Item>, after: Option<Item>) -> Option<Self> {
        if before == after {
            return None;
        }
        let part = |name: &str| match key.get(name) {
            Some(AttributeValue::S(text)) => text.clone(),
            Some(_) | None => String::new(),
        };
        Some(Self {
            pk: part("pk"),
            sk: part("sk"),
            old: before.map(Arc::new),
            new: after.map(Arc::new),
        })
    }

    /// Partition key.
    pub fn pk(&self) -> &str {
        &self.pk
    }

    /// Sort key.
    pub fn sk(&self) -> &str {
        &self.sk
    }

    /// The item as it is now, in DynamoDB's JSON; none when it was deleted.
    pub fn after(&self) -> Option<Value> {
        self.new
            .as_ref()
            .map(|item| serde_json::to_value(&**item).unwrap_or_default())
    }

    /// The item as it is now.
    pub(crate) fn new_item(&self) -> Option<&Item> {
        self.new.as_deref()
    }

    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub(crate) fn name(&self) -> &'static str {
        match (&self.old, &self.new) {
            (None, _) => "INSERT",
            (Some(_), Some(_)) => "MODIFY",
            (Some(_), None) => "REMOVE",
        }
    }

    /// The record a function gets.
    pub(crate) fn record(&self, sequence: u64, now: Timestamp) -> Value {
        let mut change = json!({
            "ApproximateCreationDateTime": now.as_second(),
            "Keys": {"pk": {"S": self.pk}, "sk": {"S": self.sk}},
            "SequenceNumber": format!("1{sequence:020}"),
            "SizeBytes": 0,
            "StreamViewType": "NEW_IMAGE",
        });
        if let (Some(image), Some(members)) = (self.after(), change.as_object_mut()) {
            members.insert("NewImage".to_owned(), image);
        }
        json!({
            "eventID": format!("{sequence:032x}"),
            "eventName": self.name(),
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "eventSourceARN": "arn:aws:dynamodb:local:000000000000:table/cyna/stream/1",
            "awsRegion": "local",
            "dynamodb": change,
        })
    }
}

/// A record whose item nobody can read.
pub(crate) fn poison(sequence: u64, now: Timestamp) -> Value {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let key = Item::from([
        ("pk".to_owned(), text("ACCOUNT#poison")),
        ("sk".to_owned(), text("EVENT#poison")),
    ]);
    let mut item = key.clone();
    item.insert("type".to_owned(), text("event"));
    match Change::between(&key, None, Some(item)) {
        Some(change) => change.record(sequence, now),
        None => Value::Null,
    }
}

/// The sequence number of a record.
pub(crate) fn sequence_of(record: &Value) -> Option<&str> {
    record
        .pointer("/dynamodb/SequenceNumber")
        .and_then(Value::as_str)
}

/// True when the mapping passes this record on.
pub(crate) fn wanted(mapping: &StreamMapping, record: &Value) -> bool {
    mapping.patterns.is_empty()
        || mapping
            .patterns
            .iter()
            .any(|pattern| filter::matches(pattern, record))
}

/// Where to go on after a batch, as `ReportBatchItemFailures` has it: at the
/// first record that was named. None when nothing was.
pub(crate) fn resume_at(records: &[Value], answer: &Value) -> Option<usize> {
    let failures = answer.get("batchItemFailures").and_then(Value::as_array)?;
    let named: Vec<&str> = failures
        .iter()
        .filter_map(|failure| failure.get("itemIdentifier").and_then(Value::as_str))
        .collect();
    if failures.is_empty() {
        return None;
    }
    // An identifier that names no record fails the whole batch.
    let known = |name: &&str| {
        records
            .iter()
            .any(|record| sequence_of(record) == Some(name))
    };
    if !named.iter().all(known) || named.len() < failures.len() {
        return Some(0);
    }
    records
        .iter()
        .position(|record| sequence_of(record).is_some_and(|sequence| named.contains(&sequence)))
}

#[cfg(test)]
mod tests {
    use super::{Change, resume_at};
    use aws_lambda_events::dynamodb::Event;
    use dynoxide::{AttributeValue, Item};
    use serde_json::{Value, json};

    fn record(sequence: u64) -> Value {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let key = Item::from([("pk".to_owned(), text("P")), ("sk".to_owned(), text("A"))]);
        let change = Change::between(&key, None, Some(key.clone())).unwrap();
        change.record(sequence, "2026-01-31T09:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_record_is_one_the_function_can_read() {
        let event: Event = serde_json::from_value(json!({"Records": [record(1)]})).unwrap();
        let read = event.records.first().unwrap();
        assert_eq!(
            (
                read.event_name.as_str(),
                read.change.sequence_number.as_deref()
            ),
            ("INSERT", Some("100000000000000000001"))
        );
    }

    #[test]
    fn a_batch_goes_on_at_the_first_record_that_failed() {
        let records = [record(1), record(2), record(3)];
        let failed = |names: &[&str]| {
            let failures: Vec<Value> = names
                .iter()
                .map(|name| json!({"itemIdentifier": name}))
                .collect();
            resume_at(&records, &json!({"batchItemFailures": failures}))
        };
        assert_eq!(failed(&[]), None);
        assert_eq!(
            failed(&["100000000000000000003", "100000000000000000002"]),
            Some(1)
        );
        assert_eq!(
            failed(&["unknown"]),
            Some(0),
            "a name nobody knows fails the batch"
        );
        assert_eq!(resume_at(&records, &Value::Null), None);
    }
}
