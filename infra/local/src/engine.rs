//! The table: an embedded DynamoDB engine, with the table's stream taken off
//! every write that goes through it.
//!
//! The engine has a stream of its own, but never trims it and reads all of it
//! before each write; so changes are noted here instead, with the engine's
//! items before and after as the truth.

use crate::clock::VirtualClock;
use crate::journal::{Commit, Journal};
use crate::lock::lock;
use crate::replica::Replica;
use crate::stream::{Change, changes};
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::{AttributeValue, Database, DynoxideError, Item};
use jiff::Timestamp;
use platform::clock::Clock as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The table's name.
pub const TABLE: &str = "cyna";

/// The table in its engine.
pub struct Engine {
    database: Database,
    definition: Value,
    ttl_attribute: Option<String>,
    clock: VirtualClock,
    /// Held over each write, so that its changes are seen whole and in order.
    pub(crate) journal: Mutex<Journal>,
    pub(crate) replica: Mutex<Option<Replica>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

/// The engine could not do what only a defect would keep it from.
#[derive(Debug, thiserror::Error)]
#[error("the table: {0}")]
pub struct EngineError(#[from] DynoxideError);

impl Engine {
    /// Opens the table, in memory or in a file, and creates it where it is not
    /// there. `definition` is a `CreateTable` request without the name; `kept`
    /// says whether commits are kept to be read.
    ///
    /// # Errors
    /// [`EngineError`] when the file or the definition cannot be used.
    pub(crate) fn open(
        definition: &Value,
        ttl_attribute: Option<&str>,
        clock: &VirtualClock,
        file: Option<&Path>,
        kept: bool,
    ) -> Result<Self, EngineError> {
        let database = match file {
            Some(file) => Database::new(&file.to_string_lossy())?,
            None => Database::memory_with_clock(Arc::new(clock.clone()))?,
        };
        let mut definition = definition.clone();
        if let Some(members) = definition.as_object_mut() {
            members.insert("TableName".to_owned(), json!(TABLE));
            // Noted here instead, see above.
            members.remove("StreamSpecification");
        }
        let engine = Self {
            database,
            definition,
            ttl_attribute: ttl_attribute.map(str::to_owned),
            clock: clock.clone(),
            journal: Mutex::new(Journal::new(kept)),
            replica: Mutex::default(),
        };
        if engine.database.get_table_metadata(TABLE)?.is_none() {
            engine.create()?;
        }
        Ok(engine)
    }

    fn create(&self) -> Result<(), EngineError> {
        self.database.create_table(read(&self.definition)?)?;
        if let Some(attribute) = &self.ttl_attribute {
            let request = json!({
                "TableName": TABLE,
                "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": true},
            });
            self.database.update_time_to_live(read(&request)?)?;
        }
        Ok(())
    }

    /// Deletes everything and begins anew.
    ///
    /// # Errors
    /// [`EngineError`].
    pub(crate) fn recreate(&self) -> Result<(), EngineError> {
        let mut journal = lock(&self.journal);
        self.database
            .delete_table(read(&json!({"TableName": TABLE}))?)?;
        journal.clear();
        *lock(&self.replica) = None;
        self.create()
    }

    /// Answers a request to DynamoDB that a function made: status and body.
    pub(crate) fn call(&self, by: &str, action: &str, request: &Value) -> (u16, String) {
        let keys = changes::keys(action, request, TABLE);
        let answer = if keys.is_empty() {
            self.answering(action, request, self.clock.now())
                .map_err(|EngineError(error)| error)
                .and_then(|database| perform(&database, action, request))
        } else {
            let mut journal = lock(&self.journal);
            let before: Vec<Option<Item>> = keys.iter().map(|key| self.item(key)).collect();
            let answer = perform(&self.database, action, request);
            if answer.is_ok() {
                let changes = keys
                    .iter()
                    .zip(before)
                    .filter_map(|(key, before)| Change::between(key, before, self.item(key)));
                journal.note(self.clock.now(), by, changes.collect());
            }
            answer
        };
        match answer {
            Ok(body) => (200, body),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }

    fn item(&self, key: &Item) -> Option<Item> {
        let request = GetItemRequest {
            table_name: TABLE.to_owned(),
            key: key.clone(),
            ..GetItemRequest::default()
        };
        self.database.get_item(request).ok()?.item
    }

    /// The changes since the last call, oldest first.
    pub(crate) fn take_changes(&self) -> Vec<Change> {
        lock(&self.journal).take_stream()
    }

    /// True when there are changes nobody has taken yet.
    pub(crate) fn has_changes(&self) -> bool {
        lock(&self.journal).has_stream()
    }

    /// What was written since the last call, if that is kept.
    pub(crate) fn take_commits(&self) -> Vec<Commit> {
        lock(&self.journal).take_commits()
    }

    /// When the first timer of one shard of the `due` index is due.
    ///
    /// # Errors
    /// [`EngineError`].
    pub(crate) fn earliest_due(&self, shard: String) -> Result<Option<Timestamp>, EngineError> {
        let found = self.database.query(QueryRequest {
            table_name: TABLE.to_owned(),
            index_name: Some("due".to_owned()),
            key_condition_expression: Some("due_shard = :shard".to_owned()),
            expression_attribute_values: Some(HashMap::from([(
                ":shard".to_owned(),
                AttributeValue::S(shard),
            )])),
            scan_index_forward: true,
            limit: Some(1),
            ..QueryRequest::default()
        })?;
        let first = found.items.unwrap_or_default().into_iter().next();
        Ok(match first.as_ref().and_then(|item| item.get("due_at")) {
            Some(AttributeValue::S(text)) => {
                text.split('#').next().and_then(|time| time.parse().ok())
            }
            Some(_) | None => None,
        })
    }

    /// The items of a partition.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn partition(&self, pk: &str) -> Result<Vec<Item>, EngineError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let found = self.database.query(QueryRequest {
                table_name: TABLE.to_owned(),
                key_condition_expression: Some("pk = :pk".to_owned()),
                expression_attribute_values: Some(HashMap::from([(
                    ":pk".to_owned(),
                    AttributeValue::S(pk.to_owned()),
                )])),
                scan_index_forward: true,
                exclusive_start_key: start,
                ..QueryRequest::default()
            })?;
            items.extend(found.items.unwrap_or_default());
            start = found.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Every item of the table. For auditors: the shop itself never scans.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn all(&self) -> Result<Vec<Item>, EngineError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let found = self.database.scan(ScanRequest {
                table_name: TABLE.to_owned(),
                exclusive_start_key: start,
                ..ScanRequest::default()
            })?;
            items.extend(found.items.unwrap_or_default());
            start = found.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// The clock it goes by.
    pub(crate) fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// The engine itself, for tests that put what the shop would never write.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

fn perform(database: &Database, action: &str, request: &Value) -> Result<String, DynoxideError> {
    match action {
        "GetItem" => write(&database.get_item(read(request)?)?),
        "PutItem" => write(&database.put_item(read(request)?)?),
        "UpdateItem" => write(&database.update_item(read(request)?)?),
        "DeleteItem" => write(&database.delete_item(read(request)?)?),
        "Query" => write(&database.query(read(request)?)?),
        "Scan" => write(&database.scan(read(request)?)?),
        "BatchGetItem" => write(&database.batch_get_item(read(request)?)?),
        "BatchWriteItem" => write(&database.batch_write_item(read(request)?)?),
        "TransactGetItems" => write(&database.transact_get_items(read(request)?)?),
        "TransactWriteItems" => write(&database.transact_write_items(read(request)?)?),
        "ListTables" => write(&database.list_tables(read(request)?)?),
        "DescribeTable" => write(&database.describe_table(read(request)?)?),
        "DescribeTimeToLive" => write(&database.describe_time_to_live(read(request)?)?),
        _ => Err(DynoxideError::ValidationException(format!(
            "{action} is not offered by the local stack"
        ))),
    }
}

/// Reads a request. Some of the engine's types check more than their form and
/// mark what they refuse.
fn read<T: DeserializeOwned>(request: &Value) -> Result<T, DynoxideError> {
    serde_json::from_str(&request.to_string()).map_err(|error| {
        let message = error.to_string();
        match message.split_once("VALIDATION:") {
            Some((_, refusal)) => DynoxideError::ValidationException(refusal.to_owned()),
            None if message.contains("missing field") => {
                DynoxideError::ValidationException(message)
            }
            None => DynoxideError::SerializationException(message),
        }
    })
}

fn write<T: Serialize>(response: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
