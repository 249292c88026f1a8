//! A second table that follows the first late: what an index shows, and what
//! a read that is not consistent may show.

use crate::engine::{Engine, EngineError, TABLE};
use crate::lock::lock;
use crate::stream::Change;
use dynoxide::Database;
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::{AttributeValue, Item};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The follower.
pub(crate) struct Replica {
    database: Database,
    lag: SignedDuration,
}

impl Replica {
    /// A copy that follows by this much.
    pub(crate) fn of(database: Database, lag: u32) -> Self {
        Self {
            database,
            lag: SignedDuration::from_secs(i64::from(lag)),
        }
    }

    /// The moment it shows.
    fn shows(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.lag).unwrap_or(Timestamp::MIN)
    }

    fn follow(&self, change: &Change) -> Result<(), EngineError> {
        match change.new_item() {
            Some(item) => {
                self.database.put_item(PutItemRequest {
                    table_name: TABLE.to_owned(),
                    item: item.clone(),
                    ..PutItemRequest::default()
                })?;
            }
            None => {
                let text = |text: &str| AttributeValue::S(text.to_owned());
                self.database.delete_item(DeleteItemRequest {
                    table_name: TABLE.to_owned(),
                    key: Item::from([
                        ("pk".to_owned(), text(change.pk())),
                        ("sk".to_owned(), text(change.sk())),
                    ]),
                    ..DeleteItemRequest::default()
                })?;
            }
        }
        Ok(())
    }
}

/// True for a read that the table may answer with what was.
fn may_be_late(action: &str, request: &Value) -> bool {
    let consistent = |from: &Value| from.get("ConsistentRead") == Some(&Value::Bool(true));
    match action {
        "GetItem" | "Query" => !consistent(request),
        "BatchGetItem" => request
            .get("RequestItems")
            .and_then(Value::as_object)
            .is_some_and(|tables| !tables.values().all(consistent)),
        _ => false,
    }
}

impl Engine {
    /// Lets late reads see what was this many seconds ago; none at 0.
    ///
    /// # Errors
    /// [`EngineError`].
    pub(crate) fn set_lag(&self, seconds: u32) -> Result<(), EngineError> {
        let replica = match seconds {
            0 => None,
            lag => Some(Replica::of(self.copy()?, lag)),
        };
        lock(&self.journal).keep_late(replica.is_some());
        *lock(&self.replica) = replica;
        Ok(())
    }

    /// The database that answers a call: the table, or its late copy.
    pub(crate) fn answering(
        &self,
        action: &str,
        request: &Value,
        now: Timestamp,
    ) -> Result<Database, EngineError> {
        let replica = lock(&self.replica);
        match &*replica {
            Some(replica) if may_be_late(action, request) => {
                let changes = lock(&self.journal).take_late(replica.shows(now));
                for change in &changes {
                    replica.follow(change)?;
                }
                Ok(replica.database.clone())
            }
            Some(_) | None => Ok(self.database().clone()),
        }
    }
}
