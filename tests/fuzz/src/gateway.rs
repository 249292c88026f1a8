//! Whole gateway events, through whole functions.

use crate::event::{Written, frame, read};
use crate::judge::answer;
use crate::{template, text, world};
use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use functions::registry::operations;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// True when there is an operation of this name.
fn exists(operation: &str) -> bool {
    operations().iter().any(|entry| entry.spec.id == operation)
}

/// An event as [`crate::event`] writes it, of any operation: it is answered
/// as [`answer`] says.
pub(crate) fn request(data: &[u8]) {
    let filled = template::fill(data);
    let mut written = read(&filled);
    if !exists(&written.operation) {
        return;
    }
    world::with(|world| {
        sign(world, &mut written);
        answer(world, &written.operation, written.event());
    });
}

/// Adds the provider's signature where it is asked for.
fn sign(world: &world::World, written: &mut Written) {
    if written.signed {
        let signature = world
            .cloud
            .simulator()
            .sign(world.cloud.now(), &written.body);
        written.header("stripe-signature", &signature);
    }
}

/// The first line names the operation, the rest is an event as JSON, of
/// whatever shape the runtime can read: it is answered as [`answer`] says.
pub(crate) fn event(data: &[u8]) {
    let filled = template::fill(data);
    let (operation, json) = crate::split(&filled);
    let operation = text(operation);
    let Ok(event) = serde_json::from_slice::<Value>(json) else {
        return;
    };
    // What is no event of an HTTP API the runtime refuses; nobody outside can
    // make the gateway send it.
    let is_event = serde_json::from_value::<ApiGatewayV2httpRequest>(event.clone()).is_ok();
    if is_event && exists(&operation) {
        world::with(|world| answer(world, &operation, event));
    }
}

/// An `Accept` header, before a call without a token: refused as not
/// acceptable (else as unauthenticated) exactly if its most specific range
/// that covers JSON has no weight, or there is none. Judged where the header
/// is written as RFC 9110 has it, without quotes and each range once.
pub(crate) fn accept(data: &[u8]) {
    let header = text(data);
    let mut written = read(b"list_orders");
    written.header("accept", header.trim());
    let event = written.event();
    let sent = event
        .pointer("/headers/accept")
        .and_then(Value::as_str)
        .map(str::to_owned);
    world::with(|world| {
        let answer = answer(world, "list_orders", event);
        let wanted = match sent.as_deref().map(acceptable) {
            Some(Some(false)) => "not_acceptable",
            Some(None) => return assert!([401, 406].contains(&answer.status)),
            Some(Some(true)) | None => "unauthenticated",
        };
        assert_eq!(answer.code(), wanted, "{sent:?}");
    });
}

/// Whether a header admits JSON; none when it is not written as it must be.
fn acceptable(header: &str) -> Option<bool> {
    let mut best: Option<(u8, bool)> = None;
    let mut seen = BTreeSet::new();
    let mut any = false;
    for range in header
        .split(',')
        .map(str::trim)
        .filter(|range| !range.is_empty())
    {
        any = true;
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next()?.to_ascii_lowercase();
        let (kind, subtype) = name.split_once('/')?;
        let token = |text: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+*".contains(c);
            !text.is_empty() && text.chars().all(plain)
        };
        if !token(kind) || !token(subtype) || !seen.insert(name.clone()) {
            return None;
        }
        let mut weighty = true;
        for parameter in parts {
            let (name, value) = parameter.split_once('=')?;
            if !name.eq_ignore_ascii_case("q") {
                // A range of JSON with parameters is one of JSON here.
                if !token(name) || !token(value) {
                    return None;
                }
                continue;
            }
            let (whole, places) = value.split_once('.').unwrap_or((value, ""));
            let digits = places.len() <= 3 && places.bytes().all(|b| b.is_ascii_digit());
            if !digits || !["0", "1"].contains(&whole) {
                return None;
            }
            weighty = whole == "1" || places.bytes().any(|byte| byte != b'0');
        }
        let rank = match name.as_str() {
            "application/json" => 4,
            "application/problem+json" => 3,
            "application/*" => 2,
            "*/*" => 1,
            _ => continue,
        };
        if best.is_none_or(|(known, _)| rank > known) {
            best = Some((rank, weighty));
        }
    }
    Some(!any || best.is_some_and(|(_, weighty)| weighty))
}

/// An idempotency key, before an order without content: a key of 1 to 255
/// printable characters, not all blank, is taken (and the order refused);
/// any other is refused itself.
pub(crate) fn idempotency_key(data: &[u8]) {
    let mut event = frame();
    let key = text(data);
    let Ok(_) = http::HeaderValue::try_from(key.as_ref()) else {
        return;
    };
    world::with(|world| {
        let bearer = format!("Bearer {}", world.get("access"));
        if let Some(headers) = event.get_mut("headers") {
            *headers = json!({
                "authorization": bearer,
                "content-type": "application/json",
                "idempotency-key": key,
            });
        }
        if let Some(members) = event.as_object_mut() {
            members.insert("body".to_owned(), json!("{}"));
        }
        let answer = answer(world, "create_order", event);
        let taken = (1..=255).contains(&key.len())
            && key.chars().all(|c| (' '..='~').contains(&c))
            && key.chars().any(|c| c != ' ');
        let wanted = if taken {
            "validation_failed"
        } else {
            "idempotency_key_invalid"
        };
        assert_eq!(answer.code(), wanted, "{key:?}");
    });
}

/// A body, before a call without a token: refused as unreadable exactly if it
/// is not one JSON document that names no member twice; with 422 if that is
/// no object.
pub(crate) fn json_body(data: &[u8]) {
    let mut written = read(b"create_order");
    written.header("content-type", "application/json");
    let body = text(data);
    // Names by which serde_json's own types go, which `Value` here would take
    // for such a type.
    if body.contains("$serde_json") {
        return;
    }
    written.body = body.as_bytes().to_vec();
    let wanted = if body.len() > 64 * 1024 {
        "body_too_large"
    } else {
        match serde_json::from_str::<Value>(&body) {
            Err(_) => "malformed_body",
            Ok(_) if names_twice(&body) => "malformed_body",
            Ok(Value::Object(_)) => "unauthenticated",
            Ok(_) => "validation_failed",
        }
    };
    world::with(|world| {
        let answer = answer(world, "create_order", written.event());
        assert_eq!(answer.code(), wanted, "{body:?}");
    });
}

/// True when some object of a JSON document has two members of one name: the
/// document, written again, has fewer member names than it had.
fn names_twice(json: &str) -> bool {
    let names = |json: &str| {
        let (mut in_text, mut escaped, mut colons) = (false, false, 0_usize);
        for c in json.chars() {
            match c {
                _ if escaped => escaped = false,
                '\\' if in_text => escaped = true,
                '"' => in_text = !in_text,
                ':' if !in_text => colons += 1,
                _ => {}
            }
        }
        colons
    };
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    names(&value.to_string()) < names(json)
}

/// A raw query, before a call without a token: refused as malformed exactly
/// if it has characters no query may have, an escape that is none, bytes that
/// are no UTF-8, or a name twice.
pub(crate) fn query(data: &[u8]) {
    let raw = text(data);
    let mut event = frame();
    if let Some(query) = event.get_mut("rawQueryString") {
        *query = json!(raw);
    }
    let wanted = if is_query(&raw) {
        "unauthenticated"
    } else {
        "malformed_query"
    };
    world::with(|world| {
        let answer = answer(world, "list_orders", event);
        assert_eq!(answer.code(), wanted, "{raw:?}");
    });
}

/// True when every character may stand in a query (RFC 3986, 3.4, and the
/// brackets that browsers leave as they are) and every name comes once.
fn is_query(raw: &str) -> bool {
    let may = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?%[]".contains(c);
    let pairs = raw.split('&').filter(|pair| !pair.is_empty());
    let mut names = BTreeSet::new();
    raw.chars().all(may)
        && pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .all(|(name, value)| {
                let name = unescaped(name);
                unescaped(value).is_some() && name.is_some_and(|name| names.insert(name))
            })
}

/// A part of a query in plain text.
fn unescaped(part: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// A `Host` header: where it is taken, it is one by RFC 3986 as well, without
/// user and with a port there is; where not, the header is refused. No answer
/// repeats it.
pub(crate) fn host(data: &[u8]) {
    let host = text(data);
    let mut written = read(b"health");
    written.header("host", host.trim());
    let event = written.event();
    let Some(sent) = event.pointer("/headers/host").and_then(Value::as_str) else {
        return;
    };
    let sent = sent.to_owned();
    world::with(|world| {
        let answer = answer(world, "health", event);
        if answer.status == 200 {
            let authority: http::uri::Authority = sent.parse().expect("an authority");
            assert!(!sent.contains(['@', '%', '/', ' ']), "{sent:?}");
            let port = sent
                .rsplit_once(':')
                .filter(|(_, port)| !port.ends_with(']'));
            assert_eq!(port.is_some(), authority.port_u16().is_some(), "{sent:?}");
        } else {
            assert_eq!(answer.code(), "malformed_header", "{sent:?}");
        }
        assert!(
            sent.len() < 12 || !answer.json.to_string().contains(&sent),
            "{sent:?}"
        );
    });
}
