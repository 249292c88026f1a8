//! Cursors: where a list goes on, signed so that only this API makes them,
//! and bound to the query and the caller they were made for.

use super::problem::{Code, Failure};
use super::request::Request;
use super::signed::{Opened, Purpose};
use crate::app::App;
use jiff::{SignedDuration, Timestamp};

const CURSOR: Purpose = Purpose {
    name: "cursor",
    life: SignedDuration::from_hours(1),
};

/// What a cursor is bound to: the operation, its query and who calls.
#[derive(Debug)]
pub struct Binding {
    text: String,
    now: Timestamp,
}

impl Binding {
    /// The binding of this request.
    pub fn of<C>(operation: &str, caller: &str, request: &Request<C>) -> Self {
        Self {
            text: format!("{operation}\n{caller}\n{}", request.query),
            now: request.now,
        }
    }

    /// The cursor that goes on after `position`.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the key cannot be read.
    pub async fn seal(&self, app: &App, position: &str) -> Result<String, Failure> {
        CURSOR.seal(app, &self.text, position, self.now).await
    }

    /// The position a cursor goes on after.
    ///
    /// # Errors
    /// [`Code::InvalidCursor`] for one not made for this query and caller,
    /// [`Code::CursorExpired`] when its hour is over.
    pub async fn open(&self, app: &App, cursor: &str) -> Result<String, Failure> {
        match CURSOR.open(app, &self.text, cursor, self.now).await? {
            Opened::Good(position) => Ok(position),
            Opened::Over(_) => Err(Code::CursorExpired.into()),
            Opened::Foreign => Err(Code::InvalidCursor.into()),
        }
    }
}
