//! The error bodies of the API.

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use crate::cards::Refusal;

/// A refused request: status, body, and whether its reply is kept under the
/// idempotency key. The provider keeps a reply only once the endpoint has begun
/// to execute; refused parameters are judged anew each time.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) kept: bool,
    pub(crate) detail: Box<Detail>,
}

/// The `error` member of the body.
#[derive(Debug, Serialize)]
pub(crate) struct Detail {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_code: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_intent: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_method: Option<Value>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, code: Option<&str>, message: String) -> Self {
        Self {
            status,
            kept: false,
            detail: Box::new(Detail {
                kind,
                code: code.map(str::to_owned),
                decline_code: None,
                message,
                param: None,
                charge: None,
                payment_intent: None,
                payment_method: None,
            }),
        }
    }

    fn bad_request(code: Option<&str>, message: String) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            code,
            message,
        )
    }

    fn with_param(mut self, param: &str) -> Self {
        self.detail.param = Some(param.to_owned());
        self
    }

    /// A parameter with a value the provider refuses.
    pub(crate) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::bad_request(None, message.into()).with_param(param)
    }

    /// As [`ApiError::invalid`], with one of the provider's error codes.
    pub(crate) fn invalid_as(code: &str, param: &str, message: impl Into<String>) -> Self {
        Self::bad_request(Some(code), message.into()).with_param(param)
    }

    /// A parameter that must be there.
    pub(crate) fn missing(param: &str) -> Self {
        let message = format!("Missing required param: {param}.");
        Self::bad_request(Some("parameter_missing"), message).with_param(param)
    }

    /// A parameter the provider (or this simulator) does not know.
    pub(crate) fn unknown(param: &str) -> Self {
        let message = format!("Received unknown parameter: {param}");
        Self::bad_request(Some("parameter_unknown"), message).with_param(param)
    }

    /// No object of that id, where the path names it.
    pub(crate) fn no_such(kind: &str, id: &str) -> Self {
        let mut error = Self::no_such_in("id", kind, id);
        error.status = StatusCode::NOT_FOUND;
        error
    }

    /// No object of that id, where a parameter names it.
    pub(crate) fn no_such_in(param: &str, kind: &str, id: &str) -> Self {
        let message = format!("No such {kind}: '{id}'");
        Self::bad_request(Some("resource_missing"), message).with_param(param)
    }

    /// The object's state does not allow it; kept under the key, since the
    /// endpoint had begun.
    pub(crate) fn state(code: Option<&str>, message: impl Into<String>) -> Self {
        let mut error = Self::bad_request(code, message.into());
        error.kept = true;
        error
    }

    /// A refused card: 402 with the intent inside.
    pub(crate) fn card(
        refusal: &Refusal,
        charge: Option<String>,
        intent: Value,
        method: Value,
    ) -> Self {
        let code = Some(refusal.code.as_str());
        let mut error = Self::new(
            StatusCode::PAYMENT_REQUIRED,
            refusal.kind(),
            code,
            refusal.message(),
        );
        error.kept = true;
        error.detail.decline_code.clone_from(&refusal.decline_code);
        error.detail.charge = charge;
        error.detail.payment_intent = Some(intent);
        error.detail.payment_method = Some(method);
        error
    }

    /// The key was used before, for something else.
    pub(crate) fn key_mismatch(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "idempotency_error", None, message)
    }

    /// Another request with this key is executing.
    pub(crate) fn key_in_use() -> Self {
        let message = "There is currently another in-progress request using this idempotent key.";
        let code = Some("idempotency_key_in_use");
        Self::new(
            StatusCode::CONFLICT,
            "idempotency_error",
            code,
            message.to_owned(),
        )
    }

    /// No API key, or not this account's.
    pub(crate) fn unauthenticated() -> Self {
        let message = "Invalid API Key provided.".to_owned();
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_request_error",
            None,
            message,
        )
    }

    /// A version of the API nobody speaks here, or none.
    pub(crate) fn version(asked: &str) -> Self {
        Self::bad_request(None, format!("Invalid Stripe API version: {asked}"))
    }

    /// No such URL.
    pub(crate) fn no_route(method: &http::Method, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Self::new(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            None,
            message,
        )
    }

    /// Too many requests.
    pub(crate) fn rate_limited() -> Self {
        let message = "Request rate limit exceeded.".to_owned();
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self::new(status, "invalid_request_error", Some("rate_limit"), message)
    }

    /// The provider's own failure.
    pub(crate) fn server() -> Self {
        let message = "An unknown error occurred.".to_owned();
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "api_error",
            None,
            message,
        );
        error.kept = true;
        error
    }

    /// The JSON body.
    pub(crate) fn body(&self) -> Value {
        serde_json::json!({ "error": self.detail })
    }
}
