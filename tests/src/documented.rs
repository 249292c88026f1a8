//! Every answer any test gets is one that the API description announces.

use crate::shop::Answer;
use serde_json::Value;
use std::sync::OnceLock;

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(local::openapi::document)
}

/// The description of what answers this request, and its route; none for what
/// no operation serves.
fn described(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |route: &str| {
        let (wanted, given) = (route.split('/'), path.split('/'));
        wanted.clone().count() == given.clone().count()
            && wanted
                .zip(given)
                .all(|(part, found)| part == found || (part.starts_with('{') && !found.is_empty()))
    };
    document()["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(route, item)| fits(route) && item.get(method.to_lowercase()).is_some())
        .min_by_key(|(route, _)| route.matches('{').count())
        .map(|(route, item)| (route.as_str(), &item[method.to_lowercase()]))
}

/// Fails on an answer that the description does not announce.
#[track_caller]
pub fn check(method: &str, path: &str, answer: &Answer) {
    let Some((route, operation)) = described(method, path) else {
        return;
    };
    // What the gateway answers by itself is no business of the operation.
    if answer.headers.get("x-request-id").is_none() {
        return;
    }
    let response = &operation["responses"][answer.status.to_string()];
    assert!(
        response.is_object(),
        "{method} {route} answered {}, which the API description does not announce: {}. \
         Add the code to `codes` in its Spec and run `make openapi`",
        answer.status,
        answer.json
    );
    if let Some(code) = answer.json["code"].as_str() {
        let schema = &response["content"]["application/problem+json"]["schema"];
        let announced = schema["properties"]["code"]["enum"].as_array();
        assert!(
            announced.is_some_and(|codes| codes.iter().any(|announced| announced == code)),
            "{method} {route} refused with {code}, which the API description does not announce: \
             add it to `codes` in its Spec and run `make openapi`",
        );
    }
}
