//! What an operation answers with.

use super::problem::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The answer of an operation, before it becomes bytes.
#[derive(Debug)]
pub struct Reply<T> {
    pub(super) content: Content<T>,
    pub(super) status: Option<u16>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) metadata: Map<String, Value>,
}

#[derive(Debug)]
pub(super) enum Content<T> {
    Data(T),
    Document {
        content_type: &'static str,
        body: Vec<u8>,
    },
    Answer(Answer),
    Nothing,
}

impl<T> Reply<T> {
    fn with(content: Content<T>) -> Self {
        Self {
            content,
            status: None,
            headers: Vec::new(),
            metadata: Map::new(),
        }
    }

    /// Data in the envelope.
    pub fn data(data: T) -> Self {
        Self::with(Content::Data(data))
    }

    /// A document of its own, without the envelope.
    pub fn document(content_type: &'static str, body: Vec<u8>) -> Self {
        Self::with(Content::Document { content_type, body })
    }

    /// An answer that was rendered before, byte for byte.
    pub fn answer(answer: Answer) -> Self {
        Self::with(Content::Answer(answer))
    }

    /// 304: what the caller has is still right.
    pub fn not_modified() -> Self {
        Self {
            status: Some(304),
            ..Self::with(Content::Nothing)
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds an `ETag` with this version.
    pub fn version(self, version: u64) -> Self {
        self.header("etag", format!("\"{version}\""))
    }

    /// Adds a member to `metadata`.
    pub fn metadata(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.to_owned(), value.into());
        self
    }

    /// Adds the metadata of a page.
    pub fn page(self, count: usize, next_cursor: Option<String>) -> Self {
        self.metadata("count", count)
            .metadata("nextCursor", next_cursor)
    }
}

/// An answer as bytes: what is sent, and what a claim keeps for a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers, lower-case names.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    data: &'a T,
    metadata: &'a Map<String, Value>,
    success: bool,
}

impl<T: Serialize> Reply<T> {
    /// The reply as bytes, so that it can be stored before it is sent.
    ///
    /// # Errors
    /// When the data cannot be written as JSON.
    pub fn render(&self, success: u16, request_id: &str) -> Result<Answer, serde_json::Error> {
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        headers.push(("x-request-id".to_owned(), request_id.to_owned()));
        let body = match &self.content {
            Content::Data(data) => {
                headers.push((
                    "content-type".to_owned(),
                    "application/json; charset=utf-8".to_owned(),
                ));
                serde_json::to_string(&Envelope {
                    data,
                    metadata: &self.metadata,
                    success: true,
                })?
            }
            Content::Answer(answer) => return Ok(answer.clone()),
            Content::Document { .. } | Content::Nothing => String::new(),
        };
        Ok(Answer {
            status: self.status.unwrap_or(success),
            headers,
            body,
        })
    }
}

impl Answer {
    /// The answer as a replay: the same, and said to be one.
    pub fn replayed(mut self) -> Self {
        self.headers
            .push(("idempotency-replayed".to_owned(), "true".to_owned()));
        self
    }
}

/// Where a claim stands when a request meets it.
#[derive(Debug)]
pub enum Claimed {
    /// Nobody used the key: go on.
    Free,
    /// It was answered: answer the same.
    Answered(Answer),
    /// Refuse.
    Refused(Code),
}
