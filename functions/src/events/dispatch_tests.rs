//! What the stream is told of a batch.

use super::dispatch_events::{DispatchEvents, UnnamedRecord};
use super::test_cloud::{Cloud, app, cloud};
use crate::mails::samples::{id, now, user};
use aws_lambda_events::dynamodb::Event as Batch;
use aws_lambda_events::streams::DynamoDbEventResponse;
use domain::account::User;
use domain::email::EmailAddress;
use domain::event::{Event, EventKind, Owner};
use domain::id::{EventId, Id as _, UserId};
use domain::locale::Locale;
use platform::job::{Job as _, Work};
use platform::store::Entity as _;
use platform::store::events::event;
use platform::telemetry::Invocation;
use serde_json::{Value, json};
use std::sync::Arc;

/// A record of the stream.
fn record(name: &str, image: &serde_dynamo::Item, number: Option<&str>) -> Value {
    json!({
        "awsRegion": "eu-west-3", "eventID": "1", "eventName": name,
        "dynamodb": {"NewImage": image, "SequenceNumber": number, "SizeBytes": 1, "ApproximateCreationDateTime": 1.0},
    })
}

async fn dispatch(
    cloud: &Arc<Cloud>,
    records: Vec<Value>,
) -> Result<DynamoDbEventResponse, UnnamedRecord> {
    let batch: Batch = serde_json::from_value(json!({"Records": records})).unwrap();
    let mut work = Work {
        stop_at: now(),
        invocation: Invocation::job(DispatchEvents::ID, now()),
    };
    DispatchEvents::run(&app(cloud), batch, &mut work).await
}

fn session_event(bits: u128, user: UserId) -> Event {
    event(
        EventId::from_bits(bits),
        Owner::User { user },
        EventKind::SessionReused {
            user,
            session: id(),
        },
        now(),
    )
}

#[tokio::test]
async fn a_batch_reports_each_record_that_failed_and_delivers_the_others() {
    let mut cloud = cloud();
    cloud.refused = vec!["mallory@example.com"];
    let bad = UserId::from_bits(13);
    let mallory = EmailAddress::parse("mallory@example.com").unwrap();
    cloud.put(&User {
        id: bad,
        email: mallory,
        ..user("Mallory", Locale::En, true)
    });
    let (first, poison, last) = (
        session_event(1, id()),
        session_event(2, bad),
        session_event(3, id()),
    );
    let account = cloud.put(&user("Ada", Locale::En, true));
    let records = vec![
        record("INSERT", &cloud.put(&first), Some("100")),
        record("INSERT", &cloud.put(&poison), Some("101")),
        record("INSERT", &account, Some("102")),
        record("MODIFY", &cloud.put(&poison), Some("103")),
        record("INSERT", &cloud.put(&last), Some("104")),
    ];
    let cloud = Arc::new(cloud);
    let report = dispatch(&cloud, records.clone()).await.unwrap();
    assert_eq!(
        serde_json::to_value(&report).unwrap(),
        json!({"batchItemFailures": [{"itemIdentifier": "101"}, {"itemIdentifier": "103"}]})
    );
    assert_eq!(cloud.mails.lock().unwrap().len(), 2);
    assert!(cloud.waits(&poison.key()) && !cloud.waits(&first.key()) && !cloud.waits(&last.key()));

    let again = dispatch(&cloud, records[1..].to_vec()).await.unwrap();
    assert_eq!(again, report);
    assert_eq!(
        cloud.mails.lock().unwrap().len(),
        2,
        "what was delivered is not mailed again"
    );
}

#[tokio::test]
async fn a_failure_without_a_number_fails_the_batch() {
    let mut cloud = cloud();
    cloud.refused = vec!["ada@example.com"];
    let image = cloud.put(&session_event(1, id()));
    let cloud = Arc::new(cloud);
    assert!(
        dispatch(&cloud, vec![record("INSERT", &image, None)])
            .await
            .is_err()
    );
    let report = dispatch(&cloud, vec![record("REMOVE", &image, None)])
        .await
        .unwrap();
    assert!(report.batch_item_failures.is_empty());
}
