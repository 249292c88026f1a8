//! Delivers what was just written to the outbox, or handed on once more, as
//! the table's stream tells it.
//!
//! Every record that fails is named in the report: an empty report means that
//! all is done, and the stream sends the lowest named record and all after it
//! again. Those after it are tried now all the same, so that one bad event
//! delays no other; sent again, they are found delivered. A batch is small
//! and its events keep their timers, so it is worked to its end without a
//! look at the time: where the function is cut off, the batch comes again.

use super::delivery::{DeliveryError, deliver};
use aws_lambda_events::dynamodb::{Event as Batch, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use platform::app::App;
use platform::http::problem::chain;
use platform::job::{Job, Work};
use platform::store::events::waiting_in_stream;

/// The job.
#[derive(Debug, Clone, Copy)]
pub struct DispatchEvents;

/// A record failed that cannot be named: the whole batch has to come again.
#[derive(Debug, thiserror::Error)]
#[error("a record without a sequence number failed")]
pub struct UnnamedRecord(#[source] DeliveryError);

impl Job for DispatchEvents {
    const ID: &'static str = "dispatch_events";
    type Event = Batch;
    type Report = DynamoDbEventResponse;
    type Error = UnnamedRecord;

    async fn run(
        app: &App,
        batch: Batch,
        work: &mut Work,
    ) -> Result<DynamoDbEventResponse, UnnamedRecord> {
        let mut report = DynamoDbEventResponse::default();
        for record in batch.records {
            match dispatch(app, &record).await {
                Ok(delivered) => work
                    .invocation
                    .count("EventsDelivered", u64::from(delivered)),
                Err(error) => {
                    work.invocation.failed(chain(&error));
                    report.batch_item_failures.push(named(record, error)?);
                }
            }
        }
        Ok(report)
    }
}

/// Delivers the event a record brings; false when it brings none that waits.
async fn dispatch(app: &App, record: &EventRecord) -> Result<bool, DeliveryError> {
    if record.event_name == "REMOVE" {
        return Ok(false);
    }
    match waiting_in_stream(&record.change.new_image) {
        Some(key) => deliver(app, &key).await.map(|()| true),
        None => Ok(false),
    }
}

fn named(
    record: EventRecord,
    error: DeliveryError,
) -> Result<DynamoDbBatchItemFailure, UnnamedRecord> {
    let Some(number) = record.change.sequence_number else {
        return Err(UnnamedRecord(error));
    };
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(number);
    Ok(failure)
}
