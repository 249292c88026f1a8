//! The clock.

use super::{Answer, Refused, json, read_json};
use crate::cloud::{ClockError, Cloud};
use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json as object;

/// How far to move: by a duration or to a moment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance: Option<String>,
    to: Option<Timestamp>,
}

impl Cloud {
    pub(super) fn clock(&self) -> Response<Bytes> {
        json(&object!({"now": self.now()}))
    }

    pub(super) async fn move_clock(&self, request: &Request<Bytes>) -> Answer {
        let moved = match read_json(request)? {
            Move {
                advance: Some(duration),
                to: None,
            } => self.advance(&duration).await,
            Move {
                advance: None,
                to: Some(moment),
            } => self.advance_to(moment).await,
            Move { .. } => return Err(Refused::unprocessable("give either \"advance\" or \"to\"")),
        };
        let ran = moved.map_err(|error| match error {
            ClockError::Backwards => Refused::unprocessable(error),
            ClockError::Duration(error) => Refused::unprocessable(error),
        })?;
        if let Err(error) = self.save() {
            self.complain(&error.to_string());
        }
        Ok(json(&object!({"now": self.now(), "ran": ran})))
    }
}
