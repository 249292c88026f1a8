//! How operations refuse: one response per status, with the codes it may
//! carry. The edge's own codes follow from what an operation takes.

use super::SCHEMAS;
use super::operation::header;
use domain::locale::Locale;
use functions::registry::Entry;
use platform::http::form::Description;
use platform::http::operation::{Access, Idempotency, Media};
use platform::http::problem::Code;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The codes an operation may refuse with, in the order of the set.
fn codes(entry: &Entry, description: &Description) -> Vec<Code> {
    let spec = &entry.spec;
    // Whoever sends a body or a query where none is read is still told when
    // they cannot be.
    let mut possible = vec![
        Code::MalformedHeader,
        Code::MalformedQuery,
        Code::BodyTooLarge,
        Code::Internal,
        Code::Unavailable,
    ];
    possible.extend_from_slice(spec.codes);
    match spec.media {
        Media::Json => possible.push(Code::NotAcceptable),
        Media::Webhook => possible.push(Code::MalformedBody),
        Media::Document => {}
    }
    if spec.media == Media::Json && matches!(spec.method, "POST" | "PUT" | "PATCH") {
        let body = [
            Code::MalformedBody,
            Code::UnsupportedMediaType,
            Code::ValidationFailed,
        ];
        possible.extend(body);
    }
    if !description.query.is_empty() {
        possible.push(Code::ValidationFailed);
    }
    match entry.access {
        Access::Public => {}
        Access::User | Access::UserOrGuest => possible.push(Code::Unauthenticated),
        Access::Staff | Access::Finance | Access::Admin => {
            possible.extend([Code::Unauthenticated, Code::Forbidden]);
        }
    }
    let claim = [
        Code::IdempotencyKeyInvalid,
        Code::IdempotencyKeyReused,
        Code::RequestInProgress,
    ];
    match spec.idempotency {
        Idempotency::None => {}
        Idempotency::Honoured => possible.extend(claim),
        Idempotency::Required => {
            possible.extend(claim);
            possible.push(Code::IdempotencyKeyRequired);
        }
    }
    Code::ALL
        .iter()
        .copied()
        .filter(|code| possible.contains(code))
        .collect()
}

/// One response per status.
pub(super) fn responses(entry: &Entry, description: &Description) -> Map<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes(entry, description) {
        by_status.entry(code.status()).or_default().push(code);
    }
    by_status
        .into_iter()
        .map(|(status, codes)| (status.to_string(), response(status, &codes)))
        .collect()
}

fn response(status: u16, codes: &[Code]) -> Value {
    let names: Vec<&str> = codes.iter().map(|code| code.name()).collect();
    let told: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.name(), code.text(Locale::En)))
        .collect();
    let mut response = json!({
        "description": told.join("\n\n"),
        "content": {"application/problem+json": {"schema": {
            "allOf": [{"$ref": format!("{SCHEMAS}/Problem")}],
            "properties": {"code": {"enum": names}, "status": {"const": status}},
        }}},
    });
    if let Some(members) = response.as_object_mut() {
        members.insert("headers".to_owned(), headers(status, codes).into());
    }
    response
}

fn headers(status: u16, codes: &[Code]) -> Map<String, Value> {
    let mut headers = Map::from_iter([header("X-Request-Id", "RequestId")]);
    match status {
        401 => headers.extend([header("WWW-Authenticate", "Authenticate")]),
        429 | 503 => headers.extend([header("Retry-After", "RetryAfter")]),
        409 if codes.contains(&Code::RequestInProgress) => {
            headers.extend([header("Retry-After", "RetryAfterInProgress")]);
        }
        _ => {}
    }
    headers
}

/// The problem document.
pub(super) fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457 problem details, with the envelope's members.",
        "properties": {
            "success": {"const": false},
            "error": {"type": "string", "description": "The same as `detail`."},
            "type": {"type": "string", "description": "`/problems/<code>`."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>()},
            "requestId": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": format!("{SCHEMAS}/FieldError")}},
            "quote": {
                "description": "With `price_changed`: what it would cost now, as quote_order answers.",
                "$ref": format!("{SCHEMAS}/QuoteView"),
            },
        },
        "required": ["success", "error", "type", "title", "status", "detail", "code", "requestId"],
    })
}

/// One refused field.
pub(super) fn field_error() -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "JSON pointer into the body, or into the query as an object."},
            "code": {"type": "string"},
            "message": {"type": "string"},
        },
        "required": ["path", "code", "message"],
    })
}
