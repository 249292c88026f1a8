//! The API description, generated from the operations, and the reference page
//! rendered from it.

mod operation;
mod page;
mod refusals;
mod shape;

use crate::canonical::sorted;
use functions::registry::{Entry, operations};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Where the schemas stand in the document.
const SCHEMAS: &str = "#/components/schemas";

/// Why the files cannot be written or are not as they must be.
#[derive(Debug, thiserror::Error)]
pub enum OpenapiError {
    /// The file system.
    #[error("{path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The page's template has a fault.
    #[error("the reference page cannot be rendered")]
    Page(#[from] minijinja::Error),
    /// The files are older than the operations.
    #[error("{} is not what the operations say: run `make openapi` and commit the result", path.display())]
    Stale {
        /// Which file.
        path: PathBuf,
    },
}

/// The API description.
pub fn document() -> Value {
    let mut operations = operations();
    operations.retain(|entry| entry.spec.path.starts_with('/'));
    let mut schemas = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| {
            settings.definitions_path = SCHEMAS.trim_start_matches('#').into();
            settings.meta_schema = None;
        })
        .into_generator();
    let mut paths = Map::new();
    for entry in &operations {
        let item = paths.entry(entry.spec.path).or_insert_with(|| json!({}));
        if let Some(methods) = item.as_object_mut() {
            methods.insert(
                entry.spec.method.to_ascii_lowercase(),
                operation::describe(entry, &mut schemas),
            );
        }
    }
    let mut components = schemas.take_definitions(true);
    components.insert("Problem".to_owned(), refusals::problem());
    components.insert("FieldError".to_owned(), refusals::field_error());
    components.insert("Metadata".to_owned(), operation::metadata());
    sorted(&json!({
        "openapi": "3.1.0",
        "info": {
            "title": "CYNA",
            "version": "1.0.0",
            "summary": "Security services sold as subscriptions.",
            "description": DESCRIPTION,
        },
        "servers": [{"url": "/"}],
        "tags": tags(&operations),
        "paths": paths,
        "components": {
            "schemas": components,
            "parameters": operation::shared_parameters(),
            "headers": operation::shared_headers(),
            "securitySchemes": operation::security_schemes(),
        },
    }))
}

const DESCRIPTION: &str = "JSON in UTF-8 with camelCase members. Success is \
`{\"success\": true, \"data\": …, \"metadata\": {…}}`; a refusal is an RFC 9457 problem that keeps the members \
`success` and `error`, with a `code` from a closed set and, for fields, `errors` with JSON pointers. Texts follow \
`Accept-Language` (fr, en). Money is an integer of minor units with a currency. Times are RFC 3339 in UTC.";

fn tags(operations: &[Entry]) -> Vec<Value> {
    let mut names: Vec<&str> = Vec::new();
    for entry in operations {
        let name = operation::tag(entry.spec.path);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
        .into_iter()
        .map(|name| json!({"name": name}))
        .collect()
}

/// Both files as they must be: path and content.
fn files(out: &Path) -> Result<[(PathBuf, String); 2], OpenapiError> {
    let document = document();
    let mut description = format!("{document:#}");
    description.push('\n');
    Ok([
        (out.to_owned(), description),
        (out.with_file_name("docs.html"), page::render(&document)?),
    ])
}

/// Writes the description, and the reference page beside it.
///
/// # Errors
/// [`OpenapiError`].
pub fn write(out: &Path) -> Result<(), OpenapiError> {
    for (path, content) in files(out)? {
        std::fs::write(&path, content).map_err(|source| OpenapiError::File { path, source })?;
    }
    Ok(())
}

/// Says whether both files are as they would be written.
///
/// # Errors
/// [`OpenapiError::Stale`] with the first one that is not.
pub fn check(out: &Path) -> Result<(), OpenapiError> {
    for (path, content) in files(out)? {
        match std::fs::read_to_string(&path) {
            Ok(found) if found == content => {}
            Ok(_) => return Err(OpenapiError::Stale { path }),
            Err(source) => return Err(OpenapiError::File { path, source }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::document;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(
                    members
                        .get("$ref")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                );
                members
                    .values()
                    .for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(
                document.pointer(pointer).is_some(),
                "{reference} leads nowhere"
            );
        }
    }

    #[test]
    fn every_variable_of_a_path_is_a_parameter() {
        let document = document();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                let declared: BTreeSet<&str> = operation["parameters"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|parameter| parameter["in"] == "path")
                    .filter_map(|parameter| parameter["name"].as_str())
                    .collect();
                let in_path: BTreeSet<&str> = path
                    .split('/')
                    .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
                    .collect();
                assert_eq!(declared, in_path, "{path}");
            }
        }
    }

    fn operation(method: &str, path: &str) -> Value {
        document()["paths"][path][method].clone()
    }

    #[test]
    fn what_may_be_kept_has_a_tag_and_says_when_it_still_holds() {
        for path in ["/v1/products", "/v1/products/{slug}"] {
            let operation = operation("get", path);
            let answers = &operation["responses"];
            assert!(answers["200"]["headers"]["ETag"].is_object(), "{path}");
            assert!(answers["304"]["headers"]["ETag"].is_object(), "{path}");
            assert!(answers["304"].get("content").is_none(), "{path}");
            assert!(parameters(&operation).contains("IfNoneMatch"), "{path}");
        }
        assert!(
            operation("get", "/v1/orders")["responses"]
                .get("304")
                .is_none()
        );
    }

    #[test]
    fn what_is_guarded_by_its_version_reads_if_match() {
        for (method, path) in [
            ("put", "/v1/cart/items/{planId}"),
            ("delete", "/v1/cart/items/{planId}"),
            ("delete", "/v1/cart"),
            ("post", "/v1/orders/{id}/cancellation"),
        ] {
            let operation = operation(method, path);
            let answers = &operation["responses"];
            assert!(answers["200"]["headers"]["ETag"].is_object(), "{path}");
            assert!(answers.get("412").is_some(), "{path}");
            assert!(parameters(&operation).contains("IfMatch"), "{path}");
        }
    }

    #[test]
    fn the_cookie_of_the_refresh_token_is_told_where_it_travels() {
        for action in ["login", "refresh", "logout"] {
            let operation = operation("post", &format!("/v1/auth/{action}"));
            let answer = &operation["responses"]["200"];
            assert!(answer["headers"]["Set-Cookie"].is_object(), "{action}");
            let reads = operation["security"].to_string().contains("refreshToken");
            assert_eq!(reads, action != "login", "{action}");
        }
    }

    #[test]
    fn every_refusal_that_passes_says_how_long_to_wait() {
        let document = document();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let waits = response["headers"]["Retry-After"].is_object();
                    assert!(waits || !["429", "503"].contains(&status.as_str()));
                    let asks = response["headers"]["WWW-Authenticate"].is_object();
                    assert_eq!(asks, status == "401", "{operation}");
                }
            }
        }
    }

    /// The names of the shared parameters an operation refers to.
    fn parameters(operation: &Value) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        references(&operation["parameters"], &mut found);
        let name = |reference: String| reference.rsplit('/').next().map(str::to_owned);
        found.into_iter().filter_map(name).collect()
    }

    #[test]
    fn every_operation_documents_how_it_refuses() {
        let document = document();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                let responses = operation["responses"].as_object().unwrap();
                assert!(
                    responses.keys().any(|status| status.starts_with('2')),
                    "{operation}"
                );
                assert!(
                    responses.contains_key("500") && responses.contains_key("503"),
                    "{}",
                    operation["operationId"]
                );
            }
        }
    }
}
