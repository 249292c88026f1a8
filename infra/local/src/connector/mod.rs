//! Where the SDK and the provider client end: instead of the network there
//! are the engines of this process. The one place where effects are counted
//! and faults are made.

mod conditions;
mod halt;
mod late;
mod perform;
mod said;

pub use conditions::Condition;
pub use halt::Halt;
pub(crate) use late::Late;

use crate::backends::Backends;
use crate::faults::Fault;
use crate::trace::{Effect, Outcome, Service, touches};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use conditions::conditions;
use said::{Said, into_smithy};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    let connector = here(backends, environment, false);
    http_client_fn(move |_, _| connector.clone())
}

/// A connector to the payment provider and the register of VAT numbers, which
/// are simulated.
pub(crate) fn web(backends: &Arc<Backends>, environment: &Environment) -> SharedHttpConnector {
    here(backends, environment, true)
}

/// The connector of an environment, to AWS or to the web.
pub(crate) fn here(
    backends: &Arc<Backends>,
    environment: &Environment,
    web: bool,
) -> SharedHttpConnector {
    SharedHttpConnector::new(Connector {
        backends: Arc::clone(backends),
        environment: environment.clone(),
        web,
    })
}

#[derive(Debug, Clone)]
struct Connector {
    backends: Arc<Backends>,
    environment: Environment,
    web: bool,
}

/// A call, taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) action: String,
    pub(crate) request: http::Request<Bytes>,
    /// The body of a call, where it is JSON.
    pub(crate) json: Value,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let after = this.backends.effects();
            // Others get their turn before every effect, as on a network.
            for _ in 0..this.backends.turns() {
                tokio::task::yield_now().await;
            }
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
            _ if self.web && path.ends_with("/check-vat-number") => (Service::Register, path),
            _ if self.web => (Service::Provider, path),
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
            Service::Table | Service::Secrets | Service::Mail | Service::Register => {
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
        if let Some(halt) = self.backends.halted(number) {
            halt.wait().await;
        }
        self.backends.time_passes();
        self.backends.arrive(number);
        let items = if call.service == Service::Table {
            touches(&call.action, &call.json)
        } else {
            Vec::new()
        };
        let writes = !matches!(call.action.as_str(), "GetItem" | "Query" | "BatchGetItem");
        let fault = self
            .backends
            .planned(number)
            .or_else(|| self.backends.draw(call.service, writes));
        let (said, half_units) = self.perform(&call, fault, &items, number);
        let crash = matches!(fault, Some(Fault::CrashBefore | Fault::CrashAfter));
        self.backends.note(Effect {
            number,
            after,
            function: Arc::clone(&self.environment.function),
            cold: self.environment.cold.load(Ordering::Relaxed),
            service: call.service,
            index: member(&call.json, "IndexName"),
            secret: member(&call.json, "SecretId"),
            conditions: conditions(&call),
            action: call.action,
            items,
            half_units,
            fault,
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
}

fn member(json: &Value, name: &str) -> Option<String> {
    json.get(name).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod shape_tests;
#[cfg(test)]
mod tests;
