//! Events as API Gateway hands them to a function: HTTP API, payload format
//! 2.0, written down from its documentation rather than built by the local
//! gateway, so that the two can disagree.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use serde_json::{Value, json};

/// An event being put together.
#[derive(Debug, Clone)]
pub struct Event(Value);

impl Event {
    /// A request to a path, which the gateway found this route for.
    pub fn new(method: &str, route: &str, path: &str) -> Self {
        Self(json!({
            "version": "2.0",
            "routeKey": format!("{method} {route}"),
            "rawPath": path,
            "rawQueryString": "",
            "headers": {
                "accept": "application/json",
                "accept-encoding": "gzip, deflate, br",
                "accept-language": "en",
                "content-length": "0",
                "host": "abcdefghij.execute-api.eu-west-3.amazonaws.com",
                "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
                "x-forwarded-for": "203.0.113.7",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https"
            },
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "abcdefghij",
                "domainName": "abcdefghij.execute-api.eu-west-3.amazonaws.com",
                "domainPrefix": "abcdefghij",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.7",
                    "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": format!("{method} {route}"),
                "stage": "$default",
                "time": "21/Nov/2026:09:00:30 +0000",
                "timeEpoch": 1_795_251_630_000_u64
            },
            "isBase64Encoded": false
        }))
    }

    /// With a variable of the path.
    #[must_use]
    pub fn parameter(self, name: &str, value: &str) -> Self {
        self.with("pathParameters", name, json!(value))
    }

    /// With a query, in which nothing needs decoding.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            self = self.with("queryStringParameters", name, json!(value));
        }
        self.put("rawQueryString", json!(query))
    }

    /// With a header; its name in lower case, as the gateway sends it.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with("headers", name, json!(value))
    }

    /// With an access token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        let text = body.to_string();
        self.header("content-type", "application/json")
            .header("content-length", &text.len().to_string())
            .put("body", json!(text))
    }

    /// The event.
    pub fn into_value(self) -> Value {
        self.0
    }

    fn put(mut self, member: &str, value: Value) -> Self {
        if let Some(members) = self.0.as_object_mut() {
            members.insert(member.to_owned(), value);
        }
        self
    }

    fn with(mut self, member: &str, name: &str, value: Value) -> Self {
        let mut inner = self
            .0
            .get_mut(member)
            .map(Value::take)
            .unwrap_or_else(|| json!({}));
        if let Some(members) = inner.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
        self.put(member, inner)
    }
}
