//! The register of VAT numbers of the Union, as far as the shop asks it. Every
//! number with good digits is registered, and no other, until somebody says
//! otherwise.

use crate::lock::lock;
use domain::vat_number::VatNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What the register says of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It is registered.
    Registered,
    /// It is not.
    Unknown,
    /// Its member state does not answer.
    Unavailable,
}

/// A question that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Question {
    number: String,
    asked_by: Option<String>,
    at: Timestamp,
    answer: Standing,
    consultation: Option<String>,
}

/// What there is to know about numbers, and what was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entries {
    standings: BTreeMap<String, Standing>,
    questions: Vec<Question>,
}

/// The register.
#[derive(Debug, Default)]
pub(crate) struct Register(Mutex<Entries>);

impl Register {
    /// Says how a number stands from now on.
    pub(crate) fn set(&self, number: &str, standing: Standing) {
        lock(&self.0).standings.insert(number.to_owned(), standing);
    }

    /// Everything in it.
    pub(crate) fn entries(&self) -> Entries {
        lock(&self.0).clone()
    }

    /// Replaces everything in it.
    pub(crate) fn restore(&self, entries: Entries) {
        *lock(&self.0) = entries;
    }

    /// Answers `check-vat-number`: status and body.
    pub(crate) fn answer(&self, request: &Value, now: Timestamp) -> (u16, Value) {
        let text = |name: &str| request.get(name).and_then(Value::as_str);
        let (Some(country), Some(digits)) = (text("countryCode"), text("vatNumber")) else {
            return (400, failed("INVALID_INPUT"));
        };
        let asked_by = text("requesterMemberStateCode").zip(text("requesterNumber"));
        let asked_by = asked_by.map(|(country, digits)| format!("{country}{digits}"));
        let number = format!("{country}{digits}");
        let mut entries = lock(&self.0);
        let standing = entries.standings.get(&number).copied();
        let standing = standing.unwrap_or_else(|| by_digits(&number));
        let count = entries.questions.len().saturating_add(1);
        let consultation = asked_by.is_some() && standing != Standing::Unavailable;
        let consultation = consultation.then(|| format!("WAPIAAAA{count:08}"));
        entries.questions.push(Question {
            number,
            asked_by,
            at: now,
            answer: standing,
            consultation: consultation.clone(),
        });
        match standing {
            // A member state out of order is no error of the service: 200.
            Standing::Unavailable => (200, failed("MS_UNAVAILABLE")),
            Standing::Registered | Standing::Unknown => {
                let body = json!({
                    "countryCode": country,
                    "vatNumber": digits,
                    "requestDate": now.to_string(),
                    "valid": standing == Standing::Registered,
                    "requestIdentifier": consultation.unwrap_or_default(),
                    "name": "---",
                    "address": "---",
                });
                (200, body)
            }
        }
    }
}

fn by_digits(number: &str) -> Standing {
    let is_good = VatNumber::parse(number).is_ok_and(|number| number.has_good_digits());
    if is_good {
        Standing::Registered
    } else {
        Standing::Unknown
    }
}

fn failed(code: &str) -> Value {
    json!({"actionSucceed": false, "errorWrappers": [{"error": code}]})
}
