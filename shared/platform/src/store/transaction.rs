//! A business act as one transaction.
//!
//! Every action carries a condition and names what its refusal means. All of
//! them carry the act's id: when a retry of the SDK meets its own first try,
//! the old item that comes back with the refused condition says so.

use super::item::{Entity, Item, Stored, encode, key_item};
use super::keys::Key;
use super::{Store, StoreError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure as OnFailure,
    TransactWriteItem,
};
use domain::id::ActId;

/// Tries of a transaction that lost against another one.
const CONFLICT_RETRIES: u32 = 4;

/// The actions of one business act. `R` says what a refused condition means.
pub struct Transaction<R> {
    act: ActId,
    actions: Vec<(Result<TransactWriteItem, StoreError>, R)>,
}

/// Why an act was not committed. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError<R> {
    /// A condition did not hold; the first such action says which.
    #[error("a condition did not hold")]
    Refused(R),
    /// The table could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<R: Copy> Transaction<R> {
    /// An act without actions yet.
    pub fn new(act: ActId) -> Self {
        Self {
            act,
            actions: Vec::new(),
        }
    }

    /// The act's id.
    pub fn act(&self) -> ActId {
        self.act
    }

    /// How many items it writes or checks; the table takes 100.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// True without actions.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    pub(super) fn push(&mut self, action: Result<TransactWriteItem, StoreError>, refusal: R) {
        self.actions.push((action, refusal));
    }

    /// Puts a new item; refused when one is there.
    pub fn insert<T: Entity>(&mut self, value: &T, refusal: R) {
        let action = encode(value, 1, self.act).and_then(|item| {
            let put = Put::builder()
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(pk)");
            finish_put(put)
        });
        self.push(action, refusal);
    }

    /// Replaces an item; refused when it changed since it was read.
    pub fn replace<T: Entity>(&mut self, version: u64, value: &T, refusal: R) {
        let action = encode(value, version.saturating_add(1), self.act).and_then(|item| {
            let put = Put::builder()
                .set_item(Some(item))
                .condition_expression("version = :read")
                .expression_attribute_values(":read", AttributeValue::N(version.to_string()));
            finish_put(put)
        });
        self.push(action, refusal);
    }

    /// Puts a new item or replaces the one that was read.
    pub fn upsert<T: Entity>(&mut self, read: Option<u64>, value: &T, refusal: R) {
        match read {
            None => self.insert(value, refusal),
            Some(version) => self.replace(version, value, refusal),
        }
    }

    /// Deletes an item; refused when it changed since it was read.
    pub fn delete(&mut self, key: &Key, version: u64, refusal: R) {
        let delete = Delete::builder()
            .table_name(String::new())
            .set_key(Some(key_item(key)))
            .condition_expression("version = :read")
            .expression_attribute_values(":read", AttributeValue::N(version.to_string()))
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|delete| TransactWriteItem::builder().delete(delete).build())
            .map_err(StoreError::build);
        self.push(delete, refusal);
    }

    /// Checks that an item is still as it was read.
    pub fn unchanged(&mut self, key: &Key, version: u64, refusal: R) {
        let check = ConditionCheck::builder()
            .table_name(String::new())
            .set_key(Some(key_item(key)))
            .condition_expression("version = :read")
            .expression_attribute_values(":read", AttributeValue::N(version.to_string()))
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|check| TransactWriteItem::builder().condition_check(check).build())
            .map_err(StoreError::build);
        self.push(check, refusal);
    }
}

fn finish_put(
    put: aws_sdk_dynamodb::types::builders::PutBuilder,
) -> Result<TransactWriteItem, StoreError> {
    put.table_name(String::new())
        .return_values_on_condition_check_failure(OnFailure::AllOld)
        .build()
        .map(|put| TransactWriteItem::builder().put(put).build())
        .map_err(StoreError::build)
}

/// What one try of a transaction came to.
enum Tried {
    Done,
    Refused(usize),
    Conflict,
}

impl Store {
    /// Commits an act: all of it or nothing.
    ///
    /// # Errors
    /// [`CommitError::Refused`] with the meaning of the first condition that
    /// did not hold; [`CommitError::Store`] when the table could not decide.
    pub async fn commit<R: Copy>(&self, transaction: Transaction<R>) -> Result<(), CommitError<R>> {
        let act = transaction.act;
        let (actions, refusals): (Vec<_>, Vec<_>) = transaction.actions.into_iter().unzip();
        let actions: Vec<TransactWriteItem> = actions
            .into_iter()
            .map(|action| action.map(|action| self.in_table(action)))
            .collect::<Result<_, StoreError>>()?;
        for retry in 0..=CONFLICT_RETRIES {
            if retry > 0 {
                self.back_off(retry).await;
            }
            match self.try_commit(&actions, act).await? {
                Tried::Done => return Ok(()),
                Tried::Conflict => {}
                Tried::Refused(index) => {
                    let refusal = refusals
                        .get(index)
                        .copied()
                        .ok_or_else(|| StoreError::unexpected("a reason without an action"))?;
                    return Err(CommitError::Refused(refusal));
                }
            }
        }
        Err(CommitError::Store(StoreError::Busy))
    }

    async fn try_commit(
        &self,
        actions: &[TransactWriteItem],
        act: ActId,
    ) -> Result<Tried, StoreError> {
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(actions.to_vec()))
            .client_request_token(token_of(act))
            .send()
            .await;
        let error = match sent {
            Ok(_) => return Ok(Tried::Done),
            Err(error) => error,
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
            error.as_service_error()
        else {
            return Err(StoreError::from_sdk("TransactWriteItems", error));
        };
        // All reasons are read: a failed condition is the answer, even when
        // another action met a conflict.
        let reasons = canceled.cancellation_reasons();
        let code = |reason: &aws_sdk_dynamodb::types::CancellationReason| {
            reason.code().unwrap_or("None").to_owned()
        };
        if let Some(failed) = reasons
            .iter()
            .position(|reason| code(reason) == "ConditionalCheckFailed")
        {
            let ours = reasons
                .iter()
                .filter_map(|reason| reason.item())
                .any(|item| written_by(item, act));
            return Ok(if ours {
                Tried::Done
            } else {
                Tried::Refused(failed)
            });
        }
        let transient = [
            "None",
            "TransactionConflict",
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
        ];
        match reasons
            .iter()
            .map(code)
            .find(|code| !transient.contains(&code.as_str()))
        {
            None => Ok(Tried::Conflict),
            Some(other) => Err(StoreError::unexpected(&format!(
                "transaction canceled: {other}"
            ))),
        }
    }

    fn in_table(&self, mut action: TransactWriteItem) -> TransactWriteItem {
        if let Some(put) = action.put.as_mut() {
            put.table_name.clone_from(&self.table);
        }
        if let Some(update) = action.update.as_mut() {
            update.table_name.clone_from(&self.table);
        }
        if let Some(delete) = action.delete.as_mut() {
            delete.table_name.clone_from(&self.table);
        }
        if let Some(check) = action.condition_check.as_mut() {
            check.table_name.clone_from(&self.table);
        }
        action
    }
}

pub(super) fn written_by(item: &Item, act: ActId) -> bool {
    matches!(item.get("act"), Some(AttributeValue::S(text)) if *text == act.to_string())
}

/// The client request token of an act: at most 36 characters, so the id
/// without its prefix.
fn token_of(act: ActId) -> String {
    act.to_string().trim_start_matches("act_").to_owned()
}

impl<T> Stored<T> {
    /// The value, changed, at the same version.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Stored<U> {
        Stored {
            value: change(self.value),
            version: self.version,
        }
    }
}
