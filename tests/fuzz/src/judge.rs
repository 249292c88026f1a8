//! What is asked of the answer to any event, whatever was in it.

use crate::world::World;
use bytes::Bytes;
use http::Response;
use local::{Effect, Outcome, Service};
use platform::http::problem::Code;
use platform::secrets::Secret;
use serde_json::Value;

/// Partitions whose items say nothing of the shop: counters of tries.
const COUNTERS: &str = "RATE#";

/// What no log line may hold.
const TOKENS: [&str; 6] = ["access", "eve", "refresh", "cookie", "mailed", "cart"];

/// An answer that was judged.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) json: Value,
}

impl Answer {
    /// The code of a refusal.
    pub(crate) fn code(&self) -> &str {
        self.json
            .get("code")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// Runs an operation on an event and judges what comes of it: there is an
/// HTTP answer, none says that the fault is ours, it has the headers of the
/// edge, a refusal is a problem document with a code of the closed set, who
/// was refused has written nothing and had no mail sent, and neither a secret
/// nor, in the log, a token is told.
pub(crate) fn answer(world: &World, operation: &str, event: Value) -> Answer {
    let mails = world.cloud.mails(None).len();
    world.cloud.take_trace();
    let sent = event.to_string();
    let response = world.block_on(world.cloud.invoke(operation, event));
    let response = match response {
        Ok(response) => response,
        Err(error) => panic!("{operation}: {error}\n{sent}"),
    };
    let log = world.cloud.take_log();
    let (status, bytes) = (response.status().as_u16(), response.body().clone());
    let told = || format!("{operation}: {status} {bytes:?}\n{log:?}\n{sent}");
    assert!((200..500).contains(&status), "{}", told());
    assert!(
        headers_of_the_edge(&response),
        "{:?}\n{}",
        response.headers(),
        told()
    );
    let body = String::from_utf8_lossy(&bytes);
    for secret in Secret::ALL.map(|secret| world.cloud.secret(secret)) {
        assert!(!body.contains(&secret), "{}", told());
        assert!(!log.iter().any(|line| line.contains(&secret)), "{}", told());
    }
    for token in TOKENS.map(|name| world.get(name)) {
        assert!(!log.iter().any(|line| line.contains(token)), "{}", told());
    }
    let json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let trace = world.cloud.take_trace();
    if status >= 400 {
        assert!(is_problem(&response, &json), "{}", told());
        let wrote: Vec<&Effect> = trace.iter().filter(|effect| wrote(effect)).collect();
        assert!(wrote.is_empty(), "{wrote:?}\n{}", told());
        assert_eq!(world.cloud.mails(None).len(), mails, "{}", told());
    }
    Answer { status, json }
}

/// True when it changed the table. A write whose condition did not hold
/// changed nothing.
fn wrote(effect: &Effect) -> bool {
    effect.service == Service::Table
        && effect.writes()
        && effect.outcome == Outcome::Answered(200)
        && !effect
            .items
            .iter()
            .all(|item| item.pk.starts_with(COUNTERS))
}

fn headers_of_the_edge(response: &Response<Bytes>) -> bool {
    let has = |name: &str| response.headers().contains_key(name);
    [
        "vary",
        "x-content-type-options",
        "strict-transport-security",
        "content-security-policy",
        "cache-control",
        "content-language",
        "x-request-id",
    ]
    .into_iter()
    .all(has)
}

fn is_problem(response: &Response<Bytes>, json: &Value) -> bool {
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type");
    let known = |code: &&Code| Some(code.name()) == text("code") && code.status() == status;
    let errors = json.get("errors").and_then(Value::as_array);
    let short = |error: &Value| {
        let path = error.get("path").and_then(Value::as_str);
        path.is_some_and(|path| path.chars().count() <= 200)
    };
    content_type.is_some_and(|value| value == "application/problem+json; charset=utf-8")
        && Code::ALL.iter().any(|code| known(&code))
        && json.get("status") == Some(&Value::from(status))
        && json.get("success") == Some(&Value::Bool(false))
        && text("type").is_some_and(|kind| kind.starts_with("/problems/"))
        && response
            .headers()
            .get("x-request-id")
            .map(http::HeaderValue::as_bytes)
            == text("requestId").map(str::as_bytes)
        && errors.is_none_or(|errors| !errors.is_empty() && errors.iter().all(short))
        && response.body().len() <= LONGEST_PROBLEM
}

/// No refusal is longer than this, so that nobody is answered with many times
/// what was asked.
const LONGEST_PROBLEM: usize = 64 * 1024;
