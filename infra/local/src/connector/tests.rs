//! What the SDK makes of what this connector says: the errors the shop's
//! store sorts by.

use super::{Environment, aws};
use crate::backends::Backends;
use crate::engine::TABLE;
use crate::faults::Fault;
use crate::options::Options;
use crate::trace::{Access, Outcome};
use crate::{Cloud, Effect};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use std::sync::Arc;

pub(super) async fn cloud() -> Cloud {
    Cloud::new(Options {
        seeded: false,
        ..Options::test()
    })
    .await
    .unwrap()
}

pub(super) fn client(backends: &Arc<Backends>) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-3"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .http_client(aws(backends, &Environment::new("test")))
        .retry_config(RetryConfig::disabled())
        .build();
    #[expect(
        clippy::disallowed_methods,
        reason = "a client of its own, without retries"
    )]
    Client::from_conf(config)
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Puts an item while a fault is planned: the error, and whether it is there.
async fn put_under(fault: Fault) -> (String, bool, Vec<Effect>) {
    let cloud = cloud().await;
    cloud.plan_fault(cloud.effects() + 1, fault);
    let put = client(&cloud.0.backends)
        .put_item()
        .table_name(TABLE)
        .item("pk", text("P"))
        .item("sk", text("A"));
    let error = match put.send().await {
        Ok(_) => "none".to_owned(),
        Err(SdkError::DispatchFailure(failure)) if failure.is_timeout() => "timeout".to_owned(),
        Err(error) => error.code().unwrap_or("no code").to_owned(),
    };
    let there = !cloud.table().partition("P").unwrap().is_empty();
    (error, there, cloud.take_trace())
}

#[tokio::test]
async fn each_fault_of_a_write_arrives_as_its_own_error_applied_or_not() {
    for (fault, error, applied) in [
        (Fault::Throttle, "ThrottlingException", false),
        (Fault::Conflict, "TransactionConflictException", false),
        (Fault::ServerError, "InternalServerError", false),
        (Fault::ServerErrorApplied, "InternalServerError", true),
        (Fault::LostRequest, "timeout", false),
        (Fault::LostReply, "timeout", true),
        (Fault::Twice, "none", true),
    ] {
        let (found, there, _) = put_under(fault).await;
        assert_eq!((found.as_str(), there), (error, applied), "{fault:?}");
    }
}

#[tokio::test]
async fn a_conflicting_transaction_is_canceled_with_a_reason_for_each_item() {
    let cloud = cloud().await;
    cloud.plan_fault(cloud.effects() + 1, Fault::Conflict);
    let put = |pk: &str| {
        let put = Put::builder()
            .table_name(TABLE)
            .item("pk", text(pk))
            .item("sk", text("A"))
            .build()
            .unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let sent = client(&cloud.0.backends)
        .transact_write_items()
        .transact_items(put("P"))
        .transact_items(put("Q"))
        .send();
    let error = sent.await.unwrap_err().into_service_error();
    assert!(error.is_transaction_canceled_exception(), "{error:?}");
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(canceled) =
        error
    else {
        panic!("another error");
    };
    let codes: Vec<_> = canceled
        .cancellation_reasons()
        .iter()
        .filter_map(|reason| reason.code())
        .collect();
    assert_eq!(codes, ["TransactionConflict", "None"]);
    assert!(cloud.table().all().unwrap().is_empty());
}

#[tokio::test]
async fn an_effect_tells_what_was_touched_what_it_cost_and_how_it_ended() {
    let (_, _, effects) = put_under(Fault::LostReply).await;
    let effect = effects.last().unwrap();
    let item = effect.items.first().unwrap();
    assert_eq!(
        (effect.action.as_str(), effect.outcome, effect.half_units),
        ("PutItem", Outcome::Lost, 2)
    );
    assert_eq!(
        (item.access, item.pk.as_str(), item.sk.as_deref()),
        (Access::Put, "P", Some("A"))
    );
    assert!(effect.writes() && !effect.in_transaction());
}
