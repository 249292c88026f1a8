//! A request as data, so that a row can be written down, changed and sent.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tests::documented;
use tests::event::Event;
use tests::shop::{Answer, Shop, User};

/// A request that was not sent yet.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Ask {
    /// A request without body.
    pub(super) fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// A `POST` of JSON.
    pub(super) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::new("POST", path).json(body)
    }

    /// With this JSON as its body.
    pub(super) fn json(self, body: &Value) -> Self {
        self.text(body.to_string())
    }

    /// With this text as its body, said to be JSON.
    pub(super) fn text(self, body: impl Into<Bytes>) -> Self {
        self.with("content-type", "application/json").body(body)
    }

    pub(super) fn body(self, body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            ..self
        }
    }

    /// With this header in place of any of the name.
    pub(super) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With one more header.
    pub(super) fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without headers of this name.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(given, _)| given != name);
        self
    }

    /// Called by a user.
    pub(super) fn by(self, user: &User) -> Self {
        self.with("authorization", &format!("Bearer {}", user.token))
    }

    /// With an idempotency key.
    pub(super) fn key(self, key: &str) -> Self {
        self.with("idempotency-key", key)
    }

    /// With the value at a pointer of its JSON body replaced, or put there.
    pub(super) fn put(self, pointer: &str, value: Value) -> Self {
        let mut body: Value = self.parsed();
        let (at, name) = pointer.rsplit_once('/').unwrap();
        match body.pointer_mut(at).unwrap() {
            Value::Object(members) => drop(members.insert(name.to_owned(), value)),
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                panic!("nothing can be put into {at}")
            }
        }
        self.json(&body)
    }

    /// The same, with a piece of text that need not be JSON.
    pub(super) fn splice(self, pointer: &str, text: &str) -> Self {
        const MARK: &str = "\u{1f516}";
        let marked = self.put(pointer, json!(MARK));
        let body = String::from_utf8(marked.body.to_vec()).unwrap();
        marked.text(body.replace(&format!("\"{MARK}\""), text))
    }

    /// With the member at a pointer of its JSON body taken out.
    pub(super) fn cut(self, pointer: &str) -> Self {
        let mut body: Value = self.parsed();
        let (at, name) = pointer.rsplit_once('/').unwrap();
        let members = body.pointer_mut(at).unwrap().as_object_mut().unwrap();
        members.remove(name).unwrap();
        self.json(&body)
    }

    /// Its body as JSON; null when it is none.
    pub(super) fn parsed(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Sends it through the gateway.
    pub(super) async fn send(&self, shop: &Shop) -> Answer {
        let mut builder = Request::builder()
            .method(self.method.as_str())
            .uri(&self.path)
            .header("host", "127.0.0.1:3000")
            .header("accept-language", "en");
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let request = builder.body(self.body.clone()).unwrap();
        let answer = Answer::of(shop.cloud.request(request).await);
        documented::check(&self.method, &self.path, &answer);
        answer
    }

    /// The event a gateway would make of it for the operation at `route`.
    pub(super) fn event(&self, route: &str) -> Value {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let mut event = Event::new(&self.method, route, path);
        for (wanted, given) in route.split('/').zip(path.split('/')) {
            if let Some(name) = wanted.strip_prefix('{') {
                event = event.parameter(name.trim_end_matches('}'), given);
            }
        }
        for (name, value) in &self.headers {
            event = event.header(name, value);
        }
        let mut event = event.into_value();
        event["rawQueryString"] = json!(query);
        if !self.body.is_empty() {
            event["body"] = json!(String::from_utf8(self.body.to_vec()).unwrap());
        }
        event
    }
}
