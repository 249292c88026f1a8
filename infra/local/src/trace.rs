//! What the functions did outside of themselves: every call through the
//! connector, in order.

use crate::connector::Condition;
use crate::faults::Fault;
use serde_json::Value;
use std::sync::Arc;

/// A service a function calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// DynamoDB.
    Table,
    /// Secrets Manager.
    Secrets,
    /// SES.
    Mail,
    /// The payment provider.
    Provider,
    /// The register of VAT numbers.
    Register,
}

/// How a call ended for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An answer with this status.
    Answered(u16),
    /// No answer: whether it was applied the caller cannot know.
    Lost,
    /// No connection: certainly not applied.
    Refused,
    /// The function died before the answer reached it.
    Crashed,
}

/// What is done to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Read by key.
    Get,
    /// A partition, or part of it, read.
    Query,
    /// Put.
    Put,
    /// Updated.
    Update,
    /// Deleted.
    Delete,
    /// Checked inside a transaction.
    Check,
}

/// One item, or with a query one partition, that a call touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// What is done.
    pub access: Access,
    /// Partition key, or that of the index.
    pub pk: String,
    /// Sort key, where one is given.
    pub sk: Option<String>,
}

/// One call out of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Number since the stack was made; 1 is the first.
    pub number: u64,
    /// The number of the last effect that had ended when this one was sent:
    /// what came after that went on at the same time.
    pub after: u64,
    /// Operation id of the function.
    pub function: Arc<str>,
    /// Made while the function started, before its first request.
    pub cold: bool,
    /// Which service.
    pub service: Service,
    /// `TransactWriteItems`, or method and path.
    pub action: String,
    /// The index asked, if any.
    pub index: Option<String>,
    /// The secret asked for, if it is a call for one.
    pub secret: Option<String>,
    /// The items of a call to the table; of a transaction all its members.
    pub items: Vec<Touch>,
    /// Consumed capacity in half units (an eventually consistent read is
    /// half a unit).
    pub half_units: u64,
    /// The conditions it wrote under.
    pub conditions: Vec<Condition>,
    /// What went wrong on the way.
    pub fault: Option<Fault>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Effect {
    /// True for a transaction, reading or writing.
    pub fn in_transaction(&self) -> bool {
        self.service == Service::Table && self.action.starts_with("Transact")
    }

    /// True when it writes to the table.
    pub fn writes(&self) -> bool {
        self.items.iter().any(|item| match item.access {
            Access::Put | Access::Update | Access::Delete => true,
            Access::Get | Access::Query | Access::Check => false,
        })
    }
}

/// The items a request to the table touches.
pub(crate) fn touches(action: &str, request: &Value) -> Vec<Touch> {
    match action {
        "GetItem" => touch(Access::Get, request.get("Key")).into_iter().collect(),
        "PutItem" => touch(Access::Put, request.get("Item"))
            .into_iter()
            .collect(),
        "UpdateItem" => touch(Access::Update, request.get("Key"))
            .into_iter()
            .collect(),
        "DeleteItem" => touch(Access::Delete, request.get("Key"))
            .into_iter()
            .collect(),
        "Query" => partition_asked(request).into_iter().collect(),
        "BatchGetItem" => tables(request)
            .filter_map(|table| table.get("Keys").and_then(Value::as_array))
            .flatten()
            .filter_map(|key| touch(Access::Get, Some(key)))
            .collect(),
        "BatchWriteItem" => tables(request)
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|write| {
                touch(Access::Put, write.pointer("/PutRequest/Item"))
                    .or_else(|| touch(Access::Delete, write.pointer("/DeleteRequest/Key")))
            })
            .collect(),
        "TransactGetItems" | "TransactWriteItems" => request
            .get("TransactItems")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|member| {
                touch(Access::Put, member.pointer("/Put/Item"))
                    .or_else(|| touch(Access::Update, member.pointer("/Update/Key")))
                    .or_else(|| touch(Access::Delete, member.pointer("/Delete/Key")))
                    .or_else(|| touch(Access::Check, member.pointer("/ConditionCheck/Key")))
                    .or_else(|| touch(Access::Get, member.pointer("/Get/Key")))
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn tables(request: &Value) -> impl Iterator<Item = &Value> {
    request
        .get("RequestItems")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|tables| tables.values())
}

fn touch(access: Access, source: Option<&Value>) -> Option<Touch> {
    let source = source?;
    let text = |pointer: &str| {
        source
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    Some(Touch {
        access,
        pk: text("/pk/S")?,
        sk: text("/sk/S"),
    })
}

/// The partition of a query: the value its first condition names.
fn partition_asked(request: &Value) -> Option<Touch> {
    let condition = request.get("KeyConditionExpression")?.as_str()?;
    let (_, after) = condition.split_once('=')?;
    let placeholder = after.split_whitespace().next()?;
    let pk = request
        .get("ExpressionAttributeValues")?
        .get(placeholder)?
        .get("S")?
        .as_str()?;
    Some(Touch {
        access: Access::Query,
        pk: pk.to_owned(),
        sk: None,
    })
}

/// The capacity an answer of the table tells, in half units.
pub(crate) fn half_units(answer: &Value) -> u64 {
    let units = |consumed: &Value| consumed.get("CapacityUnits").map_or(0, in_halves);
    match answer.get("ConsumedCapacity") {
        Some(Value::Array(all)) => all.iter().map(units).sum(),
        Some(one) => units(one),
        None => 0,
    }
}

fn in_halves(units: &Value) -> u64 {
    let text = units.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let half = u64::from(fraction.starts_with(|digit: char| digit >= '5'));
    whole
        .parse::<u64>()
        .unwrap_or(0)
        .saturating_mul(2)
        .saturating_add(half)
}

#[cfg(test)]
mod tests {
    use super::{Access, Touch, half_units, touches};
    use serde_json::json;

    #[test]
    fn a_transaction_is_told_item_by_item() {
        let request = json!({"TransactItems": [
            {"Put": {"Item": {"pk": {"S": "A"}, "sk": {"S": "1"}, "x": {"N": "1"}}}},
            {"ConditionCheck": {"Key": {"pk": {"S": "B"}, "sk": {"S": "2"}}}},
        ]});
        let touch = |access, pk: &str, sk: &str| Touch {
            access,
            pk: pk.into(),
            sk: Some(sk.into()),
        };
        assert_eq!(
            touches("TransactWriteItems", &request),
            [touch(Access::Put, "A", "1"), touch(Access::Check, "B", "2")]
        );
    }

    #[test]
    fn a_query_is_told_by_its_partition() {
        let request = json!({
            "KeyConditionExpression": "due_shard = :shard AND due_at < :now",
            "ExpressionAttributeValues": {":shard": {"S": "DUE#x#01"}, ":now": {"S": "2026"}},
        });
        let found = touches("Query", &request);
        assert_eq!(
            found.first().map(|touch| touch.pk.as_str()),
            Some("DUE#x#01")
        );
    }

    #[test]
    fn capacity_is_counted_in_half_units() {
        assert_eq!(
            half_units(&json!({"ConsumedCapacity": {"CapacityUnits": 0.5}})),
            1
        );
        assert_eq!(
            half_units(
                &json!({"ConsumedCapacity": [{"CapacityUnits": 2.0}, {"CapacityUnits": 3}]})
            ),
            10
        );
        assert_eq!(half_units(&json!({})), 0);
    }
}
