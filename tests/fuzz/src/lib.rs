//! What meets strangers, fuzzed.
//!
//! A target is a function over bytes. It feeds them to a parser, a check of a
//! signature or a whole function, and judges what comes of it by an oracle of
//! its own, which is stated at each. What it finds it tells by panicking, as a
//! fuzzer wants it.
//!
//! Two things run the targets: `tests/every.rs`, in each `make test`, with the
//! committed corpus and some thousands of random changes of it; and libFuzzer,
//! guided by coverage, for as long as one likes (`tools/fuzz.sh`).
//!
//! Inputs are texts where that is possible. What only a running shop makes
//! (tokens, ids, cursors) is written as a placeholder, `{access}`, or
//! `{access 0 20}` for its bytes 0 to 20; see [`template`].

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a target tells what it found by panicking"
)]

mod access;
mod amounts;
mod codes;
mod cursors;
mod dates;
mod door;
mod event;
mod gateway;
mod headers;
mod judge;
pub mod nodes;
mod provider;
mod sealed;
mod signature;
pub mod template;
mod texts;
mod webhook;
mod world;

/// One target.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Feeds it bytes. It panics when its oracle objects.
    pub run: fn(&[u8]),
    /// An input with its placeholders filled in. Running that is the same.
    pub fill: fn(&[u8]) -> Vec<u8>,
    /// How many random changes of its corpus an ordinary test run tries.
    pub changes: u32,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target("ids", texts::ids, 2_000),
    target("email", texts::email, 2_000),
    target("line", texts::line, 2_000),
    target("fields", texts::fields, 2_000),
    target("codes", codes::codes, 2_000),
    target("decimal", amounts::decimal, 2_000),
    target("money", amounts::money, 2_000),
    target("dates", dates::dates, 1_000),
    target("language", headers::language, 2_000),
    target("if_match", headers::if_match, 2_000),
    target("cookie", headers::cookie, 2_000),
    target("signature", signature::signature, 2_000).filled_by(signature::fill),
    target("provider_objects", provider::objects, 2_000),
    target("access_token", access::access_token, 800),
    target("access_claims", access::access_claims, 800),
    target("refresh_token", sealed::refresh_token, 1_000),
    target("cart_token", sealed::cart_token, 2_000),
    target("cursor", cursors::cursor, 1_000).filled_by(cursors::fill),
    target("at_the_door", door::at_the_door, 150),
    target("accept", gateway::accept, 200),
    target("idempotency_key", gateway::idempotency_key, 200),
    target("query", gateway::query, 300),
    target("host", gateway::host, 200),
    target("json_body", gateway::json_body, 300),
    target("request", gateway::request, 250),
    target("event", gateway::event, 200),
    target("webhook", webhook::webhook, 100),
];

const fn target(name: &'static str, run: fn(&[u8]), changes: u32) -> Target {
    Target {
        name,
        run,
        fill: template::fill,
        changes,
    }
}

impl Target {
    /// The same with placeholders of its own.
    const fn filled_by(self, fill: fn(&[u8]) -> Vec<u8>) -> Self {
        Self { fill, ..self }
    }
}

/// The target of this name.
pub fn find(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}

/// The text of an input: what is no UTF-8 in it becomes replacement
/// characters.
fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// The first line of an input, and the rest.
fn split(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    match end.and_then(|end| data.split_at_checked(end)) {
        Some((first, rest)) => (first, rest.strip_prefix(b"\n").unwrap_or(rest)),
        None => (data, b""),
    }
}
