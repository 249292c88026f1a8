//! The conditions under which a call writes: named, so that each can be taken
//! away to see whether anybody notices.

use super::Call;
use crate::backends::Backends;
use serde_json::{Map, Value};
use std::fmt;

/// A condition of a write: which expression guards which kind of item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// `Put`, `Update`, `Delete` or `ConditionCheck`.
    pub kind: String,
    /// The kind of item, as its key spells it: `ACCOUNT/ORDER`.
    pub item: String,
    /// The expression.
    pub expression: String,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.kind, self.item, self.expression)
    }
}

/// The first words of a key.
fn kind_of(write: &Value) -> Option<String> {
    let key = write.get("Item").or_else(|| write.get("Key"))?;
    let word = |name: &str| {
        let text = key.get(name)?.get("S")?.as_str()?;
        let word = text.split('#').next().unwrap_or(text);
        // A ledger entry's sort key is its number, a bare one.
        Some(if word.bytes().all(|byte| byte.is_ascii_digit()) {
            "n".to_owned()
        } else {
            word.to_owned()
        })
    };
    Some(format!("{}/{}", word("pk")?, word("sk")?))
}

fn condition_of(kind: &str, write: &Value) -> Option<Condition> {
    Some(Condition {
        kind: kind.to_owned(),
        item: kind_of(write)?,
        expression: write.get("ConditionExpression")?.as_str()?.to_owned(),
    })
}

/// The writes of a request, each with what it is.
fn writes_of<'a>(action: &str, request: &'a mut Value) -> Vec<(&'static str, &'a mut Value)> {
    match action {
        "PutItem" => vec![("Put", request)],
        "UpdateItem" => vec![("Update", request)],
        "DeleteItem" => vec![("Delete", request)],
        "TransactWriteItems" => request
            .get_mut("TransactItems")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object_mut)
            .flat_map(members)
            .collect(),
        _ => Vec::new(),
    }
}

fn members(action: &mut Map<String, Value>) -> Vec<(&'static str, &mut Value)> {
    action
        .iter_mut()
        .filter_map(|(kind, write)| {
            let kind = ["Put", "Update", "Delete", "ConditionCheck"]
                .into_iter()
                .find(|known| known == kind)?;
            Some((kind, write))
        })
        .collect()
}

/// The conditions of a call.
pub(super) fn conditions(call: &Call) -> Vec<Condition> {
    let mut request = call.json.clone();
    writes_of(&call.action, &mut request)
        .into_iter()
        .filter_map(|(kind, write)| condition_of(kind, write))
        .collect()
}

impl Backends {
    /// Takes the conditions that are switched off out of a request.
    pub(super) fn strip(&self, request: &mut Value, action: &str) {
        let without = self.switched_off();
        if without.is_empty() {
            return;
        }
        for (kind, write) in writes_of(action, request) {
            if condition_of(kind, write).is_some_and(|condition| without.contains(&condition))
                && let Some(members) = write.as_object_mut()
            {
                neutralise(members, kind);
            }
        }
    }
}

/// Removes a condition with the values and names that only it used. A check
/// has nothing but its condition: it becomes one that always holds.
fn neutralise(write: &mut Map<String, Value>, kind: &str) {
    if kind == "ConditionCheck" {
        write.insert(
            "ConditionExpression".to_owned(),
            Value::from("attribute_exists(pk) OR attribute_not_exists(pk)"),
        );
        write.remove("ExpressionAttributeValues");
        write.remove("ExpressionAttributeNames");
        return;
    }
    write.remove("ConditionExpression");
    let update = write
        .get("UpdateExpression")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    for section in ["ExpressionAttributeValues", "ExpressionAttributeNames"] {
        let empty = match write.get_mut(section).and_then(Value::as_object_mut) {
            Some(used) => {
                used.retain(|name, _| mentions(&update, name));
                used.is_empty()
            }
            None => false,
        };
        if empty {
            write.remove(section);
        }
    }
}

/// True where a name occurs as a whole.
fn mentions(expression: &str, name: &str) -> bool {
    expression.match_indices(name).any(|(at, _)| {
        let after = expression
            .get(at.saturating_add(name.len())..)
            .unwrap_or_default();
        !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    })
}
