//! A shop in a few counts: what must be the same after a story whatever went
//! wrong in it.

use local::Cloud;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What differs from one telling to the next though nothing is wrong: a login
/// whose answer is lost leaves a session, a request leaves a claim.
const INCIDENTAL: [&str; 8] = [
    "session",
    "claim",
    "decoy",
    "keys",
    "rate",
    "provider_event",
    "conflicting_event",
    "token",
];

/// How an event is called that somebody still has to be told of.
const UNDELIVERED: &str = "not delivered";

/// Counts of things by kind and state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary(BTreeMap<String, i64>);

impl Summary {
    /// The shop as it stands.
    pub fn of(cloud: &Cloud) -> Self {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        let mut count = |what: String, by: i64| *counts.entry(what).or_default() += by;
        for item in cloud.table().all().unwrap() {
            let item = serde_json::to_value(&item).unwrap();
            let kind = item["type"]["S"].as_str().unwrap_or("rate").to_owned();
            if INCIDENTAL.contains(&kind.as_str()) {
                continue;
            }
            let state = match kind.as_str() {
                "event" if item["deliver_at"].is_object() => {
                    format!("{} {UNDELIVERED}", tag(&item["event"]))
                }
                "event" => tag(&item["event"]),
                _ => tag(&item["status"]),
            };
            // How often somebody logged in is no matter.
            if !state.starts_with("session") && !state.starts_with("logged") {
                count(format!("{kind} {state}"), 1);
            }
        }
        let book = cloud.simulator().book();
        for payment in book["payments"].as_array().unwrap() {
            let amount = |name: &str| payment[name].as_i64().unwrap_or(0);
            count(
                "kept by the provider".to_owned(),
                amount("amountCaptured") - amount("refundedAmount"),
            );
        }
        for mail in cloud.mails(None) {
            // Which number an invoice has depends on who came before.
            let subject = mail.subject.replace(|it: char| it.is_ascii_digit(), "");
            count(format!("mail to {}: {subject}", mail.to), 1);
        }
        Self(counts)
    }

    /// True where somebody was not told of something.
    pub fn has_undelivered(&self) -> bool {
        self.0.keys().any(|what| what.ends_with(UNDELIVERED))
    }

    /// What is not the same in the other.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut names: Vec<&String> = self.0.keys().chain(other.0.keys()).collect();
        names.sort();
        names.dedup();
        let of = |summary: &Self, name: &str| summary.0.get(name).copied().unwrap_or(0);
        names
            .into_iter()
            .map(|name| Difference {
                what: name.clone(),
                there_are: of(other, name),
                expected: of(self, name),
            })
            .filter(|difference| difference.there_are != difference.expected)
            .collect()
    }
}

/// A count that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of what.
    pub what: String,
    /// How many there are.
    pub there_are: i64,
    /// How many there should be.
    pub expected: i64,
}

impl Difference {
    /// True where there is more than there should be.
    pub fn is_more(&self) -> bool {
        self.there_are > self.expected
    }

    /// True for a mail that was to be sent and was sent more than once: the
    /// service knows no idempotency key.
    pub fn is_mail_again(&self) -> bool {
        self.what.starts_with("mail to ") && self.expected > 0 && self.is_more()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            there_are,
            expected,
        } = self;
        write!(f, "{what}: {there_are} instead of {expected}")
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.0 {
            writeln!(f, "{count:>8}  {what}")?;
        }
        Ok(())
    }
}

/// The word a state is told by.
fn tag(value: &Value) -> String {
    if let Some(text) = value["S"].as_str() {
        return text.to_owned();
    }
    let named = ["status", "state", "kind", "name"]
        .into_iter()
        .find_map(|name| value["M"][name]["S"].as_str());
    named.unwrap_or_default().to_owned()
}
