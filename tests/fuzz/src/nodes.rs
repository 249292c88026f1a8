//! Changes of the JSON in an input that leave it JSON: a change of its bytes
//! seldom does.

use serde_json::Value;

/// Values that are rarely what is wanted.
const ODD: [&str; 20] = [
    "null",
    "true",
    "0",
    "-1",
    "1.0",
    "1e308",
    "18446744073709551615",
    "-9223372036854775808",
    "9223372036854775807",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"\\u0000\"",
    "\"\\u202e\"",
    "\"a\\r\\nb: c\"",
    "\"{access}\"",
    "[]",
    "[[]]",
    "{}",
    "{\"\":null}",
];

/// The input with one node of its JSON, the first or the one after its first
/// line or its first empty line, replaced by an odd value or left out. None
/// when there is no JSON.
pub fn change(data: &[u8], place: usize, odd: usize) -> Option<Vec<u8>> {
    let line = data.iter().position(|byte| *byte == b'\n');
    let empty = data.windows(2).position(|pair| pair == b"\n\n");
    let starts = [
        Some(0),
        line.map(|at| at.saturating_add(1)),
        empty.map(|at| at.saturating_add(2)),
    ];
    starts.into_iter().flatten().find_map(|start| {
        let (before, json) = data.split_at_checked(start)?;
        let mut value: Value = serde_json::from_slice(json).ok()?;
        let wanted = ODD
            .get(odd % (ODD.len() + 1))
            .map(|odd| serde_json::from_str(odd).unwrap_or_default());
        let mut left = place % count(&value);
        set(&mut value, &mut left, &wanted);
        Some([before, value.to_string().as_bytes()].concat())
    })
}

/// How many nodes there are.
fn count(value: &Value) -> usize {
    let inside: usize = match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    inside.saturating_add(1)
}

/// Sets the node before which so many are left; true when that was it and it
/// is to be taken out by whoever holds it.
fn set(value: &mut Value, left: &mut usize, wanted: &Option<Value>) -> bool {
    if *left == 0 {
        *left = usize::MAX;
        if let Some(wanted) = wanted {
            *value = wanted.clone();
        }
        return wanted.is_none();
    }
    *left = left.saturating_sub(1);
    match value {
        Value::Array(items) => {
            let gone = items.iter_mut().position(|item| set(item, left, wanted));
            gone.map(|at| items.remove(at));
        }
        Value::Object(members) => {
            let gone = members
                .iter_mut()
                .find_map(|(name, member)| set(member, left, wanted).then(|| name.clone()));
            gone.and_then(|name| members.remove(&name));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{ODD, change};

    #[test]
    fn every_node_can_be_replaced_or_left_out() {
        let json = br#"{"a":[1,{"b":2}],"c":3}"#;
        let changed = |place, odd| String::from_utf8(change(json, place, odd).unwrap()).unwrap();
        assert_eq!(changed(0, 0), "null");
        assert_eq!(changed(1, 0), r#"{"a":null,"c":3}"#);
        assert_eq!(changed(4, 2), r#"{"a":[1,{"b":0}],"c":3}"#);
        assert_eq!(changed(5, ODD.len()), r#"{"a":[1,{"b":2}]}"#);
        assert_eq!(changed(2, ODD.len()), r#"{"a":[{"b":2}],"c":3}"#);
        assert_eq!(changed(6, 0), "null");
        for text in ["login\n", "login\na: b\n\n"] {
            let whole = [text.as_bytes(), b"[1]"].concat();
            let wanted = [text.as_bytes(), b"[null]"].concat();
            assert_eq!(change(&whole, 1, 0), Some(wanted));
        }
        assert_eq!(change(b"none", 0, 0), None);
    }
}
