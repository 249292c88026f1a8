//! Gateway events written as texts.
//!
//! The first line names the operation. Lines up to an empty one follow:
//!
//! ```text
//! ?limit=1            the raw query
//! /id=ord_1           a parameter of the path
//! &a=1                a cookie
//! accept: */*         a header; one given twice is joined with a comma
//! !base64             the body is said to be base64
//! !encoded            the body travels in base64
//! !signed             the body is signed as the payment provider does
//! ```
//!
//! The rest is the body. A line that is none of these is left out.

use crate::{split, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

/// A request before it is an event.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The operation asked for.
    pub(crate) operation: String,
    /// Query, path parameters, cookies and headers.
    query: String,
    parameters: Map<String, Value>,
    cookies: Vec<String>,
    headers: Map<String, Value>,
    said_base64: bool,
    encoded: bool,
    /// Whether the provider's signature is to be added.
    pub(crate) signed: bool,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Reads a request.
pub(crate) fn read(data: &[u8]) -> Written {
    let (operation, mut rest) = split(data);
    let mut written = Written {
        operation: text(operation).trim().to_owned(),
        ..Written::default()
    };
    while !rest.is_empty() {
        let (line, after) = split(rest);
        rest = after;
        if line.is_empty() {
            break;
        }
        written.take(&text(line));
    }
    written.body = rest.to_vec();
    written
}

impl Written {
    fn take(&mut self, line: &str) {
        if let Some(query) = line.strip_prefix('?') {
            query.clone_into(&mut self.query);
        } else if let Some((name, value)) = line.strip_prefix('/').and_then(|l| l.split_once('=')) {
            self.parameters.insert(name.to_owned(), json!(value));
        } else if let Some(cookie) = line.strip_prefix('&') {
            self.cookies.push(cookie.to_owned());
        } else if let Some(flag) = line.strip_prefix('!') {
            self.said_base64 |= flag == "base64";
            self.encoded |= flag == "encoded";
            self.signed |= flag == "signed";
        } else if let Some((name, value)) = line.split_once(':') {
            self.header(name, value.trim());
        }
    }

    /// Adds a header, if a gateway could have received it.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        let (Ok(name), Ok(_)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            return;
        };
        let joined = match self.headers.get(name.as_str()).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value.to_owned(),
        };
        self.headers.insert(name.to_string(), json!(joined));
    }

    /// The event.
    pub(crate) fn event(&self) -> Value {
        let body = if self.encoded {
            STANDARD.encode(&self.body)
        } else {
            text(&self.body).into_owned()
        };
        let mut event = frame();
        let mut put = |name: &str, value: Value| {
            if let Some(members) = event.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        };
        put("rawQueryString", json!(self.query));
        put("headers", Value::Object(self.headers.clone()));
        put("isBase64Encoded", json!(self.said_base64 || self.encoded));
        if !self.cookies.is_empty() {
            put("cookies", json!(self.cookies));
        }
        if !self.parameters.is_empty() {
            put("pathParameters", Value::Object(self.parameters.clone()));
        }
        if !body.is_empty() {
            put("body", json!(body));
        }
        event
    }
}

/// An event in which nothing is asked.
pub(crate) fn frame() -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/v1",
        "rawQueryString": "",
        "headers": {},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "abcdefghij",
            "domainName": "abcdefghij.execute-api.eu-west-3.amazonaws.com",
            "domainPrefix": "abcdefghij",
            "http": {
                "method": "POST",
                "path": "/v1",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "fuzz"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "15/Jan/2026:09:00:30 +0000",
            "timeEpoch": 1_768_467_630_000_u64
        },
        "isBase64Encoded": false
    })
}
