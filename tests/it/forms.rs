//! What the API description says of a request is what its reader does: each
//! field's type and bounds, which fields must be there, and that there are no
//! others. One walk over the descriptions of all operations.

use functions::registry::{Entry, operations};
use platform::http::operation::Media;
use serde_json::{Value, json};
use tests::shop::Answer;
use tests::stage::{Ask, Stage};

/// A change of a good body, and the errors it may cause at its place.
struct Fault {
    pointer: String,
    body: Value,
    codes: &'static [&'static str],
}

/// A value that is not of the schema's type.
fn of_another_type(schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("string") => json!(12),
        Some("array") => json!({}),
        _ => json!("text"),
    }
}

/// Values just outside a schema.
fn out_of_bounds(schema: &Value) -> Vec<Value> {
    let mut values = Vec::new();
    if let Some(most) = schema["maxLength"].as_u64() {
        values.push(json!("x".repeat(usize::try_from(most).unwrap() + 1)));
    }
    if schema["minLength"].as_u64() == Some(1) {
        values.push(json!(""));
    }
    if schema["enum"].is_array() || schema["pattern"].is_string() {
        values.push(json!("none of those"));
    }
    if let Some(least) = schema["minimum"].as_i64() {
        values.push(json!(least - 1));
    }
    if let Some(most) = schema["maximum"]
        .as_u64()
        .and_then(|most| most.checked_add(1))
    {
        values.push(json!(most));
    }
    if schema["const"] == true {
        values.push(json!(false));
    }
    if schema["minItems"] == 1 {
        values.push(json!([]));
    }
    values
}

/// The same body with a member set, or taken out.
fn changed(body: &Value, object: &str, name: &str, value: Option<Value>) -> Value {
    let mut body = body.clone();
    let members = body.pointer_mut(object).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    body
}

/// Every way to break an object of a good body in one place.
fn faults(body: &Value, object: &str, schema: &Value, found: &mut Vec<Fault>) {
    let mut fault = |name: &str, value: Option<Value>, codes| {
        found.push(Fault {
            pointer: format!("{object}/{name}"),
            body: changed(body, object, name, value),
            codes,
        });
    };
    assert_eq!(
        schema["additionalProperties"], false,
        "{object} must be closed"
    );
    fault("surprise", Some(json!(1)), &["unknown_field"]);
    for name in schema["required"].as_array().into_iter().flatten() {
        fault(name.as_str().unwrap(), None, &["required"]);
    }
    let properties = schema["properties"].as_object().unwrap();
    for (name, property) in properties {
        fault(name, Some(of_another_type(property)), &["wrong_type"]);
        fault(name, Some(Value::Null), &["wrong_type"]);
        for value in out_of_bounds(property) {
            let codes = &[
                "too_long",
                "too_short",
                "out_of_range",
                "malformed",
                "unknown_value",
                "must_be_accepted",
            ];
            fault(name, Some(value), codes);
        }
    }
    for (name, property) in properties {
        let at = format!("{object}/{name}");
        if property["type"] == "object" {
            faults(body, &at, property, found);
        }
        if property["items"]["type"] == "object" {
            faults(body, &format!("{at}/0"), &property["items"], found);
        }
    }
}

/// The errors an answer tells at a place.
fn errors_at<'a>(answer: &'a Answer, path: &str) -> Vec<&'a str> {
    let errors = answer.json["errors"].as_array();
    errors
        .into_iter()
        .flatten()
        .filter(|error| error["path"] == path)
        .map(|error| error["code"].as_str().unwrap())
        .collect()
}

/// A good request of somebody who may make it.
fn allowed(stage: &Stage, entry: &Entry) -> Ask {
    stage.asked(entry)
}

#[tokio::test]
async fn what_a_body_may_be_is_what_its_description_says() {
    let stage = Stage::set().await;
    let digest = stage.shop.digest().await;
    let mut tried = 0;
    for entry in operations() {
        let Some(schema) = (entry.describe)().body else {
            continue;
        };
        let id = entry.spec.id;
        let good = allowed(&stage, &entry);
        let mut found = Vec::new();
        faults(good.body.as_ref().unwrap(), "", &schema, &mut found);
        for fault in found {
            let ask = Ask {
                body: Some(fault.body.clone()),
                ..good.clone()
            };
            let answer = ask.send(&stage.shop).await;
            assert_eq!(answer.status, 422, "{id} {}: {}", fault.body, answer.json);
            let errors = errors_at(&answer, &fault.pointer);
            assert!(
                errors.iter().any(|code| fault.codes.contains(code)),
                "{id}: at {} one of {:?} was expected of {}, not {}",
                fault.pointer,
                fault.codes,
                fault.body,
                answer.json
            );
            tried += 1;
        }
    }
    assert!(tried > 140, "only {tried} bodies were tried");
    assert_eq!(
        stage.shop.digest().await,
        digest,
        "a refused request changed something"
    );
}

#[tokio::test]
async fn a_body_that_must_be_there_is_not_guessed() {
    let stage = Stage::set().await;
    for entry in operations() {
        let reads_json = entry.spec.media == Media::Json
            && matches!(entry.spec.method, "POST" | "PUT" | "PATCH");
        if !reads_json {
            continue;
        }
        let good = allowed(&stage, &entry);
        let nothing = Ask {
            body: None,
            ..good.clone()
        };
        let nothing = nothing.send(&stage.shop).await;
        let schema = (entry.describe)().body.unwrap_or_default();
        if schema["required"].is_array() {
            nothing.refused(400, "malformed_body");
        } else {
            assert_ne!(nothing.status, 400, "{}: {}", entry.spec.id, nothing.json);
        }
        for (body, path) in [(json!([]), ""), (json!("text"), ""), (Value::Null, "")] {
            let answer = Ask {
                body: Some(body),
                ..good.clone()
            }
            .send(&stage.shop)
            .await;
            assert_eq!(answer.status, 422, "{}: {}", entry.spec.id, answer.json);
            assert_eq!(
                errors_at(&answer, path),
                ["wrong_type"],
                "{}",
                entry.spec.id
            );
        }
    }
}

#[tokio::test]
async fn what_a_query_may_be_is_what_its_description_says() {
    let stage = Stage::set().await;
    for entry in operations() {
        let id = entry.spec.id;
        if entry.spec.media != Media::Json || entry.spec.method != "GET" {
            continue;
        }
        let good = allowed(&stage, &entry);
        let path = good.path.split('?').next().unwrap();
        let with = |query: &str| Ask {
            path: format!("{path}?{query}"),
            ..good.clone()
        };
        with("surprise=1")
            .send(&stage.shop)
            .await
            .refused(400, "malformed_query");
        for (name, schema) in (entry.describe)().query {
            let twice = with(&format!("{name}=1&{name}=1"));
            twice
                .send(&stage.shop)
                .await
                .refused(400, "malformed_query");
            let wrong: Vec<String> = match schema["type"].as_str() {
                Some("integer" | "boolean") => vec!["x".to_owned(), String::new()],
                _ if schema["enum"].is_array() || schema["pattern"].is_string() => {
                    vec!["%C3%A9".to_owned()]
                }
                _ => Vec::new(),
            };
            let outside = ["minimum", "maximum"].map(|bound| schema[bound].as_i64());
            let outside = outside
                .into_iter()
                .zip([-1, 1])
                .filter_map(|(bound, step)| Some(bound?.checked_add(step)?.to_string()));
            for value in wrong.into_iter().chain(outside) {
                let answer = with(&format!("{name}={value}")).send(&stage.shop).await;
                assert_eq!(answer.status, 422, "{id} ?{name}={value}: {}", answer.json);
                assert_eq!(
                    errors_at(&answer, &format!("/{name}")).len(),
                    1,
                    "{id} ?{name}={value}: {}",
                    answer.json
                );
            }
        }
    }
}
