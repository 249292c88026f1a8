//! `/_local`: the stack's own endpoints. Never deployed.
//!
//! They take no authentication and answer bare JSON; some are pages for
//! people as well, by `Accept`.

mod app;
mod checkout;
mod clock;
mod control;
mod home;
mod mailbox;
mod payments;
mod register;
mod table;
#[cfg(test)]
mod tests;

use crate::cloud::Cloud;
use bytes::Bytes;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// What a page may load: its style sheet, and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Why an endpoint refuses: status and a sentence.
#[derive(Debug)]
pub(crate) struct Refused(StatusCode, String);

type Answer = Result<Response<Bytes>, Refused>;

impl Cloud {
    /// Answers a request to `/_local`.
    pub(crate) async fn local(&self, request: Request<Bytes>) -> Response<Bytes> {
        let result = self.local_endpoint(&request).await;
        result.unwrap_or_else(|Refused(status, why)| json_with(status, &json!({"error": why})))
    }

    async fn local_endpoint(&self, request: &Request<Bytes>) -> Answer {
        let path: Vec<&str> = request
            .uri()
            .path()
            .split('/')
            .skip(2)
            .filter(|segment| !segment.is_empty())
            .collect();
        let method = request.method();
        let get = method == Method::GET || method == Method::HEAD;
        let post = method == Method::POST;
        match path.as_slice() {
            [] if get => self.home(request),
            ["style.css"] if get => Ok(home::style()),
            ["clock"] if get => Ok(self.clock()),
            ["clock"] if post => self.move_clock(request).await,
            ["mailbox"] if get => self.mailbox_page(request),
            ["stripe", ..] => self.provider_api(request),
            ["vies", "check-vat-number"] if post => self.register_api(request),
            ["checkout", session] if get => self.checkout_page(request, session),
            ["checkout", session] if post => self.checkout_submit(request, session),
            ["payments"] if get => Ok(json(&self.simulator().book())),
            ["vat-numbers"] if get => self.vat_numbers(),
            ["vat-numbers"] if post => self.set_vat_number(request),
            ["cards"] if post => self.set_cards(request),
            ["disputes"] if post => self.open_dispute(request).await,
            ["events", event, "redeliver"] if post => self.redeliver(event).await,
            ["faults"] if get => Ok(json(&self.backends().faults())),
            ["faults"] if post => self.put_faults(request),
            ["digest"] if get => self.digest().await,
            ["items"] if get => self.items(request),
            ["reset"] if post => self.reset_all().await,
            ["app", rest @ ..] if get => self.app_page(request, rest),
            ["app", "verify-email"] if post => self.verify_email(request).await,
            []
            | [
                "style.css" | "clock" | "mailbox" | "payments" | "cards" | "faults" | "digest"
                | "items" | "reset" | "vat-numbers" | "disputes",
            ]
            | ["checkout", _]
            | ["events", _, "redeliver"]
            | ["app", ..] => Err(Refused(
                StatusCode::METHOD_NOT_ALLOWED,
                "this method is not offered here".to_owned(),
            )),
            _ => Err(Refused(
                StatusCode::NOT_FOUND,
                "there is no such endpoint; GET /_local lists them".to_owned(),
            )),
        }
    }
}

impl Refused {
    fn unprocessable(why: impl std::fmt::Display) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, why.to_string())
    }

    fn not_found(why: &str) -> Self {
        Self(StatusCode::NOT_FOUND, why.to_owned())
    }

    fn fault(why: impl std::fmt::Display) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, why.to_string())
    }
}

/// Reads a JSON body: 400 when it is none, 422 when it is another one.
fn read_json<T: DeserializeOwned>(request: &Request<Bytes>) -> Result<T, Refused> {
    serde_json::from_slice(request.body()).map_err(|error| {
        let status = if error.is_data() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::BAD_REQUEST
        };
        Refused(status, error.to_string())
    })
}

fn json(value: &impl Serialize) -> Response<Bytes> {
    json_with(StatusCode::OK, value)
}

fn json_with(status: StatusCode, value: &impl Serialize) -> Response<Bytes> {
    let body = serde_json::to_vec(value).unwrap_or_default();
    respond(status, "application/json; charset=utf-8", body)
}

fn respond(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A page from a template.
fn page(name: &str, context: impl Serialize) -> Answer {
    let html = crate::pages::render(name, context).map_err(Refused::fault)?;
    let mut response = respond(StatusCode::OK, "text/html; charset=utf-8", html);
    response.headers_mut().insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(PAGE_POLICY),
    );
    Ok(response)
}

/// Sends the browser on.
fn see_other(location: &str) -> Answer {
    let location = HeaderValue::try_from(location).map_err(Refused::fault)?;
    let mut response = respond(
        StatusCode::SEE_OTHER,
        "text/plain; charset=utf-8",
        Bytes::new(),
    );
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// True when the caller is a browser that wants a page.
fn wants_page(request: &Request<Bytes>) -> bool {
    accepts(request).contains("text/html")
}

fn accepts(request: &Request<Bytes>) -> &str {
    request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// A parameter of the query.
fn query(request: &Request<Bytes>, name: &str) -> Option<String> {
    field(request.uri().query().unwrap_or_default(), name)
}

/// A field of form-encoded text.
fn field(form: &str, name: &str) -> Option<String> {
    let value = form
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(found, _)| *found == name))?
        .1;
    Some(
        percent_decode_str(&value.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned(),
    )
}

/// A field of a form that was posted.
fn posted(request: &Request<Bytes>, name: &str) -> Option<String> {
    field(&String::from_utf8_lossy(request.body()), name)
}

/// True when a browser posted a form.
fn is_form(request: &Request<Bytes>) -> bool {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    content_type.starts_with("application/x-www-form-urlencoded")
}
