//! Sessions: families of refresh tokens.

use super::item::{Entity, Stored, decode, encode};
use super::keys::{self, Key};
use super::transaction::written_by;
use super::{Store, StoreError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure,
};
use domain::account::StaffRole;
use domain::id::{AccountId, ActId, SessionId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How a client keeps its refresh token. A session is bound to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// In the cookie: a browser.
    Cookie,
    /// By itself, from the body of the answer.
    Body,
}

impl ClientKind {
    fn name(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Body => "body",
        }
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// The user logged out.
    SignedOut,
    /// A used refresh token came back.
    Reused,
}

/// A session: one family of refresh tokens, of which the `n`th is the good
/// one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The account the user acts for.
    pub account: AccountId,
    /// Staff role; a change of role ends or changes the user's sessions.
    pub role: StaffRole,
    /// How the client keeps its refresh token.
    pub client: ClientKind,
    /// Number of the good refresh token, from 0.
    pub n: u32,
    /// Random text every refresh token is made of, in hexadecimal.
    pub salt: String,
    /// When the user logged in.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub began_at: Timestamp,
    /// When the good token was made.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub rotated_at: Timestamp,
    /// Why it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<SessionEnd>,
}

impl Session {
    /// A session nobody uses for this long is over.
    pub const IDLE: SignedDuration = SignedDuration::from_hours(14 * 24);
    /// No session is older than this.
    pub const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

    /// True when it neither ended nor ran out.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none()
            && now.duration_since(self.rotated_at) < Self::IDLE
            && now.duration_since(self.began_at) < Self::LIFE
    }
}

impl Entity for Session {
    const TYPE: &'static str = "session";

    fn key(&self) -> Key {
        keys::session(self.user, self.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.began_at.checked_add(Self::LIFE).ok()
    }
}

/// How the rotation of a refresh token ended.
#[derive(Debug)]
pub enum Rotation {
    /// The session as it is now, with the next token good.
    Done(Session),
    /// The token was not the good one: the session as it is, if it exists.
    Refused(Option<Stored<Session>>),
}

impl Store {
    /// AP-54: puts a new session. It is alone in its act, so that it needs no
    /// transaction, which would cost twice.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be written.
    pub async fn open_session(&self, session: &Session, act: ActId) -> Result<(), StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(encode(session, 1, act)?))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else {
            return Ok(());
        };
        match error.as_service_error() {
            // A retry of the SDK that met its own first try.
            Some(PutItemError::ConditionalCheckFailedException(refused))
                if refused.item().is_some_and(|item| written_by(item, act)) =>
            {
                Ok(())
            }
            _ => Err(StoreError::from_sdk("PutItem", error)),
        }
    }

    /// AP-55: makes refresh token `n + 1` the good one, if `n` is it now. One
    /// round trip tells everything: a refusal brings the session with it.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot decide.
    pub async fn rotate_session(
        &self,
        key: &Key,
        n: u32,
        client: ClientKind,
        now: Timestamp,
        act: ActId,
    ) -> Result<Rotation, StoreError> {
        let number = |value: i64| AttributeValue::N(value.to_string());
        let since =
            |span: SignedDuration| number(now.as_millisecond().saturating_sub(millis(span)));
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key.pk.clone()))
            .key("sk", AttributeValue::S(key.sk.clone()))
            .update_expression("SET n = :next, rotated_at = :now, act = :act ADD version :one")
            .condition_expression(
                "n = :n AND client = :client AND attribute_not_exists(ended) \
                 AND rotated_at > :idle AND began_at > :life",
            )
            .expression_attribute_values(":n", number(i64::from(n)))
            .expression_attribute_values(":next", number(i64::from(n).saturating_add(1)))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":idle", since(Session::IDLE))
            .expression_attribute_values(":life", since(Session::LIFE))
            .expression_attribute_values(":client", AttributeValue::S(client.name().to_owned()))
            .expression_attribute_values(":act", AttributeValue::S(act.to_string()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .send()
            .await;
        match sent {
            Ok(done) => {
                let item = done
                    .attributes
                    .ok_or_else(|| StoreError::unexpected("an update without its item"))?;
                Ok(Rotation::Done(decode::<Session>(item)?.value))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    let item = refused.item().cloned().filter(|item| !item.is_empty());
                    Ok(Rotation::Refused(item.map(decode).transpose()?))
                }
                _ => Err(StoreError::from_sdk("UpdateItem", error)),
            },
        }
    }

    /// AP-56: ends a session, if it is there and has not ended.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot decide.
    pub async fn end_session(
        &self,
        key: &Key,
        end: SessionEnd,
        act: ActId,
    ) -> Result<(), StoreError> {
        let end: AttributeValue =
            serde_dynamo::to_attribute_value(end).map_err(|source| StoreError::Encode {
                entity: Session::TYPE,
                source: Box::new(source),
            })?;
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key.pk.clone()))
            .key("sk", AttributeValue::S(key.sk.clone()))
            .update_expression("SET ended = :end, act = :act ADD version :one")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(ended)")
            .expression_attribute_values(":end", end)
            .expression_attribute_values(":act", AttributeValue::S(act.to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(());
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            _ => Err(StoreError::from_sdk("UpdateItem", error)),
        }
    }
}

fn millis(span: SignedDuration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
