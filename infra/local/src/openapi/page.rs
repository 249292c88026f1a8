//! The reference page, rendered from the document: no script, nothing loaded.

use super::shape::shape;
use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior};
use serde_json::{Value, json};

const TEMPLATE: &str = include_str!("../../pages/docs.html");

/// The page of a document.
///
/// # Errors
/// When the template has a fault.
pub(super) fn render(document: &Value) -> Result<String, Error> {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(UndefinedBehavior::Strict);
    pages.add_template("docs.html", TEMPLATE)?;
    let schemas: Vec<Value> = members(document, "/components/schemas")
        .map(|(name, schema)| json!({"name": name, "shape": shape(schema), "text": schema.get("description")}))
        .collect();
    pages.get_template("docs.html")?.render(Serde(json!({
        "info": document.get("info"),
        "groups": groups(document),
        "schemas": schemas,
    })))
}

fn members<'a>(
    document: &'a Value,
    pointer: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    document
        .pointer(pointer)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The operations by tag, in the order of the tags.
fn groups(document: &Value) -> Vec<Value> {
    let tags = document
        .pointer("/tags")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    tags.iter()
        .filter_map(|tag| tag.get("name"))
        .map(|tag| {
            let operations: Vec<Value> = members(document, "/paths")
                .flat_map(|(path, item)| {
                    item.as_object()
                        .into_iter()
                        .flatten()
                        .map(move |(method, operation)| (path, method, operation))
                })
                .filter(|(_, _, operation)| operation.pointer("/tags/0") == Some(tag))
                .map(|(path, method, operation)| row(document, path, method, operation))
                .collect();
            json!({"name": tag, "operations": operations})
        })
        .collect()
}

fn row(document: &Value, path: &str, method: &str, operation: &Value) -> Value {
    let parameters: Vec<Value> = operation
        .pointer("/parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|parameter| resolve(document, parameter))
        .map(|parameter| {
            json!({
                "name": parameter.get("name"),
                "in": parameter.get("in"),
                "required": parameter.get("required"),
                "shape": parameter.get("schema").map(shape),
                "text": parameter.get("description"),
            })
        })
        .collect();
    json!({
        "id": operation.get("operationId"),
        "summary": operation.get("summary"),
        "details": operation.get("description"),
        "method": method.to_ascii_uppercase(),
        "path": path,
        "access": access(operation),
        "parameters": parameters,
        "body": operation.pointer("/requestBody/content/application~1json/schema").map(shape),
        "responses": members(operation, "/responses").map(|(status, response)| answer(status, response)).collect::<Vec<_>>(),
    })
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| document.pointer(reference.trim_start_matches('#')))
        .unwrap_or(value)
}

fn access(operation: &Value) -> &'static str {
    let schemes = operation
        .get("security")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let asks = |name: &str| schemes.iter().any(|scheme| scheme.get(name).is_some());
    match (
        asks("accessToken"),
        asks("cartToken"),
        asks("stripeSignature"),
    ) {
        (true, true, _) => "user or guest",
        (true, false, _) => "user",
        (false, _, true) => "signature",
        (false, _, false) => "public",
    }
}

/// A response: the data of a success, the codes of a refusal.
fn answer(status: &str, response: &Value) -> Value {
    let data = response
        .pointer("/content/application~1json/schema/properties/data")
        .map(shape);
    let codes: Vec<&str> = response
        .pointer("/content/application~1problem+json/schema/properties/code/enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    json!({"status": status, "data": data, "codes": codes})
}
