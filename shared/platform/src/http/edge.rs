//! One request through one operation.

use super::form::{Form, Read};
use super::incoming::{Incoming, gateway, take_apart};
use super::operation::{Access, Caller as _, Idempotency, Input as _, Media, Operation, Spec};
use super::problem::{Code, Failure, Refusal};
use super::reply::{Answer, Content, Reply};
use super::request::{ClaimKey, Request, sha256_hex};
use crate::app::App;
use crate::identity::access::Claims;
use crate::telemetry::Invocation;
use domain::id::RequestId;
use domain::locale::Locale;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use lambda_http::Body;
use serde_json::Value;
use std::collections::BTreeMap;

/// Headers every answer has. HTML documents bring a policy of their own. The
/// gateway adds CORS headers for some origins, so caches must tell them apart.
const EVERYWHERE: [(&str, &str); 5] = [
    ("vary", "Origin"),
    ("x-content-type-options", "nosniff"),
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    ),
    ("referrer-policy", "no-referrer"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

/// Runs an operation on a request. It always answers: what goes wrong becomes
/// a problem, and one line in the log.
pub async fn handle<O: Operation>(app: &App, request: lambda_http::Request) -> Response<Body> {
    let now = app.now();
    let id: RequestId = app
        .new_id()
        .unwrap_or_else(|_| domain::id::Id::from_bits(0));
    let locale = request
        .headers()
        .get(http::header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map_or(Locale::Fr, Locale::negotiate);
    app.serves(O::SPEC.id);
    let mut invocation = Invocation::begin(&O::SPEC, id, now);
    let response = match serve::<O>(app, request, id, locale, &mut invocation).await {
        Ok(reply) => succeed(&O::SPEC, reply, id, locale),
        Err(failure) => Err(failure),
    };
    let response = response.unwrap_or_else(|failure| fail(failure, id, locale, &mut invocation));
    invocation.note(app.take_notes());
    invocation.end(app.log(), app.now(), response.status().as_u16());
    response
}

async fn serve<O: Operation>(
    app: &App,
    request: lambda_http::Request,
    id: RequestId,
    locale: Locale,
    invocation: &mut Invocation,
) -> Result<Reply<O::Output>, Failure> {
    let (address, target) = gateway(&request);
    let headers = request.headers().clone();
    let incoming = take_apart(&O::SPEC, request)?;
    let claims = authenticate::<O>(app, &headers).await?;
    if let Some(claims) = &claims {
        invocation.called_by(claims.user, claims.account);
    }
    let guest = headers
        .get("x-cart-token")
        // One that is no text is no token: it is refused as such.
        .map(|value| value.to_str().unwrap_or_default().to_owned());
    let caller = O::Caller::admit(claims, guest)?;
    let claim = claim_key(&O::SPEC, &headers, &incoming)?;
    let query = bound_query(&incoming.query);
    let Incoming {
        path,
        query: parameters,
        body,
        json,
    } = incoming;
    let input = read_input::<O>(path, parameters, json)?;
    let request = Request {
        caller,
        now: app.now(),
        locale,
        id,
        claim,
        address,
        headers,
        body,
        target,
        query,
    };
    O::run(app, request, input).await.map_err(Into::into)
}

fn read_input<O: Operation>(
    path: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    json: Option<Value>,
) -> Result<O::Input, Failure> {
    let mut form = Form::new(path, query, json);
    let read: Read<O::Input> = O::Input::read(&mut form);
    if form.is_unknown_path() {
        return Err(Code::NotFound.into());
    }
    // The default route and webhooks are called with whatever query there is.
    if form.has_unknown_query() && O::SPEC.media == Media::Json && O::SPEC.path != "$default" {
        return Err(Code::MalformedQuery.into());
    }
    match read {
        Ok(input) => Ok(input),
        Err(_) => Err(Failure::fields(form.into_errors())),
    }
}

/// Reads the access token where the operation cares for one. A guest who sends
/// a bad one is refused; a public operation does not look at it.
async fn authenticate<O: Operation>(
    app: &App,
    headers: &HeaderMap,
) -> Result<Option<Claims>, Failure> {
    let sent = match O::Caller::ACCESS {
        Access::Public => None,
        Access::User | Access::UserOrGuest | Access::Staff | Access::Finance | Access::Admin => {
            headers.get(http::header::AUTHORIZATION)
        }
    };
    let Some(sent) = sent else {
        return Ok(None);
    };
    let token = sent
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(Code::Unauthenticated)?;
    app.verify_access_token(token).await.map(Some)
}

fn claim_key(
    spec: &Spec,
    headers: &HeaderMap,
    incoming: &Incoming,
) -> Result<Option<ClaimKey>, Code> {
    let required = match spec.idempotency {
        Idempotency::None => return Ok(None),
        Idempotency::Honoured => false,
        Idempotency::Required => true,
    };
    let mut sent = headers.get_all("idempotency-key").iter();
    let key = match (sent.next(), sent.next()) {
        (None, _) if required => return Err(Code::IdempotencyKeyRequired),
        (None, _) => return Ok(None),
        (Some(key), None) => key.as_bytes(),
        (Some(_), Some(_)) => return Err(Code::IdempotencyKeyInvalid),
    };
    let printable = key
        .iter()
        .all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    if key.trim_ascii().is_empty() || key.len() > 255 || !printable {
        return Err(Code::IdempotencyKeyInvalid);
    }
    // serde_json keeps members sorted, so equal bodies have equal texts.
    let body = incoming
        .json
        .as_ref()
        .map(Value::to_string)
        .unwrap_or_default();
    let path = format!("{:?}", incoming.path);
    Ok(Some(ClaimKey {
        key_hash: sha256_hex(&[key]),
        fingerprint: sha256_hex(&[path.as_bytes(), body.as_bytes()]),
    }))
}

/// The query a cursor is bound to: everything but `limit` and `cursor`.
fn bound_query(query: &BTreeMap<String, String>) -> String {
    let bound: BTreeMap<_, _> = query
        .iter()
        .filter(|(name, _)| *name != "limit" && *name != "cursor")
        .collect();
    format!("{bound:?}")
}

fn succeed<T: serde::Serialize>(
    spec: &Spec,
    reply: Reply<T>,
    id: RequestId,
    locale: Locale,
) -> Result<Response<Body>, Failure> {
    let (body, content_type) = match &reply.content {
        Content::Document { content_type, body } => {
            let text = String::from_utf8(body.clone());
            (
                Some(text.map_or_else(|binary| Body::Binary(binary.into_bytes()), Body::Text)),
                Some(*content_type),
            )
        }
        Content::Data(_) | Content::Answer(_) | Content::Nothing => (None, None),
    };
    let answer = reply
        .render(spec.success, &id.to_string())
        .map_err(|error| Failure::fault(&error))?;
    let body = body.unwrap_or_else(|| {
        if answer.body.is_empty() {
            Body::Empty
        } else {
            Body::Text(answer.body.clone())
        }
    });
    let mut response = build(&answer, body);
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static(content_type),
        );
    }
    headers.insert(
        http::header::CONTENT_LANGUAGE,
        HeaderValue::from_static(locale.as_str()),
    );
    Ok(response)
}

fn build(answer: &Answer, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(answer.status)
        .unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in EVERYWHERE {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers.insert(
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    );
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            if name == http::header::SET_COOKIE {
                headers.append(name, value);
            } else {
                headers.insert(name, value);
            }
        }
    }
    response
}

fn fail(
    failure: Failure,
    id: RequestId,
    locale: Locale,
    invocation: &mut Invocation,
) -> Response<Body> {
    let refusal = match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Unavailable { retry_after, cause } => {
            invocation.failed(cause);
            Refusal {
                retry_after: Some(retry_after),
                ..Code::Unavailable.into()
            }
        }
        Failure::Fault(cause) => {
            invocation.failed(cause);
            Code::Internal.into()
        }
    };
    invocation.refused(refusal.code);
    let mut headers = vec![
        (
            "content-type".to_owned(),
            "application/problem+json; charset=utf-8".to_owned(),
        ),
        ("content-language".to_owned(), locale.as_str().to_owned()),
        ("x-request-id".to_owned(), id.to_string()),
    ];
    headers.extend(
        refusal
            .retry_after
            .map(|seconds| ("retry-after".to_owned(), seconds.to_string())),
    );
    headers.extend(
        refusal
            .allow
            .clone()
            .map(|methods| ("allow".to_owned(), methods)),
    );
    if refusal.code.status() == 401 {
        // RFC 9110, section 11.6.1.
        headers.push(("www-authenticate".to_owned(), "Bearer".to_owned()));
    }
    let body = refusal.body(&id.to_string(), locale).to_string();
    let answer = Answer {
        status: refusal.code.status(),
        headers,
        body: String::new(),
    };
    build(&answer, Body::Text(body))
}
