//! A schema as a few lines that people read.

use serde_json::Value;
use std::fmt::Write as _;

/// The schema in short: objects member by member, references by name.
pub(super) fn shape(schema: &Value) -> String {
    write_shape(schema, 0)
}

fn write_shape(schema: &Value, depth: usize) -> String {
    let text = |name: &str| schema.get(name).and_then(Value::as_str);
    if let Some(reference) = text("$ref") {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values
            .iter()
            .map(Value::to_string)
            .collect::<Vec<_>>()
            .join(" | ");
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        if let Some(options) = schema.get(choice).and_then(Value::as_array) {
            let joint = if choice == "allOf" { " & " } else { " | " };
            return options
                .iter()
                .map(|option| write_shape(option, depth))
                .collect::<Vec<_>>()
                .join(joint);
        }
    }
    match schema.get("type") {
        Some(Value::String(kind)) => of_kind(schema, kind, depth),
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .map(|kind| of_kind(schema, kind, depth))
            .collect::<Vec<_>>()
            .join(" | "),
        Some(_) | None => "any".to_owned(),
    }
}

fn of_kind(schema: &Value, kind: &str, depth: usize) -> String {
    match kind {
        "object" => object(schema, depth),
        "array" => match schema.get("items") {
            Some(items) => format!("[{}]", write_shape(items, depth)),
            None => "[any]".to_owned(),
        },
        scalar => {
            let mut text = scalar.to_owned();
            if let Some(format) = schema.get("format").and_then(Value::as_str) {
                let _ = write!(text, " ({format})");
            }
            text.push_str(&bounds(schema));
            text
        }
    }
}

fn bounds(schema: &Value) -> String {
    let of = |least: &str, most: &str| match (schema.get(least), schema.get(most)) {
        (None, None) => None,
        (Some(least), None) => Some(format!(" {least}…")),
        (None, Some(most)) => Some(format!(" …{most}")),
        (Some(least), Some(most)) => Some(format!(" {least}…{most}")),
    };
    of("minLength", "maxLength")
        .or_else(|| of("minimum", "maximum"))
        .unwrap_or_default()
}

fn object(schema: &Value, depth: usize) -> String {
    let Some(properties) = schema
        .get("properties")
        .and_then(Value::as_object)
        .filter(|members| !members.is_empty())
    else {
        return match schema.get("additionalProperties") {
            Some(values @ Value::Object(_)) => {
                format!("{{ <name>: {} }}", write_shape(values, depth))
            }
            Some(_) | None => "{ }".to_owned(),
        };
    };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let inner = depth.saturating_add(1);
    let mut text = "{\n".to_owned();
    for (name, member) in properties {
        let optional = if required.contains(&name.as_str()) {
            ""
        } else {
            "?"
        };
        let _ = writeln!(
            text,
            "{}{name}{optional}: {}",
            "  ".repeat(inner),
            write_shape(member, inner)
        );
    }
    let _ = write!(text, "{}}}", "  ".repeat(depth));
    text
}

#[cfg(test)]
mod tests {
    use super::shape;
    use serde_json::json;

    #[test]
    fn a_schema_is_shown_member_by_member() {
        let schema = json!({
            "type": "object",
            "properties": {
                "email": {"type": "string", "format": "email", "maxLength": 254},
                "items": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
                "note": {"type": ["string", "null"]},
            },
            "required": ["email", "items"],
        });
        assert_eq!(
            shape(&schema),
            "{\n  email: string (email) …254\n  items: [Line]\n  note?: string | null\n}"
        );
    }
}
