//! A small shop's history, made by hand: one customer who registers, buys,
//! is renewed after a declined try, and pays an order that was canceled.

use crate::{Auditor, Change, Commit, Finding, Invariant};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The customer's account.
pub(super) const OWNER: &str = "ACCOUNT#acc_1";
/// The moment after everything.
pub(super) const END: &str = "2026-03-02T12:00:00Z";

/// One commit, with its items as plain JSON.
#[derive(Clone)]
pub(super) struct Act {
    pub(super) name: &'static str,
    pub(super) at: &'static str,
    pub(super) items: Vec<Value>,
    pub(super) deleted: Vec<(String, String)>,
}

/// A history that can be edited before it is judged.
#[derive(Clone)]
pub(super) struct History {
    pub(super) acts: Vec<Act>,
    pub(super) book: Value,
    pub(super) end: &'static str,
}

/// Plain JSON as DynamoDB writes it.
pub(super) fn dynamo(plain: &Value) -> Value {
    match plain {
        Value::Null => json!({"NULL": true}),
        Value::Bool(it) => json!({"BOOL": it}),
        Value::Number(it) => json!({"N": it.to_string()}),
        Value::String(it) => json!({"S": it}),
        Value::Array(it) => json!({"L": it.iter().map(dynamo).collect::<Vec<_>>()}),
        Value::Object(it) => json!({"M": attributes(it)}),
    }
}

fn attributes(plain: &Map<String, Value>) -> Value {
    plain
        .iter()
        .map(|(name, value)| (name.clone(), dynamo(value)))
        .collect()
}

impl Act {
    fn commit(&self) -> Commit {
        let written = self.items.iter().map(|item| Change {
            pk: item["pk"].as_str().unwrap().to_owned(),
            sk: item["sk"].as_str().unwrap().to_owned(),
            after: Some(attributes(item.as_object().unwrap())),
        });
        let deleted = self.deleted.iter().map(|(pk, sk)| Change {
            pk: pk.clone(),
            sk: sk.clone(),
            after: None,
        });
        Commit {
            at: self.at.parse().unwrap(),
            by: String::new(),
            changes: written.chain(deleted).collect(),
        }
    }
}

impl History {
    fn act(&mut self, name: &str) -> &mut Act {
        let found = self.acts.iter_mut().find(|act| act.name == name);
        found.unwrap_or_else(|| panic!("no act {name}"))
    }

    /// The item of an act of this type, else the one whose keys hold this text.
    pub(super) fn item(&mut self, act: &str, place: &str) -> &mut Value {
        let items = &mut self.act(act).items;
        let found = items
            .iter()
            .position(|item| item["type"] == place)
            .or_else(|| items.iter().position(|item| is_at(item, place)));
        found
            .and_then(|found| items.get_mut(found))
            .unwrap_or_else(|| panic!("no {place} in {act}"))
    }

    /// The same with another value at a JSON pointer of an item; null takes
    /// the attribute away.
    pub(super) fn with(mut self, act: &str, place: &str, pointer: &str, value: Value) -> Self {
        let item = self.item(act, place);
        put(item, pointer, value);
        self
    }

    /// The same with another value in the provider's book.
    pub(super) fn with_book(mut self, pointer: &str, value: Value) -> Self {
        put(&mut self.book, pointer, value);
        self
    }

    /// The same without one item of an act.
    pub(super) fn without(mut self, act: &str, place: &str) -> Self {
        let gone = self.item(act, place).clone();
        self.act(act).items.retain(|item| *item != gone);
        self
    }

    /// The same with one more act at the end.
    pub(super) fn then(mut self, name: &'static str, at: &'static str, items: Vec<Value>) -> Self {
        let deleted = Vec::new();
        self.acts.push(Act {
            name,
            at,
            items,
            deleted,
        });
        self
    }

    /// The same with an item deleted at the end.
    pub(super) fn deleting(mut self, pk: &str, sk: &str) -> Self {
        self.acts.push(Act {
            name: "deleted",
            at: END,
            items: Vec::new(),
            deleted: vec![(pk.to_owned(), sk.to_owned())],
        });
        self
    }

    /// The last version of an item, for one more.
    pub(super) fn last(&self, place: &str) -> Value {
        let items = self.acts.iter().flat_map(|act| &act.items);
        let found = items.rev().find(|item| is_at(item, place));
        found.unwrap_or_else(|| panic!("no {place}")).clone()
    }

    /// The last version of an item, one version on, by another act.
    pub(super) fn next(&self, place: &str, act: u32) -> Value {
        let mut item = self.last(place);
        item["version"] = json!(item["version"].as_u64().unwrap() + 1);
        item["act"] = json!(format!("act_{act:032x}"));
        item
    }

    /// The same without what comes after an act.
    pub(super) fn until(mut self, name: &str, end: &'static str) -> Self {
        let place = self.acts.iter().position(|act| act.name == name).unwrap();
        self.acts.truncate(place + 1);
        self.end = end;
        self
    }

    /// What the auditor finds, at once and at the end.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut auditor = self.auditor();
        let end: Timestamp = self.end.parse().unwrap();
        auditor.minutes_later(&self.book);
        auditor.at_rest(&self.book, end);
        auditor.take()
    }

    /// What the auditor finds at once.
    pub(super) fn at_once(&self) -> Vec<Finding> {
        self.auditor().take()
    }

    /// An auditor that saw it all.
    pub(super) fn auditor(&self) -> Auditor {
        let mut auditor = Auditor::new();
        for act in &self.acts {
            auditor.commit(&act.commit());
        }
        auditor
    }

    /// Fails unless this invariant is told broken, in these words.
    #[track_caller]
    pub(super) fn breaks(&self, invariant: Invariant, words: &str) {
        let findings = self.findings();
        let told = findings
            .iter()
            .any(|it| it.invariant == invariant && it.what.contains(words));
        assert!(told, "{invariant} {words:?} is not among {findings:#?}");
    }

    /// Fails unless everything is as it should be.
    #[track_caller]
    pub(super) fn holds(&self) {
        assert_eq!(self.findings(), []);
    }
}

fn is_at(item: &Value, place: &str) -> bool {
    let text = |name: &str| item[name].as_str().unwrap_or_default();
    format!("{} {}", text("pk"), text("sk")).contains(place)
}

fn put(item: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = item
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("no {pointer}"));
    match (parent, value) {
        (Value::Object(members), Value::Null) => {
            members.remove(name);
        }
        (Value::Object(members), value) => {
            members.insert(name.to_owned(), value);
        }
        (Value::Array(members), value) => members[name.parse::<usize>().unwrap()] = value,
        (other, _) => panic!("{other} has no {name}"),
    }
}

/// An item with what all have.
pub(super) fn item(
    kind: &str,
    (pk, sk): (&str, &str),
    (version, act): (u64, u32),
    body: Value,
) -> Value {
    let mut item = json!({"pk": pk, "sk": sk, "type": kind, "v": 1, "version": version,
        "act": format!("act_{act:032x}")});
    let members = item.as_object_mut().unwrap();
    members.extend(body.as_object().unwrap().clone());
    item
}

/// An item of the customer's account.
pub(super) fn owned(kind: &str, sk: &str, at: (u64, u32), body: Value) -> Value {
    let mut item = item(kind, (OWNER, sk), at, body);
    item["account"] = json!("acc_1");
    item
}

/// The same with a timer.
pub(super) fn due(mut item: Value, job: &str, at: &str) -> Value {
    let sk = item["sk"].as_str().unwrap().to_owned();
    item["due_shard"] = json!(format!("DUE#{job}#07"));
    item["due_at"] = json!(format!("{at}#{sk}"));
    item
}

/// An event of the account.
pub(super) fn event(id: &str, act: u32, at: &str, name: &str, body: Value) -> Value {
    let mut item = owned("event", &format!("EVENT#{id}"), (1, act), body);
    item["owner"] = json!("account");
    item["id"] = json!(id);
    item["at"] = json!(at);
    item["event"] = json!(name);
    item
}

/// The same, waiting for its delivery.
pub(super) fn waiting(mut item: Value, until: &str) -> Value {
    item["deliver_at"] = json!(until);
    due(item, "reconcile_payments", until)
}

/// The same, delivered.
pub(super) fn delivered(event: &Value) -> Value {
    let mut item = event.clone();
    item["version"] = json!(2);
    let members = item.as_object_mut().unwrap();
    for name in ["deliver_at", "due_shard", "due_at"] {
        members.remove(name);
    }
    item
}

/// An amount in euros.
pub(super) fn eur(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}
