//! Single attributes that an act changes, whatever else of their item does.

use super::item::key_item;
use super::keys::Key;
use super::{StoreError, Transaction};
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
};

/// A text attribute as it was read, or that it was not there.
#[derive(Debug, Clone)]
pub struct AsRead<'a> {
    /// Its name.
    pub attribute: &'a str,
    /// Its value.
    pub value: Option<String>,
}

impl AsRead<'_> {
    fn condition(&self) -> &'static str {
        match self.value {
            Some(_) => "#same = :same",
            None => "attribute_not_exists(#same)",
        }
    }

    fn name(&self, update: UpdateBuilder) -> UpdateBuilder {
        let update = update.expression_attribute_names("#same", self.attribute);
        match &self.value {
            Some(read) => {
                update.expression_attribute_values(":same", AttributeValue::S(read.clone()))
            }
            None => update,
        }
    }
}

impl<R: Copy> Transaction<R> {
    /// Raises a counter of an item by one; refused where it is at its most, where
    /// another attribute is not as it was read, or there is no such item.
    pub fn raise(
        &mut self,
        key: &Key,
        (counter, most): (&str, Option<u64>),
        same: &AsRead<'_>,
        refusal: R,
    ) {
        let condition = match most {
            Some(_) => "attribute_exists(pk) AND #counter < :bound AND ",
            None => "attribute_exists(pk) AND ",
        };
        let condition = format!("{condition}{}", same.condition());
        self.count(key, (counter, 1), (&condition, most), Some(same), refusal);
    }

    /// Lowers a counter of an item by one; refused where it is at zero, or there
    /// is no such item.
    pub fn lower(&mut self, key: &Key, counter: &str, refusal: R) {
        let above = ("#counter > :bound", Some(0));
        self.count(key, (counter, -1), above, None, refusal);
    }

    fn count(
        &mut self,
        key: &Key,
        (counter, step): (&str, i64),
        (condition, bound): (&str, Option<u64>),
        same: Option<&AsRead<'_>>,
        refusal: R,
    ) {
        let number = |number: i64| AttributeValue::N(number.to_string());
        let mut update = Update::builder()
            .table_name(String::new())
            .set_key(Some(key_item(key)))
            .update_expression("SET act = :act ADD #counter :step, version :one")
            .condition_expression(condition)
            .expression_attribute_names("#counter", counter)
            .expression_attribute_values(":act", AttributeValue::S(self.act().to_string()))
            .expression_attribute_values(":step", number(step))
            .expression_attribute_values(":one", number(1))
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        if let Some(bound) = bound {
            let bound = AttributeValue::N(bound.to_string());
            update = update.expression_attribute_values(":bound", bound);
        }
        if let Some(same) = same {
            update = same.name(update);
        }
        let update = update.build();
        let update = update.map(|update| TransactWriteItem::builder().update(update).build());
        self.push(update.map_err(StoreError::build), refusal);
    }

    /// Sets one text attribute that must be as it was read, whatever else
    /// changed meanwhile; of an item at a version, where one is given.
    pub fn set_from(
        &mut self,
        key: &Key,
        (read, value): (&AsRead<'_>, &str),
        version: Option<u64>,
        refusal: R,
    ) {
        let condition = match version {
            Some(_) => "attribute_exists(pk) AND version = :version AND ",
            None => "attribute_exists(pk) AND ",
        };
        let mut update = Update::builder()
            .table_name(String::new())
            .set_key(Some(key_item(key)))
            .update_expression("SET #same = :value, act = :act ADD version :one")
            .condition_expression(format!("{condition}{}", read.condition()))
            .expression_attribute_values(":value", AttributeValue::S(value.to_owned()))
            .expression_attribute_values(":act", AttributeValue::S(self.act().to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        if let Some(version) = version {
            let version = AttributeValue::N(version.to_string());
            update = update.expression_attribute_values(":version", version);
        }
        let update = read.name(update).build();
        let update = update.map(|update| TransactWriteItem::builder().update(update).build());
        self.push(update.map_err(StoreError::build), refusal);
    }

    /// Sets one text attribute that must be absent or equal already.
    pub fn set_once(&mut self, key: &Key, attribute: &str, value: &str, refusal: R) {
        let update = Update::builder()
            .table_name(String::new())
            .set_key(Some(key_item(key)))
            .update_expression("SET #attribute = :value, act = :act ADD version :one")
            .condition_expression("attribute_exists(pk) AND (attribute_not_exists(#attribute) OR #attribute = :value)")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", AttributeValue::S(value.to_owned()))
            .expression_attribute_values(":act", AttributeValue::S(self.act().to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(StoreError::build);
        self.push(update, refusal);
    }
}
