//! Timers: what is due, and putting it off.

use super::item::{Item, key_item, key_of};
use super::keys::{Due, Job, Key, due_bound};
use super::{Store, StoreError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

/// How long something is left alone that failed without moving its own timer.
const PUT_OFF: SignedDuration = SignedDuration::from_mins(5);

impl Store {
    /// Keys of what is due in one shard of a job, the longest due first. The
    /// index may be stale: the items themselves are read before anything is
    /// decided.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read.
    pub async fn due(
        &self,
        job: Job,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Key>, StoreError> {
        let mut keys = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let got = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("due")
                .key_condition_expression("due_shard = :shard AND due_at < :now")
                .expression_attribute_values(":shard", AttributeValue::S(job.shard(shard)))
                .expression_attribute_values(":now", AttributeValue::S(before(now)))
                .set_exclusive_start_key(start.take())
                .limit(i32::try_from(limit.saturating_sub(keys.len())).unwrap_or(100))
                .send()
                .await
                .map_err(|error| StoreError::from_sdk("Query due", error))?;
            keys.extend(got.items.unwrap_or_default().iter().filter_map(key_of));
            start = got.last_evaluated_key;
            if keys.len() >= limit || start.is_none() {
                return Ok(keys);
            }
        }
    }

    /// AP-72: puts off what failed and is still due, whatever it is and whether
    /// or not it can be read. Only its place in the index moves: what it says
    /// about itself, and its version, stay. One that moved its own timer, or
    /// has none any more, stays as it is.
    ///
    /// # Errors
    /// [`StoreError`] when the table could not do it.
    pub async fn put_off(&self, job: Job, key: &Key, now: Timestamp) -> Result<(), StoreError> {
        let later = Due {
            job,
            at: now.checked_add(PUT_OFF).unwrap_or(Timestamp::MAX),
        };
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .condition_expression("due_at < :now")
            .expression_attribute_values(":now", AttributeValue::S(before(now)))
            .update_expression("SET due_at = :later")
            .expression_attribute_values(":later", AttributeValue::S(later.sort_key(key)))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(StoreError::from_sdk("UpdateItem", error)),
        }
    }
}

/// What everything that is due sorts before: `$` comes right after `#`, so
/// that all of this second is in.
fn before(now: Timestamp) -> String {
    format!("{}$", due_floor(now))
}

/// The second `now` is in, as the index writes it.
fn due_floor(now: Timestamp) -> String {
    Timestamp::from_second(now.as_second())
        .map_or_else(|_| due_bound(now), |second| second.to_string())
}
