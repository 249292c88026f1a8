//! One line per invocation: allow-listed fields as JSON, with the metrics of
//! CloudWatch's embedded format in the same line.

use crate::http::operation::Spec;
use crate::http::problem::Code;
use domain::id::{AccountId, RequestId, UserId};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The CloudWatch namespace of every metric.
const NAMESPACE: &str = "CYNA";

/// Causes a line tells besides the first: a line is to be read, not to be long.
const FURTHER_CAUSES: usize = 19;

/// An invocation being told about.
#[derive(Debug)]
pub struct Invocation {
    operation: &'static str,
    began: Timestamp,
    fields: Map<String, Value>,
    metrics: Map<String, Value>,
}

impl Invocation {
    /// An HTTP request begins.
    pub fn begin(spec: &Spec, request: RequestId, now: Timestamp) -> Self {
        let mut invocation = Self::job(spec.id, now);
        invocation
            .fields
            .insert("requestId".to_owned(), json!(request.to_string()));
        invocation
    }

    /// A job begins.
    pub fn job(operation: &'static str, now: Timestamp) -> Self {
        Self {
            operation,
            began: now,
            fields: Map::new(),
            metrics: Map::new(),
        }
    }

    /// Who called.
    pub fn called_by(&mut self, user: UserId, account: AccountId) {
        self.fields
            .insert("user".to_owned(), json!(user.to_string()));
        self.fields
            .insert("account".to_owned(), json!(account.to_string()));
    }

    /// Why it was refused.
    pub fn refused(&mut self, code: Code) {
        self.fields.insert("code".to_owned(), json!(code.name()));
    }

    /// What went wrong on our side. May be told again: the first cause is the
    /// line's `error`, the next [`FURTHER_CAUSES`] are its `alsoFailed`.
    pub fn failed(&mut self, cause: String) {
        self.count("Faults", 1);
        self.tell(cause);
    }

    fn tell(&mut self, cause: String) {
        if !self.fields.contains_key("error") {
            self.fields.insert("error".to_owned(), json!(cause));
            return;
        }
        let others = self.fields.entry("alsoFailed").or_insert(json!([]));
        if let Value::Array(others) = others
            && others.len() < FURTHER_CAUSES
        {
            others.push(json!(cause));
        }
    }

    /// Counts something.
    pub fn count(&mut self, metric: &'static str, more: u64) {
        let before = self
            .metrics
            .get(metric)
            .and_then(Value::as_u64)
            .unwrap_or(0);
        self.metrics
            .insert(metric.to_owned(), json!(before.saturating_add(more)));
    }

    /// Tells what the app took note of.
    pub(crate) fn note(&mut self, notes: Notes) {
        for (metric, count) in notes.counts {
            self.count(metric, count);
        }
        for cause in notes.causes {
            self.tell(cause);
        }
    }

    /// An HTTP request ends.
    pub fn end(mut self, log: &dyn Log, now: Timestamp, status: u16) {
        self.fields.insert("status".to_owned(), json!(status));
        self.finish(log, now);
    }

    /// It ends: the line is written.
    pub fn finish(mut self, log: &dyn Log, now: Timestamp) {
        let millis = now
            .as_millisecond()
            .saturating_sub(self.began.as_millisecond());
        self.metrics.insert("Duration".to_owned(), json!(millis));
        let metrics: Vec<Value> = self
            .metrics
            .keys()
            .map(|name| json!({"Name": name, "Unit": if name == "Duration" { "Milliseconds" } else { "Count" }}))
            .collect();
        let mut line = self.fields;
        line.insert("operation".to_owned(), json!(self.operation));
        line.insert("at".to_owned(), json!(self.began.to_string()));
        line.append(&mut self.metrics);
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": self.began.as_millisecond(),
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["operation"]], "Metrics": metrics}],
            }),
        );
        log.write(&Value::Object(line).to_string());
    }
}

/// Writes an alarm down at once: the line of its invocation comes at its end,
/// and a function that is killed has none.
pub(crate) fn alarm(log: &dyn Log, operation: &str, metric: &str, now: Timestamp) {
    let line = json!({
        "operation": operation,
        "at": now.to_string(),
        metric: 1,
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["operation"]],
                "Metrics": [{"Name": metric, "Unit": "Count"}],
            }],
        },
    });
    log.write(&line.to_string());
}

/// What is taken note of where the invocation is not at hand.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// How often what happened.
    pub(crate) counts: BTreeMap<&'static str, u64>,
    /// What went wrong and was made good, or will be.
    pub(crate) causes: Vec<String>,
}

/// Where log lines go.
pub trait Log: std::fmt::Debug + Send + Sync {
    /// Writes one line.
    fn write(&self, line: &str);
}

/// Standard output: CloudWatch reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct StandardOutput;

impl Log for StandardOutput {
    fn write(&self, line: &str) {
        use std::io::Write as _;
        // A log that cannot be written must not fail the request.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}
