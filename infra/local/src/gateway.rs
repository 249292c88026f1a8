//! The HTTP API: limits, CORS, routing, and the function behind the route.

use crate::cloud::Cloud;
use crate::event;
use crate::functions::FunctionError;
use crate::router;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, ORIGIN,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;

/// Largest request body (API Gateway quota).
const MOST_BODY: usize = 10 * 1024 * 1024;

/// Largest sum of the header lines (API Gateway quota).
const MOST_HEADERS: usize = 10_240;

/// The CORS headers, which a function's own never get past the gateway.
const CORS: [HeaderName; 6] = [
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

impl Cloud {
    /// Answers a request to the API as API Gateway and the function behind
    /// the route would.
    pub(crate) fn gateway(&self, request: Request<Bytes>) -> BoxFuture<'_, Response<Bytes>> {
        Box::pin(self.pass(request))
    }

    async fn pass(&self, request: Request<Bytes>) -> Response<Bytes> {
        if request.body().len() > MOST_BODY {
            return bare(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        }
        let headers: usize = request
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len().saturating_add(value.len()))
            .sum();
        if headers > MOST_HEADERS {
            return bare(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request Header Fields Too Large",
            );
        }
        if request.method() == Method::OPTIONS
            && request.headers().contains_key(ORIGIN)
            && request
                .headers()
                .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        {
            return self.preflight(request.headers());
        }
        let origin = self.allowed_origin(request.headers());
        let mut response = self.route(&request).await;
        for name in CORS {
            response.headers_mut().remove(name);
        }
        if let Some(origin) = origin {
            self.share(response.headers_mut(), origin);
            put(
                response.headers_mut(),
                ACCESS_CONTROL_EXPOSE_HEADERS,
                &self.template().cors.exposed,
            );
        }
        response
    }

    /// Runs an operation on a gateway event as it is, whether or not a gateway
    /// would ever send it.
    ///
    /// # Errors
    /// [`FunctionError`] when the function does not take it, fails or panics.
    pub async fn invoke(
        &self,
        operation: &str,
        event: Value,
    ) -> Result<Response<Bytes>, FunctionError> {
        let failed = |cause: String| FunctionError::Failed {
            function: operation.to_owned(),
            cause,
        };
        let event = serde_json::from_value(event).map_err(|error| failed(error.to_string()))?;
        let (id, deadline) = (self.next_request_id(), self.deadline_of(operation));
        let answer = self
            .functions()
            .invoke(operation, event, &id, deadline)
            .await?;
        event::respond(&answer).ok_or_else(|| failed("its answer is malformed".to_owned()))
    }

    /// How many passwords were hashed by the functions that run.
    pub fn hashes(&self) -> u64 {
        self.functions().hashes()
    }

    async fn route(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let Some(found) = router::find(
            &self.template().routes,
            request.method().as_str(),
            request.uri().path(),
        ) else {
            return bare(StatusCode::NOT_FOUND, "Not Found");
        };
        let function = found.route.function.clone();
        let request_id = self.next_request_id();
        let event = event::build(request, &found, &request_id, self.now());
        let Ok(event) = serde_json::from_value(event) else {
            return bare(StatusCode::BAD_REQUEST, "Bad Request");
        };
        let deadline = self.deadline_of(&function);
        match self
            .functions()
            .invoke(&function, event, &request_id, deadline)
            .await
        {
            Ok(answer) => event::respond(&answer).unwrap_or_else(|| {
                bare(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }),
            Err(error) => {
                self.complain(&error.to_string());
                bare(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }
        }
    }

    fn preflight(&self, headers: &HeaderMap) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        if let Some(origin) = self.allowed_origin(headers) {
            let cors = &self.template().cors;
            let answer = response.headers_mut();
            self.share(answer, origin);
            put(answer, ACCESS_CONTROL_ALLOW_METHODS, &cors.methods);
            put(answer, ACCESS_CONTROL_ALLOW_HEADERS, &cors.headers);
            put(answer, ACCESS_CONTROL_MAX_AGE, &cors.max_age.to_string());
        }
        response
    }

    /// The origin of a request, if its pages may read the answer: here any on
    /// loopback.
    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.functions()
            .config()
            .allows_origin(origin.to_str().ok()?)
            .then(|| origin.clone())
    }

    fn share(&self, headers: &mut HeaderMap, origin: HeaderValue) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.template().cors.credentials {
            headers.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// An answer of the gateway itself.
fn bare(status: StatusCode, message: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!("{{\"message\":\"{message}\"}}")));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
