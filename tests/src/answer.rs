//! What an operation answered.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: http::HeaderMap,
    /// The body as it came.
    pub bytes: Bytes,
    /// The body read as JSON; null for one that is none.
    pub json: Value,
}

impl Answer {
    /// A response as tests look at it.
    pub fn of(response: Response<Bytes>) -> Self {
        let (parts, bytes) = response.into_parts();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        }
    }

    /// The `data` of a success with this status.
    #[track_caller]
    pub fn data(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.json);
        assert_eq!(self.json["success"], true, "{}", self.json);
        self.json["data"].clone()
    }

    /// Checks that it is a problem with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!(
            (self.status, &self.json["code"]),
            (status, &json!(code)),
            "{}",
            self.json
        );
        assert_eq!(self.json["success"], false);
        assert_eq!(
            self.header("content-type"),
            "application/problem+json; charset=utf-8"
        );
        assert_eq!(self.json["status"], status);
        assert!(
            self.json["requestId"]
                .as_str()
                .is_some_and(|id| id.starts_with("req_")),
            "{}",
            self.json
        );
        self
    }

    /// Checks that it refuses these fields, in any order.
    #[track_caller]
    pub fn refused_fields(&self, fields: &[(&str, &str)]) {
        self.refused(422, "validation_failed");
        let mut found: Vec<(String, String)> = self.json["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                (
                    error["path"].as_str().unwrap().to_owned(),
                    error["code"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        let mut wanted: Vec<(String, String)> = fields
            .iter()
            .map(|(path, code)| ((*path).into(), (*code).into()))
            .collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted);
    }

    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}
