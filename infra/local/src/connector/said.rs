//! What a backend said, and what a caller gets to see of a fault.

use super::Call;
use crate::faults::Fault;
use crate::trace::{Service, Touch};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// What a backend said.
pub(crate) enum Said {
    /// An answer.
    Answer(Response<Bytes>),
    /// Nothing, for as long as one waits.
    Lost,
    /// No connection.
    Refused,
}

/// What the caller gets to see of a fault.
pub(super) fn meet(call: &Call, fault: Fault, items: &[Touch], number: u64) -> Said {
    let error = |status: u16, kind: &str, message: &str| {
        let body = match call.service {
            Service::Table => {
                json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": message})
            }
            Service::Secrets | Service::Mail => json!({"__type": kind, "message": message}),
            Service::Provider => json!({"error": {"type": "api_error", "message": message}}),
            Service::Register => {
                json!({"actionSucceed": false, "errorWrappers": [{"error": "SERVICE_UNAVAILABLE"}]})
            }
        };
        Said::Answer(amz_json(
            status,
            body.to_string(),
            "application/x-amz-json-1.0",
        ))
    };
    match fault {
        Fault::Throttle if call.service == Service::Table => error(
            400,
            "ThrottlingException",
            "Throughput exceeds the current capacity of your table or index.",
        ),
        Fault::Throttle => error(429, "TooManyRequestsException", "Rate exceeded"),
        // The same transaction is still under way, says its token.
        Fault::Conflict if call.action == "TransactWriteItems" && number.is_multiple_of(5) => {
            error(
                400,
                "TransactionInProgressException",
                "Transaction with the same token is already in progress",
            )
        }
        Fault::Conflict if call.action.starts_with("Transact") => Said::Answer(amz_json(
            400,
            conflict_of(items.len(), number).to_string(),
            "application/x-amz-json-1.0",
        )),
        Fault::Conflict if call.service == Service::Table => error(
            400,
            "TransactionConflictException",
            "Transaction is ongoing for the item",
        ),
        Fault::Conflict => error(409, "ConflictException", "Another request is in progress"),
        Fault::ServerError | Fault::ServerErrorApplied => {
            error(500, "InternalServerError", "Internal server error")
        }
        Fault::LostRequest
        | Fault::LostReply
        | Fault::Malformed
        | Fault::ErrorInOk
        | Fault::Refused
        | Fault::MixedReasons
        | Fault::Late
        | Fault::CrashBefore
        | Fault::CrashAfter
        | Fault::Twice => Said::Lost,
    }
}

/// A transaction of that many items one of which met another transaction;
/// which one differs from effect to effect, and sometimes a second is throttled.
fn conflict_of(members: usize, number: u64) -> Value {
    let of = u64::try_from(members).unwrap_or(1).max(1);
    let place = |n: u64| usize::try_from(n.checked_rem(of).unwrap_or(0)).unwrap_or(0);
    let number = number.saturating_sub(1);
    let (met, throttled) = (place(number), place(number.wrapping_mul(7)));
    let reasons: Vec<Value> = (0..members)
        .map(|index| {
            if index == met {
                json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"})
            } else if index == throttled {
                let code = if members.is_multiple_of(2) {
                    "ThrottlingError"
                } else {
                    "ProvisionedThroughputExceeded"
                };
                json!({"Code": code, "Message": "Throughput exceeds the current capacity of your table or index."})
            } else {
                json!({"Code": "None"})
            }
        })
        .collect();
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
        "CancellationReasons": reasons,
    })
}

/// A refused condition among other reasons: a member before or after it met
/// another transaction. What was not refused stays as it is.
pub(super) fn mixed(said: Said) -> Said {
    let Said::Answer(mut response) = said else {
        return said;
    };
    let mut body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let reasons = body
        .get_mut("CancellationReasons")
        .and_then(Value::as_array_mut);
    let met = reasons.and_then(|reasons| {
        reasons
            .iter_mut()
            .find(|reason| reason.get("Code") == Some(&json!("None")))
    });
    if let Some(reason) = met {
        *reason = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
        *response.body_mut() = Bytes::from(body.to_string());
    }
    Said::Answer(response)
}

/// Half a body.
pub(super) fn cut(said: Said) -> Said {
    match said {
        Said::Answer(mut response) => {
            let half = response.body().len() / 2;
            response.body_mut().truncate(half);
            Said::Answer(response)
        }
        Said::Lost | Said::Refused => said,
    }
}

pub(super) fn amz_json(status: u16, body: String, content_type: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static(content_type),
    );
    response
}

pub(super) fn into_smithy(response: Response<Bytes>) -> Result<HttpResponse, ConnectorError> {
    HttpResponse::try_from(response.map(SdkBody::from))
        .map_err(|error| ConnectorError::other(error.into(), None))
}
