//! From an HTTP request to the event a function gets, and from its answer
//! back, as API Gateway does it with payload format 2.0.

use crate::router::Match;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Where a request came from, put into its extensions by the server.
#[derive(Debug, Clone, Copy)]
pub struct SourceIp(pub IpAddr);

/// The event of a request.
pub(crate) fn build(
    request: &Request<Bytes>,
    found: &Match<'_>,
    request_id: &str,
    now: Timestamp,
) -> Value {
    let path = percent_decode_str(request.uri().path())
        .decode_utf8_lossy()
        .into_owned();
    let query = request.uri().query().unwrap_or_default();
    let source = request
        .extensions()
        .get::<SourceIp>()
        .map_or_else(|| "127.0.0.1".to_owned(), |source| source.0.to_string());
    let (body, encoded) = body_of(request);
    let mut event = json!({
        "version": "2.0",
        "routeKey": found.route.key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers_of(request, &source),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": request.method().as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source,
                "userAgent": text_of(request.headers().get(USER_AGENT)),
            },
            "requestId": request_id,
            "routeKey": found.route.key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": encoded,
    });
    if let Some(members) = event.as_object_mut() {
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        let cookies = cookies_of(request.headers());
        if !cookies.is_empty() {
            put("cookies", json!(cookies));
        }
        let parameters = query_parameters(query);
        if !parameters.is_empty() {
            put("queryStringParameters", json!(parameters));
        }
        if !found.parameters.is_empty() {
            put("pathParameters", json!(found.parameters));
        }
        if let Some(body) = body {
            put("body", Value::String(body));
        }
    }
    event
}

fn text_of(value: Option<&HeaderValue>) -> String {
    value
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

/// Headers by lower-case name, repeated ones joined by commas, with those the
/// gateway adds.
fn headers_of(request: &Request<Bytes>, source: &str) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for name in request.headers().keys().filter(|name| *name != COOKIE) {
        let values: Vec<String> = request
            .headers()
            .get_all(name)
            .iter()
            .map(|value| text_of(Some(value)))
            .collect();
        headers.insert(name.as_str().to_owned(), values.join(","));
    }
    headers.insert("x-forwarded-for".to_owned(), source.to_owned());
    headers.insert("x-forwarded-port".to_owned(), "443".to_owned());
    headers.insert("x-forwarded-proto".to_owned(), "https".to_owned());
    headers
}

fn cookies_of(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| {
            text_of(Some(value))
                .split(';')
                .map(|pair| pair.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|pair| !pair.is_empty())
        .collect()
}

/// Decoded parameters; several of one name are joined by commas.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters
            .entry(decoded(name))
            .and_modify(|all| {
                all.push(',');
                all.push_str(&decoded(value));
            })
            .or_insert_with(|| decoded(value));
    }
    parameters
}

/// The body and whether it is in base64: everything is but text and JSON.
fn body_of(request: &Request<Bytes>) -> (Option<String>, bool) {
    if request.body().is_empty() {
        return (None, false);
    }
    let content_type = text_of(request.headers().get(CONTENT_TYPE)).to_ascii_lowercase();
    let media = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = media.starts_with("text/")
        || matches!(
            media,
            "application/json" | "application/javascript" | "application/xml"
        )
        || media.ends_with("+json")
        || media.ends_with("+xml");
    match std::str::from_utf8(request.body()) {
        Ok(text) if is_text => (Some(text.to_owned()), false),
        Ok(_) | Err(_) => (Some(STANDARD.encode(request.body())), true),
    }
}

/// The response a function's answer stands for; none when it is malformed.
pub(crate) fn respond(answer: &Value) -> Option<Response<Bytes>> {
    let status = u16::try_from(answer.get("statusCode")?.as_u64()?).ok()?;
    let body = answer
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let body = if answer
        .get("isBase64Encoded")
        .and_then(Value::as_bool)
        .unwrap_or(false)
    {
        Bytes::from(STANDARD.decode(body).ok()?)
    } else {
        Bytes::from(body.to_owned())
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let none = Map::new();
    for (name, value) in answer
        .get("headers")
        .and_then(Value::as_object)
        .unwrap_or(&none)
    {
        let name = HeaderName::try_from(name.as_str()).ok()?;
        response
            .headers_mut()
            .insert(name, HeaderValue::try_from(value.as_str()?).ok()?);
    }
    for cookie in answer
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        response
            .headers_mut()
            .append(SET_COOKIE, HeaderValue::try_from(cookie.as_str()?).ok()?);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::{build, respond};
    use crate::router::{Route, find};
    use bytes::Bytes;
    use http::Request;
    use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
    use serde_json::{Value, json};

    fn event(request: &Request<Bytes>) -> Value {
        let routes = [
            Route::new(
                Some("POST"),
                Some("/v1/orders/{id}/cancellation"),
                "cancel_order",
            ),
            Route::new(None, None, "no_route"),
        ];
        let found = find(&routes, request.method().as_str(), request.uri().path()).unwrap();
        build(
            request,
            &found,
            "req-1",
            "2026-01-31T09:00:00Z".parse().unwrap(),
        )
    }

    #[test]
    fn an_event_holds_what_api_gateway_would_put_into_it() {
        let request = Request::post("/v1/orders/ord%20x/cancellation?a=1&a=2&b=%C3%A9+c")
            .header("Content-Type", "application/json; charset=utf-8")
            .header("Cookie", "one=1; two=2")
            .header("X-Odd", "a")
            .header("x-odd", "b")
            .header("User-Agent", "tests")
            .body(Bytes::from_static(b"{\"reason\":\"\xc3\xa9\"}"))
            .unwrap();
        let event = event(&request);
        assert_eq!(event["routeKey"], "POST /v1/orders/{id}/cancellation");
        assert_eq!(event["rawPath"], "/v1/orders/ord x/cancellation");
        assert_eq!(event["rawQueryString"], "a=1&a=2&b=%C3%A9+c");
        assert_eq!(
            event["queryStringParameters"],
            json!({"a": "1,2", "b": "é c"})
        );
        assert_eq!(event["pathParameters"], json!({"id": "ord x"}));
        assert_eq!(event["cookies"], json!(["one=1", "two=2"]));
        assert_eq!(event["headers"]["x-odd"], "a,b");
        assert_eq!(event["headers"].get("cookie"), None);
        assert_eq!(event["body"], "{\"reason\":\"é\"}");
        assert_eq!(event["isBase64Encoded"], false);
        assert_eq!(event["requestContext"]["http"]["userAgent"], "tests");
        assert_eq!(event["requestContext"]["timeEpoch"], 1_769_850_000_000_u64);
        serde_json::from_value::<ApiGatewayV2httpRequest>(event).unwrap();
    }

    #[test]
    fn a_body_that_is_no_text_travels_in_base64() {
        for (content_type, body) in [
            ("application/octet-stream", &b"abc"[..]),
            ("application/json", &b"\xff\xfe"[..]),
            ("", &b"abc"[..]),
        ] {
            let request = Request::post("/x")
                .header("content-type", content_type)
                .body(Bytes::copy_from_slice(body))
                .unwrap();
            assert_eq!(event(&request)["isBase64Encoded"], true, "{content_type}");
        }
    }

    #[test]
    fn a_request_without_a_body_has_none_in_its_event() {
        let event = event(&Request::get("/nowhere").body(Bytes::new()).unwrap());
        assert_eq!(
            (event.get("body"), &event["isBase64Encoded"]),
            (None, &json!(false))
        );
        assert_eq!(event["routeKey"], "$default");
    }

    #[test]
    fn an_answer_becomes_a_response_with_each_cookie_its_own_header() {
        let answer = json!({
            "statusCode": 201,
            "headers": {"location": "/v1/orders/1"},
            "multiValueHeaders": {},
            "cookies": ["a=1", "b=2"],
            "body": "aGk=",
            "isBase64Encoded": true,
        });
        let response = respond(&answer).unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.body()[..]),
            (201, &b"hi"[..])
        );
        assert_eq!(response.headers()["location"], "/v1/orders/1");
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    }

    #[test]
    fn an_answer_without_a_status_is_malformed() {
        assert!(respond(&json!({"body": "x"})).is_none());
    }
}
