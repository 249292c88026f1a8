//! The table's stream: what changed, as its records tell it, and which of it
//! an event source mapping wants.

pub(crate) mod changes;
pub(crate) mod filter;

use crate::template::StreamMapping;
use dynoxide::Item;
use jiff::Timestamp;
use serde_json::{Value, json};

/// One change of one item.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    keys: Value,
    old: bool,
    new: Option<Value>,
}

impl Change {
    /// What changed between two states of an item: nothing when they are equal.
    pub(crate) fn between(key: &Item, before: Option<&Item>, after: Option<&Item>) -> Option<Self> {
        if before == after {
            return None;
        }
        Some(Self {
            keys: serde_json::to_value(key).unwrap_or_default(),
            old: before.is_some(),
            new: after.map(|item| serde_json::to_value(item).unwrap_or_default()),
        })
    }

    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub(crate) fn name(&self) -> &'static str {
        match (self.old, &self.new) {
            (false, _) => "INSERT",
            (true, Some(_)) => "MODIFY",
            (true, None) => "REMOVE",
        }
    }

    /// The record a function gets.
    pub(crate) fn record(&self, sequence: u64, now: Timestamp) -> Value {
        let mut change = json!({
            "ApproximateCreationDateTime": now.as_second(),
            "Keys": self.keys,
            "SequenceNumber": format!("1{sequence:020}"),
            "SizeBytes": 0,
            "StreamViewType": "NEW_IMAGE",
        });
        if let (Some(image), Some(members)) = (&self.new, change.as_object_mut()) {
            members.insert("NewImage".to_owned(), image.clone());
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
    use serde_json::{Value, json};

    fn record(sequence: u64) -> Value {
        let change = Change {
            keys: json!({"pk": {"S": "P"}, "sk": {"S": "A"}}),
            old: false,
            new: Some(json!({"pk": {"S": "P"}})),
        };
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
