//! What no other operation serves: 404, or 405 with the methods there are.
//! An HTTP API's own 404 has no envelope, and it knows no 405.

use platform::app::App;
use platform::http::operation::{Anybody, AtStart, Media, Operation, Spec};
use platform::http::problem::{Code, Failure, Refusal};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// The gateway's default route.
pub struct NoRoute;

/// Every route there is, as `METHOD /path`.
const ROUTES: &str = include_str!("../../../infra/routes.txt");

impl Operation for NoRoute {
    const SPEC: Spec = Spec::get("no_route", "$default")
        .summary("Answer what no other operation serves.")
        .media(Media::Document)
        .at_start(AtStart::Nothing)
        .codes(&[Code::NotFound, Code::MethodNotAllowed]);
    type Caller = Anybody;
    type Input = ();
    type Output = ();
    type Error = Failure;

    async fn run(_app: &App, request: Request<Anybody>, (): ()) -> Result<Reply<()>, Failure> {
        let (method, path) = request.target.split_once(' ').unwrap_or(("", ""));
        let mut offered: Vec<&str> = ROUTES
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(_, route)| fits(route, path))
            .map(|(method, _)| method)
            .collect();
        if offered.is_empty() {
            return Err(Code::NotFound.into());
        }
        // The gateway answers preflights; one that comes here asks in vain.
        if method == "OPTIONS" {
            return Ok(Reply::document("text/plain; charset=utf-8", Vec::new()));
        }
        offered.sort_unstable();
        Err(Refusal {
            allow: Some(offered.join(", ")),
            ..Code::MethodNotAllowed.into()
        }
        .into())
    }
}

/// True when a path is one of a route's: a variable is one whole segment.
fn fits(route: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(found)) if part == found => {}
            (Some(part), Some(found)) if part.starts_with('{') && !found.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_variable_is_one_whole_segment() {
        assert!(fits("/v1/orders/{id}", "/v1/orders/ord_1"));
        assert!(!fits("/v1/orders/{id}", "/v1/orders/"));
        assert!(!fits("/v1/orders/{id}", "/v1/orders/a/b"));
        assert!(!fits("/v1/orders", "/v1/orders/a"));
    }
}
