//! Which function a request goes to, as the HTTP API decides it.

use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// As in the event: `GET /v1/orders/{id}`, or `$default`.
    pub(crate) key: String,
    /// Operation id of the function behind it.
    pub(crate) function: String,
    target: Target,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Default,
    Path {
        method: String,
        segments: Vec<Segment>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    // The order is the precedence: what is spelled out comes first.
    Literal(String),
    Variable(String),
}

/// A route with what its variables stand for, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Match<'a> {
    pub(crate) route: &'a Route,
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Route {
    /// A route as a template states it; without method and path it is the
    /// default one.
    pub(crate) fn new(method: Option<&str>, path: Option<&str>, function: &str) -> Self {
        let (Some(method), Some(path)) = (method, path) else {
            return Self {
                key: "$default".to_owned(),
                function: function.to_owned(),
                target: Target::Default,
            };
        };
        let segments = path
            .split('/')
            .skip(1)
            .map(|segment| {
                match segment
                    .strip_prefix('{')
                    .and_then(|rest| rest.strip_suffix('}'))
                {
                    Some(name) => Segment::Variable(name.to_owned()),
                    None => Segment::Literal(segment.to_owned()),
                }
            })
            .collect();
        let method = method.to_ascii_uppercase();
        Self {
            key: format!("{method} {path}"),
            function: function.to_owned(),
            target: Target::Path { method, segments },
        }
    }

    /// What the variables stand for, if the request is for this route.
    fn parameters(&self, method: &str, path: &[&str]) -> Option<BTreeMap<String, String>> {
        let Target::Path {
            method: wanted,
            segments,
        } = &self.target
        else {
            return None;
        };
        if (wanted != method && wanted != "ANY") || segments.len() != path.len() {
            return None;
        }
        let mut parameters = BTreeMap::new();
        for (segment, text) in segments.iter().zip(path) {
            let decoded = percent_decode_str(text).decode_utf8_lossy();
            match segment {
                Segment::Literal(literal) if *literal == decoded => {}
                Segment::Literal(_) => return None,
                // A variable is a whole segment and never an empty one.
                Segment::Variable(_) if decoded.is_empty() => return None,
                Segment::Variable(name) => {
                    parameters.insert(name.clone(), decoded.into_owned());
                }
            }
        }
        Some(parameters)
    }

    fn shape(&self) -> Vec<bool> {
        match &self.target {
            Target::Default => Vec::new(),
            Target::Path { segments, .. } => segments
                .iter()
                .map(|segment| matches!(segment, Segment::Variable(_)))
                .collect(),
        }
    }
}

/// The route of a request: the one that spells most of the path out, else the
/// default one. The path is as it was sent, undecoded.
pub(crate) fn find<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<Match<'a>> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    routes
        .iter()
        .filter_map(|route| {
            Some(Match {
                parameters: route.parameters(method, &segments)?,
                route,
            })
        })
        .min_by_key(|found| found.route.shape())
        .or_else(|| {
            let route = routes
                .iter()
                .find(|route| route.target == Target::Default)?;
            Some(Match {
                route,
                parameters: BTreeMap::new(),
            })
        })
}

#[cfg(test)]
mod tests {
    use super::{Route, find};

    fn routes() -> Vec<Route> {
        vec![
            Route::new(None, None, "no_route"),
            Route::new(Some("GET"), Some("/v1/orders/{id}"), "get_order"),
            Route::new(Some("GET"), Some("/v1/orders/quote"), "quote_order"),
            Route::new(
                Some("POST"),
                Some("/v1/orders/{id}/cancellation"),
                "cancel_order",
            ),
            Route::new(
                Some("PUT"),
                Some("/v1/cart/items/{planId}"),
                "set_cart_item",
            ),
        ]
    }

    #[track_caller]
    fn leads(method: &str, path: &str, function: &str) {
        let routes = routes();
        let found = find(&routes, method, path).unwrap();
        assert_eq!(found.route.function, function, "{method} {path}");
    }

    #[test]
    fn a_literal_goes_before_a_variable() {
        leads("GET", "/v1/orders/quote", "quote_order");
        leads("GET", "/v1/orders/ord_1", "get_order");
    }

    #[test]
    fn what_matches_nothing_goes_to_the_default_route() {
        for (method, path) in [
            ("POST", "/v1/orders/ord_1"),
            ("HEAD", "/v1/orders/ord_1"),
            ("GET", "/v1/orders/ord_1/"),
            ("GET", "/v1/orders/"),
            ("GET", "/v1/orders/a/b"),
            ("GET", "/"),
            ("GET", ""),
        ] {
            leads(method, path, "no_route");
        }
    }

    #[test]
    fn variables_are_decoded_and_an_encoded_slash_stays_inside_one() {
        let routes = routes();
        let found = find(&routes, "PUT", "/v1/cart/items/pln%2Fa%20b").unwrap();
        assert_eq!(found.route.key, "PUT /v1/cart/items/{planId}");
        assert_eq!(found.parameters["planId"], "pln/a b");
    }

    #[test]
    fn without_a_default_route_nothing_is_found() {
        assert_eq!(find(&routes()[1..], "GET", "/nowhere"), None);
    }
}
