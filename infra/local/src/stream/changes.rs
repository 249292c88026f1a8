//! Which items a request writes.

use dynoxide::Item;
use serde_json::Value;

/// The keys of the items a request may change in a table.
pub(crate) fn keys(action: &str, request: &Value, table: &str) -> Vec<Item> {
    match action {
        "PutItem" | "UpdateItem" | "DeleteItem" => key_in(request, table).into_iter().collect(),
        "TransactWriteItems" => members(request, "TransactItems")
            .iter()
            .filter_map(|item| {
                ["Put", "Update", "Delete"]
                    .iter()
                    .find_map(|kind| item.get(*kind))
            })
            .filter_map(|write| key_in(write, table))
            .collect(),
        "BatchWriteItem" => request
            .get("RequestItems")
            .map(|tables| members(tables, table))
            .unwrap_or_default()
            .iter()
            .filter_map(|item| {
                ["PutRequest", "DeleteRequest"]
                    .iter()
                    .find_map(|kind| item.get(*kind))
            })
            .filter_map(key_of)
            .collect(),
        _ => Vec::new(),
    }
}

fn members<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn key_in(write: &Value, table: &str) -> Option<Item> {
    (write.get("TableName").and_then(Value::as_str) == Some(table))
        .then(|| key_of(write))
        .flatten()
}

fn key_of(write: &Value) -> Option<Item> {
    let source = write.get("Item").or_else(|| write.get("Key"))?;
    let part = |name: &str| {
        Some((
            name.to_owned(),
            serde_json::from_value(source.get(name)?.clone()).ok()?,
        ))
    };
    Some(Item::from([part("pk")?, part("sk")?]))
}
