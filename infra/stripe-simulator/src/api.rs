//! The REST API: who asks, under which key, for what, and what goes wrong on
//! the way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use crate::clock::Act;
use crate::error::ApiError;
use crate::faults::ApiFault;
use crate::form::Form;
use crate::idempotency::Keyed;
use crate::state::State;

/// The longest idempotency key, in characters (Stripe's published limit).
const LONGEST_KEY: usize = 255;

/// What reaches the caller of the API.
#[derive(Debug)]
pub enum Reply {
    /// An answer, right or wrong.
    Answer(Response<Bytes>),
    /// Nothing, for as long as one waits. The request may have been applied
    /// or not; the caller has no way to tell.
    Lost,
    /// No connection was made. The request was certainly not applied.
    Refused,
}

/// An answer on its way out.
struct Outgoing {
    status: StatusCode,
    body: String,
    request_id: String,
    /// The request that was first answered so, for a replay.
    replays: Option<String>,
}

impl Outgoing {
    fn error(error: &ApiError, request_id: &str) -> Self {
        let body = error.body().to_string();
        Self {
            status: error.status,
            body,
            request_id: request_id.to_owned(),
            replays: None,
        }
    }

    fn into_response(self, request: &HeaderMap) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        insert(headers, "request-id", &self.request_id);
        for echoed in ["idempotency-key", "stripe-version"] {
            if let Some(value) = request.get(echoed) {
                headers.insert(HeaderName::from_static(echoed), value.clone());
            }
        }
        if let Some(original) = self.replays {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
            insert(headers, "original-request", &original);
        }
        response
    }
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

impl State {
    /// Answers one request, in the weather of the moment.
    pub(crate) fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Reply {
        let fault = self.weather.draw();
        self.handle_under(now, request, fault)
    }

    /// Answers one request that meets this fault.
    pub(crate) fn handle_under(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
        fault: Option<ApiFault>,
    ) -> Reply {
        self.catch_up(now);
        let request_id = self.ids.next_request();
        let answer = match fault {
            Some(ApiFault::Refused) => return Reply::Refused,
            Some(ApiFault::RequestLost) => return Reply::Lost,
            // Before the key layer, so the same key may fare better next time.
            Some(ApiFault::RateLimited) => Outgoing::error(&ApiError::rate_limited(), &request_id),
            Some(
                ApiFault::ReplyLost
                | ApiFault::KeyInUse
                | ApiFault::ServerError
                | ApiFault::ServerErrorApplied
                | ApiFault::Malformed
                | ApiFault::ErrorInOk,
            )
            | None => self
                .judge(now, request, &request_id, fault)
                .unwrap_or_else(|error| Outgoing::error(&error, &request_id)),
        };
        let mut response = answer.into_response(request.headers());
        match fault {
            Some(ApiFault::ReplyLost) => return Reply::Lost,
            Some(ApiFault::Malformed) => {
                let half = response.body().len() / 2;
                response.body_mut().truncate(half);
            }
            Some(ApiFault::ErrorInOk) => {
                *response.status_mut() = StatusCode::OK;
                *response.body_mut() = Bytes::from(ApiError::server().body().to_string());
            }
            Some(
                ApiFault::Refused
                | ApiFault::RequestLost
                | ApiFault::RateLimited
                | ApiFault::KeyInUse
                | ApiFault::ServerError
                | ApiFault::ServerErrorApplied,
            )
            | None => {}
        }
        Reply::Answer(response)
    }

    /// Authenticates, replays what the key has an answer for, else executes
    /// and keeps the answer.
    fn judge(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
        request_id: &str,
        fault: Option<ApiFault>,
    ) -> Result<Outgoing, ApiError> {
        if api_key(request.headers()).as_deref() != Some(self.config.api_key.as_str()) {
            return Err(ApiError::unauthenticated());
        }
        self.check_version(request.headers())?;
        let path = api_path(request.uri().path());
        let form = parameters(request)?;
        let keyed = keyed(request, path, &form)?;
        if let Some(keyed) = &keyed {
            if fault == Some(ApiFault::KeyInUse) {
                return Err(ApiError::key_in_use());
            }
            if let Some(kept) = self.keys.find(now, keyed)? {
                return Ok(Outgoing {
                    status: StatusCode::from_u16(kept.status).unwrap_or_default(),
                    body: kept.body,
                    request_id: request_id.to_owned(),
                    replays: Some(kept.request_id),
                });
            }
        }
        let act = Act {
            now,
            request_id: Some(request_id.to_owned()),
            idempotency_key: keyed.as_ref().map(|keyed| keyed.key.clone()),
        };
        let result = self.execute(&act, request.method(), path, form, fault);
        let keeps = result.as_ref().map_or_else(|error| error.kept, |_| true);
        let answer = match result {
            Ok(value) => Outgoing {
                status: StatusCode::OK,
                body: value.to_string(),
                request_id: request_id.to_owned(),
                replays: None,
            },
            Err(error) => Outgoing::error(&error, request_id),
        };
        if let Some(keyed) = keyed.filter(|_| keeps) {
            let (status, body) = (answer.status.as_u16(), answer.body.clone());
            let reply = keyed.reply(status, body, request_id.to_owned());
            self.keys.keep(now, keyed.key, reply);
        }
        Ok(answer)
    }

    /// Only one version is spoken here. The provider speaks all of them, and
    /// that of the account to whoever names none: what such a caller makes of
    /// the answers changes when somebody moves the account.
    fn check_version(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let Some(spoken) = &self.config.api_version else {
            return Ok(());
        };
        let asked = headers
            .get("stripe-version")
            .and_then(|value| value.to_str().ok());
        if asked == Some(spoken.as_str()) {
            return Ok(());
        }
        Err(ApiError::version(asked.unwrap_or_default()))
    }

    /// Runs the endpoint, unless the provider fails at that.
    fn execute(
        &mut self,
        act: &Act,
        method: &Method,
        path: &str,
        form: Form,
        fault: Option<ApiFault>,
    ) -> Result<Value, ApiError> {
        if fault == Some(ApiFault::ServerError) {
            return Err(ApiError::server());
        }
        let result = self.route(act, method, path, form);
        let began = result.as_ref().map_or_else(|error| error.kept, |_| true);
        if fault == Some(ApiFault::ServerErrorApplied) && began {
            return Err(ApiError::server());
        }
        result
    }

    fn route(
        &mut self,
        act: &Act,
        method: &Method,
        path: &str,
        form: Form,
    ) -> Result<Value, ApiError> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
        match (method, segments.as_slice()) {
            (&Method::POST, rest) => self.route_post(act, rest, form),
            (&Method::DELETE, ["customers", id]) => {
                form.finish()?;
                Some(self.delete_customer(id)).transpose()
            }
            (&Method::GET, rest) => self.route_get(act.now, rest, form),
            _ => Ok(None),
        }?
        .ok_or_else(|| ApiError::no_route(method, path))
    }

    fn route_post(
        &mut self,
        act: &Act,
        path: &[&str],
        form: Form,
    ) -> Result<Option<Value>, ApiError> {
        let answer = match path {
            ["customers"] => self.create_customer(act, form),
            ["customers", id] => self.update_customer(id, form),
            ["checkout", "sessions"] => self.create_session(act, form),
            ["checkout", "sessions", id, "expire"] => self.expire_session(act, id, form),
            ["payment_intents"] => self.create_intent(act, form),
            ["payment_intents", id, "confirm"] => self.confirm_intent(act, id, form),
            ["payment_intents", id, "cancel"] => self.cancel_intent(act, id, form),
            ["payment_methods", id, "detach"] => self.detach_payment_method(act, id, form),
            ["refunds"] => self.create_refund(act, form),
            ["disputes", id] => self.update_dispute(act, id, form),
            ["disputes", id, "close"] => self.close_dispute(act, id, form),
            _ => return Ok(None),
        };
        answer.map(Some)
    }

    fn route_get(
        &self,
        now: Timestamp,
        path: &[&str],
        form: Form,
    ) -> Result<Option<Value>, ApiError> {
        let answer = match path {
            ["customers"] => return self.list_customers(form).map(Some),
            ["checkout", "sessions"] => return self.list_sessions(form).map(Some),
            ["payment_intents"] => return self.list_intents(now, form).map(Some),
            ["payment_methods"] => return self.list_payment_methods(form).map(Some),
            ["refunds"] => return self.list_refunds(form).map(Some),
            ["disputes"] => return self.list_disputes(form).map(Some),
            ["balance_transactions"] => return self.list_balance(form).map(Some),
            ["balance_transactions", id] => return self.get_balance(id, form).map(Some),
            ["events"] => return self.list_events(form).map(Some),
            ["customers", id] => self.get_customer(id),
            ["checkout", "sessions", id] => self.get_session(id),
            ["payment_intents", id] => self.get_intent(id),
            ["setup_intents", id] => self.get_setup_intent(id),
            ["payment_methods", id] => self.get_payment_method(id),
            ["charges", id] => self.get_charge(id),
            ["refunds", id] => self.get_refund(id),
            ["disputes", id] => self.get_dispute(id),
            ["events", id] => self.get_event(id),
            _ => return Ok(None),
        };
        form.finish()?;
        answer.map(Some)
    }
}

/// The path from `/v1/` on, wherever the API is mounted.
fn api_path(path: &str) -> &str {
    path.find("/v1/")
        .and_then(|start| path.get(start..))
        .unwrap_or(path)
}

/// The parameters: of the body for POST, else of the query.
fn parameters(request: &Request<Bytes>) -> Result<Form, ApiError> {
    if request.method() != Method::POST {
        return Form::parse(request.uri().query().unwrap_or_default());
    }
    let body = std::str::from_utf8(request.body());
    Form::parse(body.map_err(|_| ApiError::invalid("", "The body is not valid UTF-8."))?)
}

/// The key of a POST; other methods need none and theirs is ignored.
fn keyed(request: &Request<Bytes>, path: &str, form: &Form) -> Result<Option<Keyed>, ApiError> {
    let header = request.headers().get("idempotency-key");
    let Some(header) = header.filter(|_| request.method() == Method::POST) else {
        return Ok(None);
    };
    let key = header
        .to_str()
        .ok()
        .filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    let key = key.ok_or_else(|| {
        ApiError::invalid(
            "",
            "The idempotency key must have 1 to 255 printable characters.",
        )
    })?;
    Ok(Some(Keyed {
        key: key.to_owned(),
        endpoint: path.to_owned(),
        fingerprint: form.fingerprint(),
    }))
}

/// The secret key: a bearer token, or the user name of basic authentication.
fn api_key(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, value) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
        return decoded.split(':').next().map(str::to_owned);
    }
    None
}
