//! Looking into the table.

use super::{Answer, Refused, json, query};
use crate::canonical::sorted;
use crate::cloud::Cloud;
use bytes::Bytes;
use dynoxide::{AttributeValue, Item};
use http::Request;
use serde_json::{Map, Number, Value, json as object};
use sha2::{Digest as _, Sha256};

impl Cloud {
    pub(super) async fn digest(&self) -> Answer {
        self.settle().await;
        let items = self.table().all().map_err(Refused::fault)?;
        Ok(json(&object!({"digest": digest_of(&items)})))
    }

    pub(super) fn items(&self, request: &Request<Bytes>) -> Answer {
        let pk = query(request, "pk")
            .ok_or_else(|| Refused::unprocessable("say which partition: ?pk="))?;
        let items = self.table().partition(&pk).map_err(Refused::fault)?;
        Ok(json(&items.iter().map(plain).collect::<Vec<_>>()))
    }
}

/// SHA-256 over all items in the order of their keys, but rate counters and
/// denials in the audit log: what a refused request may leave behind.
pub(crate) fn digest_of(items: &[Item]) -> String {
    let text = |item: &Item, name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        Some(_) | None => String::new(),
    };
    let counts = |item: &&Item| {
        let pk = text(item, "pk");
        let denial = pk.starts_with("AUDIT#") && text(item, "outcome") == "denied";
        !pk.starts_with("RATE#") && !denial
    };
    let mut rows: Vec<((String, String), String)> = items
        .iter()
        .filter(counts)
        .map(|item| {
            (
                (text(item, "pk"), text(item, "sk")),
                sorted(&serde_json::to_value(item).unwrap_or_default()).to_string(),
            )
        })
        .collect();
    rows.sort();
    let mut hasher = Sha256::new();
    for (_, row) in rows {
        hasher.update(row.as_bytes());
        hasher.update(b"\n");
    }
    hex::encode(hasher.finalize())
}

/// An item as plain JSON, without the types of its attributes.
pub(crate) fn plain(item: &Item) -> Value {
    let mut entries: Vec<_> = item.iter().collect();
    entries.sort_by_key(|(name, _)| name.as_str());
    Value::Object(
        entries
            .into_iter()
            .map(|(name, value)| (name.clone(), plain_value(value)))
            .collect::<Map<_, _>>(),
    )
}

fn plain_value(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::N(digits) => number(digits),
        AttributeValue::B(bytes) => Value::String(hex::encode(bytes)),
        AttributeValue::BOOL(value) => Value::Bool(*value),
        AttributeValue::NULL(_) => Value::Null,
        AttributeValue::SS(texts) => object!(texts),
        AttributeValue::NS(numbers) => {
            Value::Array(numbers.iter().map(|digits| number(digits)).collect())
        }
        AttributeValue::BS(blobs) => Value::Array(
            blobs
                .iter()
                .map(|bytes| Value::String(hex::encode(bytes)))
                .collect(),
        ),
        AttributeValue::L(items) => Value::Array(items.iter().map(plain_value).collect()),
        AttributeValue::M(members) => plain(members),
    }
}

/// A number, as text where JSON readers would round it.
fn number(digits: &str) -> Value {
    digits
        .parse::<i64>()
        .map(Number::from)
        .map_or_else(|_| Value::String(digits.to_owned()), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::{digest_of, plain};
    use dynoxide::Item;
    use serde_json::{Value, json};

    fn item(value: Value) -> Item {
        serde_json::from_value(value).unwrap()
    }

    fn at(pk: &str, n: u32) -> Item {
        item(
            json!({"pk": {"S": pk}, "sk": {"S": "A"}, "n": {"N": n.to_string()}, "m": {"M": {"b": {"S": "x"}, "a": {"BOOL": true}}}}),
        )
    }

    #[test]
    fn the_digest_does_not_depend_on_the_order_of_the_items() {
        assert_eq!(
            digest_of(&[at("A", 1), at("B", 2)]),
            digest_of(&[at("B", 2), at("A", 1)])
        );
    }

    #[test]
    fn the_digest_tells_any_other_change() {
        let before = digest_of(&[at("A", 1)]);
        for changed in [
            vec![at("A", 2)],
            vec![at("B", 1)],
            vec![],
            vec![at("A", 1), at("B", 1)],
        ] {
            assert_ne!(digest_of(&changed), before);
        }
    }

    #[test]
    fn rate_counters_and_denials_leave_the_digest_alone() {
        let denial = item(
            json!({"pk": {"S": "AUDIT#2026-01-31"}, "sk": {"S": "1"}, "outcome": {"S": "denied"}}),
        );
        let act = item(
            json!({"pk": {"S": "AUDIT#2026-01-31"}, "sk": {"S": "2"}, "outcome": {"S": "allowed"}}),
        );
        let before = digest_of(&[at("A", 1)]);
        assert_eq!(
            digest_of(&[at("A", 1), at("RATE#login#x", 1), denial]),
            before
        );
        assert_ne!(digest_of(&[at("A", 1), act]), before);
    }

    #[test]
    fn an_item_is_shown_as_plain_json() {
        assert_eq!(
            plain(&at("A", 1)),
            json!({"m": {"a": true, "b": "x"}, "n": 1, "pk": "A", "sk": "A"})
        );
    }
}
