//! Where the SDK and the provider client end: instead of the network there
//! are the engines of this process. The one place where effects are counted
//! and faults are made.

use crate::backends::Backends;
use crate::faults::Fault;
use crate::trace::{Effect, Outcome, Service, Touch, half_units, touches};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stripe_simulator::Reply;
use tokio::sync::Notify;

/// Whose calls a connector carries.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// Operation id.
    pub(crate) function: Arc<str>,
    /// True until its first request.
    pub(crate) cold: Arc<AtomicBool>,
    /// Told when a planned crash ends it.
    pub(crate) crash: Arc<Notify>,
}

impl Environment {
    pub(crate) fn new(function: &str) -> Self {
        Self {
            function: function.into(),
            cold: Arc::new(AtomicBool::new(true)),
            crash: Arc::default(),
        }
    }
}

/// A client for AWS that ends in these backends.
pub(crate) fn aws(backends: &Arc<Backends>, environment: &Environment) -> SharedHttpClient {
    let connector = connector(backends, environment, false);
    http_client_fn(move |_, _| connector.clone())
}

/// A connector to the payment provider that ends in its simulator.
pub(crate) fn web(backends: &Arc<Backends>, environment: &Environment) -> SharedHttpConnector {
    connector(backends, environment, true)
}

fn connector(
    backends: &Arc<Backends>,
    environment: &Environment,
    provider: bool,
) -> SharedHttpConnector {
    SharedHttpConnector::new(Connector {
        backends: Arc::clone(backends),
        environment: environment.clone(),
        provider,
    })
}

#[derive(Debug, Clone)]
struct Connector {
    backends: Arc<Backends>,
    environment: Environment,
    provider: bool,
}

/// A call, taken apart.
struct Call {
    service: Service,
    action: String,
    request: http::Request<Bytes>,
    /// The body of a call to AWS.
    json: Value,
}

/// What a backend said.
enum Said {
    Answer(Response<Bytes>),
    Lost,
    Refused,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let after = this.backends.effects();
            // Others get their turn before every effect, as on a network.
            tokio::task::yield_now().await;
            let call = this
                .take_apart(request)
                .map_err(|error| ConnectorError::user(error.into()))?;
            this.answer(call, after).await
        })
    }
}

impl Connector {
    fn take_apart(&self, request: HttpRequest) -> Result<Call, String> {
        let request = request
            .try_into_http1x()
            .map_err(|error| error.to_string())?;
        let (parts, body) = request.into_parts();
        let body = Bytes::copy_from_slice(body.bytes().ok_or("a streaming body")?);
        let target = parts
            .headers
            .get("x-amz-target")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let request = http::Request::from_parts(parts, body);
        let path = format!("{} {}", request.method(), request.uri().path());
        let (service, action) = match target.rsplit_once('.') {
            _ if self.provider => (Service::Provider, path),
            Some((target, action)) if target.starts_with("DynamoDB_") => {
                (Service::Table, action.to_owned())
            }
            Some(("secretsmanager", action)) => (Service::Secrets, action.to_owned()),
            None if path == "POST /v2/email/outbound-emails" => {
                (Service::Mail, "SendEmail".to_owned())
            }
            Some(_) | None => return Err(format!("nobody here answers {target} {path}")),
        };
        let json = match service {
            Service::Provider => Value::Null,
            Service::Table | Service::Secrets | Service::Mail => {
                serde_json::from_slice(request.body()).map_err(|error| error.to_string())?
            }
        };
        Ok(Call {
            service,
            action,
            request,
            json,
        })
    }

    async fn answer(&self, call: Call, after: u64) -> Result<HttpResponse, ConnectorError> {
        let number = self.backends.count();
        let items = if call.service == Service::Table {
            touches(&call.action, &call.json)
        } else {
            Vec::new()
        };
        let fault = self
            .backends
            .planned(number)
            .or_else(|| match call.service {
                Service::Table => self.backends.draw(!matches!(
                    call.action.as_str(),
                    "GetItem" | "Query" | "BatchGetItem"
                )),
                Service::Secrets | Service::Mail | Service::Provider => None,
            });
        let (said, half_units) = self.perform(&call, fault, &items);
        let crash = matches!(fault, Some(Fault::CrashBefore | Fault::CrashAfter));
        self.backends.note(Effect {
            number,
            after,
            function: Arc::clone(&self.environment.function),
            cold: self.environment.cold.load(Ordering::Relaxed),
            service: call.service,
            action: call.action,
            index: member(&call.json, "IndexName"),
            secret: member(&call.json, "SecretId"),
            items,
            half_units,
            outcome: match &said {
                _ if crash => Outcome::Crashed,
                Said::Answer(response) => Outcome::Answered(response.status().as_u16()),
                Said::Lost => Outcome::Lost,
                Said::Refused => Outcome::Refused,
            },
        });
        if crash {
            self.environment.crash.notify_waiters();
            // Whoever runs the function drops it now, and this with it.
            std::future::pending::<()>().await;
        }
        match said {
            Said::Answer(response) => into_smithy(response),
            Said::Lost => Err(ConnectorError::timeout("the reply was lost".into())),
            Said::Refused => Err(ConnectorError::io("connection refused".into()).never_connected()),
        }
    }

    fn perform(&self, call: &Call, fault: Option<Fault>, items: &[Touch]) -> (Said, u64) {
        match fault {
            None => self.apply(call),
            Some(Fault::Twice) => {
                let _ = self.apply(call);
                self.apply(call)
            }
            Some(fault) => {
                let half_units = if fault.applies() {
                    self.apply(call).1
                } else {
                    0
                };
                (meet(call, fault, items), half_units)
            }
        }
    }

    /// Carries the call out: what was said, and the capacity it cost.
    fn apply(&self, call: &Call) -> (Said, u64) {
        match call.service {
            Service::Table => {
                let mut request = call.json.clone();
                if let Some(members) = request.as_object_mut() {
                    members.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
                }
                let (status, body) = self.backends.engine.call(&call.action, &request);
                let half_units =
                    serde_json::from_str(&body).map_or(0, |answer: Value| half_units(&answer));
                (
                    Said::Answer(amz_json(status, body, "application/x-amz-json-1.0")),
                    half_units,
                )
            }
            Service::Secrets => {
                let (status, body) = self.backends.vault.answer(&call.json);
                (
                    Said::Answer(amz_json(
                        status,
                        body.to_string(),
                        "application/x-amz-json-1.1",
                    )),
                    0,
                )
            }
            Service::Mail => {
                let (status, body) = self
                    .backends
                    .mailbox
                    .answer(&call.json, self.backends.now());
                (
                    Said::Answer(amz_json(status, body.to_string(), "application/json")),
                    0,
                )
            }
            Service::Provider => {
                let said = match self
                    .backends
                    .simulator
                    .handle(self.backends.now(), &call.request)
                {
                    Reply::Answer(response) => Said::Answer(response),
                    Reply::Lost => Said::Lost,
                    Reply::Refused => Said::Refused,
                };
                (said, 0)
            }
        }
    }
}

fn member(json: &Value, name: &str) -> Option<String> {
    json.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// What the caller gets to see of a fault.
fn meet(call: &Call, fault: Fault, items: &[Touch]) -> Said {
    let error = |status: u16, kind: &str, message: &str| {
        let body = match call.service {
            Service::Table => {
                json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": message})
            }
            Service::Secrets | Service::Mail => json!({"__type": kind, "message": message}),
            Service::Provider => json!({"error": {"type": "api_error", "message": message}}),
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
        Fault::Conflict if call.action.starts_with("Transact") => Said::Answer(amz_json(
            400,
            conflict_of(items.len()).to_string(),
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
        | Fault::CrashBefore
        | Fault::CrashAfter
        | Fault::Twice => Said::Lost,
    }
}

/// A transaction of that many items whose first met another one.
fn conflict_of(members: usize) -> Value {
    let reasons: Vec<Value> = (0..members)
        .map(|index| match index {
            0 => json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}),
            _ => json!({"Code": "None"}),
        })
        .collect();
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
        "CancellationReasons": reasons,
    })
}

fn amz_json(status: u16, body: String, content_type: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static(content_type),
    );
    response
}

fn into_smithy(response: Response<Bytes>) -> Result<HttpResponse, ConnectorError> {
    HttpResponse::try_from(response.map(SdkBody::from))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

#[cfg(test)]
mod tests;
