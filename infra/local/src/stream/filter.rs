//! Event patterns, as far as event source mappings use them: exact values,
//! `prefix`, `exists` and `anything-but`.

use serde_json::Value;

/// True when the event has everything the pattern asks for.
pub(crate) fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(members) => {
            members
                .iter()
                .all(|(name, wanted)| match (wanted, event.get(name)) {
                    (Value::Array(rules), found) => rules.iter().any(|rule| allows(rule, found)),
                    (wanted, Some(found)) => matches(wanted, found),
                    (_, None) => false,
                })
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            pattern == event
        }
    }
}

fn allows(rule: &Value, found: Option<&Value>) -> bool {
    let Value::Object(rule) = rule else {
        return found == Some(rule);
    };
    rule.iter().all(|(name, operand)| match name.as_str() {
        "exists" => operand.as_bool() == Some(found.is_some()),
        "prefix" => match (operand.as_str(), found.and_then(Value::as_str)) {
            (Some(prefix), Some(text)) => text.starts_with(prefix),
            _ => false,
        },
        "anything-but" => found.is_some_and(|found| match operand {
            Value::Array(all) => !all.contains(found),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => operand != found,
        }),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::matches;
    use serde_json::json;

    #[test]
    fn a_record_passes_when_it_has_everything_the_pattern_asks_for() {
        let pattern = json!({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"type": {"S": ["event", {"prefix": "ev_"}]}}}});
        let record = |name: &str, kind: &str| json!({"eventName": name, "dynamodb": {"NewImage": {"type": {"S": kind}}}});
        assert!(matches(&pattern, &record("INSERT", "event")));
        assert!(matches(&pattern, &record("INSERT", "ev_x")));
        assert!(!matches(&pattern, &record("MODIFY", "event")));
        assert!(!matches(&pattern, &record("INSERT", "order")));
        assert!(!matches(
            &pattern,
            &json!({"eventName": "INSERT", "dynamodb": {}})
        ));
    }

    #[test]
    fn presence_and_exclusion_can_be_asked_for() {
        assert!(matches(&json!({"a": [{"exists": false}]}), &json!({})));
        assert!(!matches(&json!({"a": [{"exists": true}]}), &json!({})));
        assert!(matches(
            &json!({"a": [{"anything-but": ["x"]}]}),
            &json!({"a": "y"})
        ));
        assert!(!matches(
            &json!({"a": [{"anything-but": "x"}]}),
            &json!({"a": "x"})
        ));
    }
}
