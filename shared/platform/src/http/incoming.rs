//! From an HTTP request to a form: what can be refused before anybody asks
//! who calls.

use super::guard::Note;
use super::json;
use super::operation::{Media, Spec};
use super::problem::{Code, Failure, FieldError, Reason, Refusal};
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;
use serde_json::Value;
use std::collections::BTreeMap;

/// Largest body of an ordinary request.
const BODY_LIMIT: usize = 64 * 1024;
/// Largest body of a webhook.
const WEBHOOK_LIMIT: usize = 512 * 1024;

/// A request taken apart.
pub(super) struct Incoming {
    pub(super) path: BTreeMap<String, String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
    pub(super) json: Option<Value>,
}

/// The HTTP part of the gateway's context: source address, method and path as
/// the gateway saw them.
pub(super) fn gateway(request: &lambda_http::Request) -> (String, String) {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => {
            let http = &context.http;
            let target = format!("{} {}", http.method, http.path.as_deref().unwrap_or("/"));
            (http.source_ip.clone().unwrap_or_default(), target)
        }
        _ => (String::new(), String::new()),
    }
}

/// Takes a request apart, or says why it cannot be read.
pub(super) fn take_apart(spec: &Spec, request: lambda_http::Request) -> Result<Incoming, Failure> {
    let note = Note::of(request.headers());
    match note {
        Some(Note::Query) => return Err(Code::MalformedQuery.into()),
        Some(Note::Header) => return Err(Code::MalformedHeader.into()),
        Some(Note::Body) => return Err(Code::MalformedBody.into()),
        None => {}
    }
    if spec.media == Media::Json && !accepts_json(request.headers()) {
        return Err(Code::NotAcceptable.into());
    }
    let path = request
        .path_parameters_ref()
        .map(|parameters| {
            parameters
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        })
        .unwrap_or_default();
    let query = read_query(request.uri().query().unwrap_or_default())?;
    let (parts, body) = request.into_parts();
    let body: Vec<u8> = body.to_vec();
    let limit = if spec.media == Media::Webhook {
        WEBHOOK_LIMIT
    } else {
        BODY_LIMIT
    };
    if body.len() > limit {
        return Err(Code::BodyTooLarge.into());
    }
    let json = if body.is_empty() && spec.body_optional {
        Some(Value::Object(serde_json::Map::new()))
    } else if spec.media == Media::Json && wants_body(spec) {
        Some(read_json(&parts.headers, &body)?)
    } else {
        None
    };
    Ok(Incoming {
        path,
        query,
        body,
        json,
    })
}

fn wants_body(spec: &Spec) -> bool {
    matches!(spec.method, "POST" | "PUT" | "PATCH")
}

/// True when `Accept` admits JSON: the most specific range that covers it
/// decides (RFC 9110, section 12.5.1).
fn accepts_json(headers: &http::HeaderMap) -> bool {
    let lines = headers.get_all(http::header::ACCEPT).iter();
    let lines = lines.filter_map(|value| value.to_str().ok());
    let ranges: Vec<(String, bool)> = lines
        .flat_map(|line| line.split(','))
        .filter(|range| !range.trim().is_empty())
        .map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            (name, !parts.any(is_zero_weight))
        })
        .collect();
    let decides = [
        "application/json",
        "application/problem+json",
        "application/*",
        "*/*",
    ]
    .iter()
    .find_map(|wanted| ranges.iter().find(|(name, _)| name == wanted));
    ranges.is_empty() || decides.is_some_and(|(_, admitted)| *admitted)
}

/// True for `q=0`, `q=0.0` and the like.
fn is_zero_weight(parameter: &str) -> bool {
    let value = parameter
        .strip_prefix("q=")
        .or_else(|| parameter.strip_prefix("Q="));
    value.is_some_and(|value| value.starts_with('0') && value.bytes().all(|b| b"0.".contains(&b)))
}

/// Reads a query string: every key once, nothing nested.
fn read_query(raw: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut query = BTreeMap::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(&text.replace('+', " "))
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| Failure::from(Code::MalformedQuery))
        };
        if query.insert(decoded(name)?, decoded(value)?).is_some() {
            return Err(Code::MalformedQuery.into());
        }
    }
    Ok(query)
}

fn read_json(headers: &http::HeaderMap, body: &[u8]) -> Result<Value, Failure> {
    if body.is_empty() {
        // Whoever sends no body sends no type either: the body is the news.
        return Err(Code::MalformedBody.into());
    }
    let content_type = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next() == Some("application/json");
    let is_utf8 = parts.all(|parameter| match parameter.strip_prefix("charset=") {
        Some(charset) => charset.trim_matches('"') == "utf-8",
        None => true,
    });
    if !is_json || !is_utf8 {
        return Err(Code::UnsupportedMediaType.into());
    }
    match json::parse(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Refusal {
            errors: vec![FieldError {
                path: String::new(),
                reason: Reason::WrongType,
            }],
            ..Code::ValidationFailed.into()
        }
        .into()),
        Err(_) => Err(Code::MalformedBody.into()),
    }
}
