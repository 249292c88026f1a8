//! Reading items: DynamoDB JSON becomes plain JSON, paths lead into it.

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

static NOTHING: Value = Value::Null;

/// An item of the table as plain JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item(Value);

impl Item {
    /// Reads an item from DynamoDB JSON; none when it is not of that form.
    pub(crate) fn read(raw: &Value) -> Option<Self> {
        let mut plain = Map::new();
        for (name, value) in raw.as_object()? {
            plain.insert(name.clone(), plain_value(value)?);
        }
        Some(Self(Value::Object(plain)))
    }

    /// What lies at a path of names, joined by dots.
    pub(crate) fn at(&self, path: &str) -> Node<'_> {
        Node(&self.0).at(path)
    }

    /// The text at a path; empty where there is none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.at(path).text()
    }

    /// The whole item.
    pub(crate) fn node(&self) -> Node<'_> {
        Node(&self.0)
    }

    /// Names of the attributes whose values differ from another item's.
    pub(crate) fn differences<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let (Some(mine), Some(theirs)) = (self.0.as_object(), other.0.as_object()) else {
            return Vec::new();
        };
        let mut names: Vec<&str> = mine
            .iter()
            .filter(|(name, value)| theirs.get(*name) != Some(value))
            .map(|(name, _)| name.as_str())
            .collect();
        names.extend(
            theirs
                .keys()
                .filter(|name| !mine.contains_key(*name))
                .map(String::as_str),
        );
        names
    }
}

fn plain_value(raw: &Value) -> Option<Value> {
    let (kind, value) = raw.as_object()?.iter().next()?;
    match kind.as_str() {
        "S" | "BOOL" => Some(value.clone()),
        "N" => number(value.as_str()?).map(Value::Number),
        "NULL" => Some(Value::Null),
        "M" => Item::read(value).map(|item| item.0),
        "L" => value
            .as_array()?
            .iter()
            .map(plain_value)
            .collect::<Option<Vec<_>>>()
            .map(Value::Array),
        _ => None,
    }
}

/// Every number the shop stores is whole.
fn number(text: &str) -> Option<Number> {
    text.parse::<i64>()
        .map(Number::from)
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
}

/// A place inside an item; nothing where there is nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Node<'a>(&'a Value);

impl<'a> Node<'a> {
    /// A place inside other JSON, as the provider's book.
    pub(crate) fn of(value: &'a Value) -> Self {
        Self(value)
    }

    /// What lies at a path of names, joined by dots.
    pub(crate) fn at(self, path: &str) -> Self {
        let found = path
            .split('.')
            .try_fold(self.0, |value, name| value.get(name));
        Self(found.unwrap_or(&NOTHING))
    }

    /// Its text; empty where it is none.
    pub(crate) fn text(self) -> &'a str {
        self.0.as_str().unwrap_or_default()
    }

    /// Its number.
    pub(crate) fn number(self) -> Option<i128> {
        self.0
            .as_i64()
            .map(i128::from)
            .or_else(|| self.0.as_u64().map(i128::from))
    }

    /// Its number, 0 where there is none: for counts that may be left out.
    pub(crate) fn count(self) -> i128 {
        self.number().unwrap_or(0)
    }

    /// The moment it tells.
    pub(crate) fn time(self) -> Option<Timestamp> {
        self.0.as_str()?.parse().ok()
    }

    /// Its members, if it is a list.
    pub(crate) fn list(self) -> impl DoubleEndedIterator<Item = Node<'a>> + Clone {
        let members = self.0.as_array().map(Vec::as_slice).unwrap_or_default();
        members.iter().map(Node)
    }

    /// Its members by name, if it has names.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        self.0
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), Node(value)))
    }

    /// True where there is nothing.
    pub(crate) fn is_nothing(self) -> bool {
        self.0.is_null()
    }

    /// True where something is.
    pub(crate) fn is_set(self) -> bool {
        !self.0.is_null()
    }

    /// True where it says true.
    pub(crate) fn is_true(self) -> bool {
        self.0.as_bool().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dynamodb_json_becomes_plain() {
        let raw = json!({
            "pk": {"S": "A"}, "n": {"N": "-5"}, "big": {"N": "18446744073709551615"},
            "m": {"M": {"x": {"L": [{"N": "1"}, {"NULL": true}]}}}, "b": {"BOOL": true},
        });
        let item = Item::read(&raw).unwrap();
        assert_eq!(item.text("pk"), "A");
        assert_eq!(item.at("n").number(), Some(-5));
        assert_eq!(item.at("big").number(), Some(18_446_744_073_709_551_615));
        assert_eq!(item.at("m.x").list().count(), 2);
        assert!(item.at("m.y.z").is_nothing());
        assert!(item.at("b").is_true());
    }

    #[test]
    fn what_is_no_dynamodb_json_is_not_read() {
        for raw in [json!({"a": {"N": "1.5"}}), json!({"a": 1}), json!([])] {
            assert_eq!(Item::read(&raw), None);
        }
    }

    #[test]
    fn differences_are_named() {
        let item = |raw| Item::read(&raw).unwrap();
        let one = item(json!({"a": {"S": "1"}, "b": {"S": "1"}}));
        let two = item(json!({"a": {"S": "1"}, "b": {"S": "2"}, "c": {"S": "1"}}));
        assert_eq!(one.differences(&two), ["b", "c"]);
    }
}
