//! What is mended in a gateway event before lambda_http converts it.
//!
//! The conversion panics on a few inputs a client can cause (a raw space in
//! the query, a malformed `Host`, a body that is not the base64 it claims to
//! be), and takes the request's address from headers a client writes. So the
//! event is made harmless first, and what was wrong is noted in a header of
//! our own, which a client cannot forge because it is always removed.

use base64::Engine as _;
use http::{HeaderMap, HeaderValue, header};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use std::net::Ipv6Addr;

/// Carries what was wrong from here to the edge.
pub(super) const NOTE: &str = "x-cyna-edge-note";

/// What was wrong with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    /// The body is not the base64 it claims to be.
    Body,
    /// The query holds characters no query may hold.
    Query,
    /// `Host` is none, or `Authorization` was sent twice.
    Header,
}

impl Note {
    const ALL: [Self; 3] = [Self::Body, Self::Query, Self::Header];

    fn text(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Query => "query",
            Self::Header => "header",
        }
    }

    /// Reads the note of an event that went through [`mend`].
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(NOTE)?.to_str().ok()?;
        Self::ALL.into_iter().find(|note| note.text() == text)
    }
}

/// Makes an event harmless.
pub fn mend(event: &mut ApiGatewayV2httpRequest) {
    let mut note = None;
    let headers = &mut event.headers;
    headers.remove(NOTE);
    for name in [
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-for",
    ] {
        headers.remove(name);
    }
    // The conversion builds an address from it; nothing here reads that.
    let host = headers.insert(header::HOST, HeaderValue::from_static("api"));
    if host.is_some_and(|host| !host.to_str().is_ok_and(is_host)) {
        note = Some(Note::Header);
    }
    // A gateway joins repeated headers with a comma; a token holds none.
    let doubled = headers.get_all(header::AUTHORIZATION).iter().count() > 1
        || headers
            .get(header::AUTHORIZATION)
            .is_some_and(|value| value.as_bytes().contains(&b','));
    if doubled {
        note = Some(Note::Header);
    }
    let query = event.raw_query_string.get_or_insert_default();
    let readable = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte);
    if !query.bytes().all(readable) || !escapes_are_whole(query) {
        query.clear();
        note = Some(Note::Query);
    }
    // The route and its parameters come from the gateway; the raw path would
    // be decoded a second time.
    event.raw_path = Some("/".to_owned());
    event.request_context.stage = Some("$default".to_owned());
    if event.is_base64_encoded {
        let body = event.body.as_deref().unwrap_or_default();
        if base64::engine::general_purpose::STANDARD
            .decode(body)
            .is_err()
        {
            event.body = None;
            event.is_base64_encoded = false;
            note = Some(Note::Body);
        }
    }
    if let Some(note) = note {
        event
            .headers
            .insert(NOTE, HeaderValue::from_static(note.text()));
    }
}

/// True for a name or an address, with or without a port.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        Some(_) | None => (text, None),
    };
    let literal = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let known = match literal {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(named),
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    known && port.is_none_or(|port| digits(port) && port.parse::<u16>().is_ok())
}

/// True when every `%` begins an escape of two hexadecimal digits.
fn escapes_are_whole(query: &str) -> bool {
    query.split('%').skip(1).all(|rest| {
        let mut digits = rest.bytes();
        digits.next().is_some_and(|byte| byte.is_ascii_hexdigit())
            && digits.next().is_some_and(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for host in [
            "a",
            "api.example.com",
            "127.0.0.1:3000",
            "[::1]",
            "[::1]:443",
            "a_b.c.",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "", ":80", "a:", "a:99999", "a:+80", "a:b", "a:1:2", "[::1", "::1", "[::1]x", "[x]:1",
            "a b", "u@a", "a/b",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }
}
