//! Writing a single item under a condition.

use super::item::{Entity, Item, encode};
use super::transaction::written_by;
use super::{Store, StoreError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure as OnFailure};
use domain::id::ActId;

impl Store {
    /// Puts a new item, or replaces the one that was read at this version.
    /// False when another act came first; true also when an earlier try of
    /// this same act had done it.
    pub(super) async fn put_one<T: Entity>(
        &self,
        read: Option<u64>,
        value: &T,
        act: ActId,
    ) -> Result<bool, StoreError> {
        let next = read.unwrap_or(0).saturating_add(1);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(encode(value, next, act)?))
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        let put = match read {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(version) => put
                .condition_expression("version = :read")
                .expression_attribute_values(":read", AttributeValue::N(version.to_string())),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(is_ours(failed.item(), act))
                }
                _ => Err(StoreError::from_sdk("PutItem", error)),
            },
        }
    }
}

/// True when the item that made a condition fail was written by this act.
pub(super) fn is_ours(item: Option<&Item>, act: ActId) -> bool {
    item.is_some_and(|item| written_by(item, act))
}
