//! A row: a request, and what must come of it.

use super::ask::Ask;
use local::{Effect, Outcome, Service};
use platform::secrets::Secret;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::shop::{Answer, Shop, text};

/// A request, and what must come of it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    id: &'static str,
    sent: Sent,
    status: u16,
    code: String,
    fields: Option<Vec<(String, Option<String>)>>,
    headers: Vec<(&'static str, String)>,
    reads: usize,
    hashes: u64,
}

/// How a request reaches its operation.
#[derive(Debug, Clone)]
pub(super) enum Sent {
    /// Through the gateway.
    Gateway(Ask),
    /// As the event of a gateway that lets everything through.
    Event {
        /// Operation id.
        operation: String,
        /// The event.
        event: Value,
    },
}

impl Row {
    /// A request that is refused with this status and code, and for which
    /// nothing is read.
    pub(super) fn refused(id: &'static str, ask: Ask, status: u16, code: &str) -> Self {
        Self::of(id, Sent::Gateway(ask), status, code)
    }

    /// The same for a gateway event.
    pub(super) fn event(
        id: &'static str,
        operation: &str,
        event: Value,
        status: u16,
        code: &str,
    ) -> Self {
        let operation = operation.to_owned();
        Self::of(id, Sent::Event { operation, event }, status, code)
    }

    fn of(id: &'static str, sent: Sent, status: u16, code: &str) -> Self {
        Self {
            id,
            sent,
            status,
            code: code.to_owned(),
            fields: None,
            headers: Vec::new(),
            reads: 0,
            hashes: 0,
        }
    }

    /// A request of which these fields are refused: pointer and code.
    pub(super) fn fields(id: &'static str, ask: Ask, fields: &[(&str, &str)]) -> Self {
        let fields = fields
            .iter()
            .map(|(path, code)| ((*path).to_owned(), Some((*code).to_owned())));
        Self {
            fields: Some(fields.collect()),
            ..Self::refused(id, ask, 422, "validation_failed")
        }
    }

    /// A request of which this field is refused, for whatever reason.
    pub(super) fn field(id: &'static str, ask: Ask, pointer: &str) -> Self {
        Self {
            fields: Some(vec![(pointer.to_owned(), None)]),
            ..Self::refused(id, ask, 422, "validation_failed")
        }
    }

    /// The state decides: one round trip may be made to learn it.
    pub(super) fn one_read(self) -> Self {
        Self { reads: 1, ..self }
    }

    /// So many passwords are hashed.
    pub(super) fn hashes(self, hashes: u64) -> Self {
        Self { hashes, ..self }
    }

    /// The answer has this header; with an empty value, whatever it says.
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Sends it, and panics with everything that is not as it must be.
    pub(super) async fn check(&self, shop: &Shop) -> Answer {
        let before = items(shop);
        let (answer, complaints) = self.judge(shop).await;
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
        assert_eq!(items(shop), before, "{}: the table changed", self.id);
        answer
    }

    /// Sends it: the answer, and everything that is not as it must be.
    async fn judge(&self, shop: &Shop) -> (Answer, Vec<String>) {
        let hashes = shop.cloud.hashes();
        shop.cloud.take_trace();
        shop.cloud.take_log();
        let answer = match &self.sent {
            Sent::Gateway(ask) => ask.send(shop).await,
            Sent::Event { operation, event } => invoke(shop, operation, event.clone()).await,
        };
        let mut found = self.answer_complaints(&answer);
        found.extend(cost_complaints(&shop.cloud.take_trace(), self.reads));
        let hashed = shop.cloud.hashes() - hashes;
        if hashed != self.hashes {
            found.push(format!("{hashed} hashes instead of {}", self.hashes));
        }
        let log = shop.cloud.take_log().join("\n");
        found.extend(leaks(shop, &self.sent, &answer, &log));
        let told = found
            .into_iter()
            .map(|what| {
                format!(
                    "{}: {what}\n    {:?}\n    {}",
                    self.id, self.sent, answer.json
                )
            })
            .collect();
        (answer, told)
    }

    fn answer_complaints(&self, answer: &Answer) -> Vec<String> {
        let mut found = Vec::new();
        let json = &answer.json;
        let mut expect = |what: &str, given: Value, wanted: Value| {
            if given != wanted {
                found.push(format!("{what} is {given} instead of {wanted}"));
            }
        };
        expect("status", json!(answer.status), json!(self.status));
        expect(
            "status in the body",
            json["status"].clone(),
            json!(self.status),
        );
        expect("code", json["code"].clone(), json!(self.code));
        expect(
            "type",
            json["type"].clone(),
            json!(format!("/problems/{}", self.code)),
        );
        expect("success", json["success"].clone(), json!(false));
        expect("error", json["error"].clone(), json["detail"].clone());
        expect(
            "requestId",
            json["requestId"].clone(),
            json!(answer.header("x-request-id")),
        );
        for (name, value) in [
            ("content-type", "application/problem+json; charset=utf-8"),
            ("content-language", "en"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ] {
            // Events of this suite's own ask in English too.
            expect(name, json!(answer.header(name)), json!(value));
        }
        for (name, value) in &self.headers {
            let given = answer.header(name);
            if given.is_empty() || (!value.is_empty() && given != value) {
                found.push(format!("{name} is {given:?} instead of {value:?}"));
            }
        }
        found.extend(self.field_complaints(json));
        found
    }

    fn field_complaints(&self, json: &Value) -> Option<String> {
        let none = Vec::new();
        let given: Vec<(&str, &str)> = json["errors"]
            .as_array()
            .unwrap_or(&none)
            .iter()
            .map(|error| {
                (
                    error["path"].as_str().unwrap_or_default(),
                    error["code"].as_str().unwrap_or_default(),
                )
            })
            .collect();
        let wanted = self.fields.as_deref().unwrap_or_default();
        let fits = given.len() == wanted.len()
            && wanted.iter().all(|(path, code)| {
                given.iter().any(|(given_path, given_code)| {
                    given_path == path && code.as_deref().is_none_or(|code| code == *given_code)
                })
            });
        (!fits).then(|| format!("fields are {given:?} instead of {wanted:?}"))
    }
}

/// The rows of a table written as text: one a line, in columns.
pub(super) fn table<const N: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        columns.try_into().unwrap()
    })
}

/// Checks many rows, and panics with everything that is not as it must be.
pub(super) async fn check_all(shop: &Shop, rows: impl IntoIterator<Item = Row>) {
    let mut complaints = Vec::new();
    let mut checked = 0;
    // Which row changed it, the trace tells: nothing reaches the table past it.
    let before = items(shop);
    for row in rows {
        complaints.extend(row.judge(shop).await.1);
        checked += 1;
    }
    if items(shop) != before {
        complaints.push("the table changed".to_owned());
    }
    assert!(checked > 0, "there were no rows");
    assert!(
        complaints.is_empty(),
        "{} complaints about {checked} rows:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

/// Everything in the table but rate counters.
fn items(shop: &Shop) -> BTreeSet<String> {
    let items = serde_json::to_value(shop.cloud.table().all().unwrap()).unwrap();
    let items = items.as_array().unwrap().iter();
    items
        .filter(|item| !text(&item["pk"]["S"]).starts_with("RATE#"))
        .map(Value::to_string)
        .collect()
}

/// Runs an operation on a gateway event.
pub(super) async fn invoke(shop: &Shop, operation: &str, event: Value) -> Answer {
    let response = shop.cloud.invoke(operation, event).await;
    Answer::of(response.unwrap_or_else(|error| panic!("{error}")))
}

/// Partitions that count for nothing: rate counters may change, and the
/// public keys and the catalogue are read once for many requests.
const FREE: [&str; 3] = ["RATE#", "KEYS", "CATALOGUE"];

fn cost_complaints(trace: &[Effect], reads: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut round_trips = 0;
    for effect in trace {
        let counts = |pk: &str| !FREE.iter().any(|free| pk.starts_with(free));
        match effect.service {
            // Kept in memory for minutes.
            Service::Secrets => {}
            Service::Mail | Service::Provider | Service::Register => {
                found.push(format!("called: {}", effect.action))
            }
            Service::Table if !effect.items.iter().any(|item| counts(&item.pk)) => {}
            // A write whose condition did not hold is a read.
            Service::Table if effect.writes() && effect.outcome == Outcome::Answered(200) => {
                found.push(format!("wrote: {:?}", effect.items));
            }
            Service::Table => round_trips += 1,
        }
    }
    if round_trips > reads {
        let told: Vec<String> = trace
            .iter()
            .map(|effect| format!("{} {:?}", effect.action, effect.items))
            .collect();
        found.push(format!(
            "{round_trips} round trips instead of {reads}: {told:?}"
        ));
    }
    found
}

/// What of the request or of a secret is in the answer or in the log.
fn leaks(shop: &Shop, sent: &Sent, answer: &Answer, log: &str) -> Vec<String> {
    let (headers, path, body) = match sent {
        Sent::Gateway(ask) => (json!(ask.headers), ask.path.clone(), ask.parsed()),
        Sent::Event { event, .. } => {
            let body = event["body"].as_str().unwrap_or_default();
            (
                event["headers"].clone(),
                event["rawQueryString"].to_string(),
                serde_json::from_str(body).unwrap_or(Value::Null),
            )
        }
    };
    let mut texts = Vec::new();
    leaves(&headers, &mut texts);
    leaves(&body, &mut texts);
    texts.extend(path.split(['?', '&', '=', '/']).map(str::to_owned));
    let told = String::from_utf8_lossy(&answer.bytes);
    let mut found: Vec<String> = texts
        .iter()
        .filter(|text| text.chars().count() > 64 && told.contains(text.as_str()))
        .map(|text| format!("the answer repeats {text:.80}"))
        .collect();
    let mut secrets: Vec<String> = Secret::ALL.iter().map(|s| shop.cloud.secret(*s)).collect();
    for member in ["password", "refreshToken", "token", "email"] {
        secrets.extend(body[member].as_str().map(str::to_owned));
    }
    if let Some((_, value)) = path.split_once("password=") {
        secrets.push(value.to_owned());
    }
    for text in secrets.iter().filter(|text| text.trim().len() > 5) {
        for (place, content) in [("answer", &*told), ("log", log)] {
            if content.contains(text.as_str()) {
                found.push(format!("the {place} holds {text:.80}"));
            }
        }
    }
    found
}

fn leaves(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, texts)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            texts.push(name.clone());
            leaves(member, texts);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
