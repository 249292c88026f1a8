//! Requests of the stage, and where they lead.

use crate::shop::{Answer, Shop};
use serde_json::Value;

/// True when a route leads a path somewhere: a part in braces is any.
pub fn fits(route: &str, path: &str) -> bool {
    let parts = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (route, path) = (parts(route), parts(path));
    route.len() == path.len()
        && route
            .iter()
            .zip(&path)
            .all(|(part, given)| part.starts_with('{') || part == given)
}

/// A request.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Method.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// JSON.
    pub body: Option<Value>,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Ask {
    /// A request without a body.
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            headers: Vec::new(),
        }
    }

    /// The same with this body.
    pub fn json(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    /// The same at another place.
    pub fn at(self, path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            ..self
        }
    }

    /// The same without headers of its own.
    pub fn bare(self) -> Self {
        Self {
            headers: Vec::new(),
            ..self
        }
    }

    /// The same with one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same by somebody with this access token.
    pub fn by(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    /// Sends it.
    pub async fn send(&self, shop: &Shop) -> Answer {
        let mut call = shop.call(self.method, &self.path);
        for (name, value) in &self.headers {
            call = call.header(name, value);
        }
        match &self.body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }
}
