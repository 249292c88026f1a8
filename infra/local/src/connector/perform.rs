//! Carrying a call out, or part of it, or not.

use super::said::{Said, amz_json, cut, meet, mixed};
use super::{Call, Connector, Late};
use crate::backends::Backends;
use crate::faults::Fault;
use crate::trace::{Service, Touch, half_units};
use serde_json::{Value, json};
use std::sync::Arc;
use stripe_simulator::{ApiFault, Reply};

impl Connector {
    /// What the caller is told, and the capacity it cost.
    pub(super) fn perform(
        &self,
        call: &Call,
        fault: Option<Fault>,
        items: &[Touch],
        number: u64,
    ) -> (Said, u64) {
        let by = &*self.environment.function;
        match (call.service, fault) {
            (_, None) => self.backends.apply(by, call),
            (_, Some(Fault::Twice)) => {
                let _ = self.backends.apply(by, call);
                self.backends.apply(by, call)
            }
            (_, Some(Fault::Late)) => {
                let function = Arc::clone(&self.environment.function);
                self.backends.hold(Late::new(call, function, number));
                (Said::Lost, 0)
            }
            (_, Some(Fault::Refused)) => (Said::Refused, 0),
            (Service::Table, Some(Fault::MixedReasons)) => {
                let (said, cost) = self.backends.apply(by, call);
                (mixed(said), cost)
            }
            (Service::Provider, Some(fault)) => (self.provider_under(call, fault), 0),
            (_, Some(Fault::Malformed | Fault::ErrorInOk)) => {
                let (said, cost) = self.backends.apply(by, call);
                (cut(said), cost)
            }
            (_, Some(fault)) => {
                let cost = if fault.applies() {
                    self.backends.apply(by, call).1
                } else {
                    0
                };
                (meet(call, fault, items, number), cost)
            }
        }
    }

    fn provider_under(&self, call: &Call, fault: Fault) -> Said {
        if let Some(fault) = at_provider(fault) {
            return self.backends.ask_provider(call, Some(Some(fault)));
        }
        if fault.applies() {
            self.backends.ask_provider(call, Some(None));
        }
        Said::Lost
    }
}

/// How a query of the index `list` asks for what is after a place.
const AFTER: &str = "list_sk > ";

/// The sort key before all that a query asks for, in its order, and yet within
/// what it asks for.
fn edge(request: &Value) -> Option<String> {
    let condition = request.get("KeyConditionExpression")?.as_str()?;
    let values = request.get("ExpressionAttributeValues")?;
    let value = |name: &str| values.get(name)?.get("S")?.as_str();
    let backwards = request.get("ScanIndexForward") == Some(&Value::Bool(false));
    if let Some((_, bounds)) = condition.split_once("sk BETWEEN ") {
        let (first, last) = bounds.split_once(" AND ")?;
        return value(if backwards { last } else { first }).map(str::to_owned);
    }
    if let Some((_, after)) = condition.split_once(AFTER) {
        return Some(format!("{} ", value(after)?));
    }
    let prefix = match condition.split_once("begins_with(sk, ") {
        Some((_, asked)) => value(asked.trim_end_matches(')'))?,
        None => " ",
    };
    let last = if backwards { "\u{10ffff}" } else { "" };
    Some(format!("{prefix}{last}"))
}

/// How the provider itself fails so; none for what only the caller does.
fn at_provider(fault: Fault) -> Option<ApiFault> {
    match fault {
        Fault::Throttle => Some(ApiFault::RateLimited),
        Fault::Conflict | Fault::MixedReasons => Some(ApiFault::KeyInUse),
        Fault::ServerError => Some(ApiFault::ServerError),
        Fault::ServerErrorApplied => Some(ApiFault::ServerErrorApplied),
        Fault::LostRequest => Some(ApiFault::RequestLost),
        Fault::LostReply => Some(ApiFault::ReplyLost),
        Fault::Malformed => Some(ApiFault::Malformed),
        Fault::ErrorInOk => Some(ApiFault::ErrorInOk),
        Fault::Refused => Some(ApiFault::Refused),
        Fault::Late | Fault::Twice | Fault::CrashBefore | Fault::CrashAfter => None,
    }
}

impl Backends {
    /// Carries a call out: what was said, and the capacity it cost.
    pub(super) fn apply(&self, by: &str, call: &Call) -> (Said, u64) {
        let json = |status: u16, body: &Value| {
            Said::Answer(amz_json(
                status,
                body.to_string(),
                "application/x-amz-json-1.1",
            ))
        };
        match call.service {
            Service::Table => self.ask_table(by, call),
            Service::Secrets => {
                let (status, body) = self.vault.answer(&call.json);
                (json(status, &body), 0)
            }
            Service::Mail => {
                let (status, body) = self.mailbox.answer(&call.json, self.now());
                (json(status, &body), 0)
            }
            Service::Provider => (self.ask_provider(call, None), 0),
            Service::Register => {
                let (status, body) = self.register.answer(&call.json, self.now());
                (json(status, &body), 0)
            }
        }
    }

    /// Asks the provider: in the weather it has, or under this fault or none.
    fn ask_provider(&self, call: &Call, fault: Option<Option<ApiFault>>) -> Said {
        let now = self.now();
        let reply = match fault {
            None => self.simulator.handle(now, &call.request),
            Some(fault) => self.simulator.handle_under(now, &call.request, fault),
        };
        match reply {
            Reply::Answer(response) => Said::Answer(response),
            Reply::Lost => Said::Lost,
            Reply::Refused => Said::Refused,
        }
    }

    fn ask_table(&self, by: &str, call: &Call) -> (Said, u64) {
        let mut request = call.json.clone();
        if let Some(members) = request.as_object_mut() {
            members.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
            if self.forgets_token() {
                members.remove("ClientRequestToken");
            }
        }
        self.strip(&mut request, &call.action);
        if let Some(empty) = self.empty_page(&call.action, &mut request) {
            return (
                Said::Answer(amz_json(200, empty, "application/x-amz-json-1.0")),
                1,
            );
        }
        let left = self.leave_out(&call.action, &mut request);
        let (status, body) = self.engine.call(by, &call.action, &request);
        let mut answer: Value = serde_json::from_str(&body).unwrap_or_default();
        let cost = half_units(&answer);
        let body = match (left, answer.as_object_mut()) {
            (Some(left), Some(members)) if status == 200 => {
                members.insert("UnprocessedKeys".to_owned(), left);
                answer.to_string()
            }
            (Some(_) | None, _) => body,
        };
        (
            Said::Answer(amz_json(status, body, "application/x-amz-json-1.0")),
            cost,
        )
    }

    /// A query that stops early: at few items, or with an empty page before
    /// the first, which is answered here.
    fn empty_page(&self, action: &str, request: &mut Value) -> Option<String> {
        if action != "Query" || !self.stops_early() {
            return None;
        }
        let most = self.up_to(3);
        let members = request.as_object_mut()?;
        if most > 0 {
            let asked = members.get("Limit").and_then(Value::as_u64);
            let limit = asked.map_or(most, |asked| asked.min(most));
            members.insert("Limit".to_owned(), json!(limit));
            return None;
        }
        if members.contains_key("ExclusiveStartKey") {
            return None;
        }
        let partition = crate::trace::touches(action, request)
            .into_iter()
            .next()?
            .pk;
        let edge = json!({"S": edge(request)?});
        let index = request.get("IndexName").and_then(Value::as_str);
        let condition = request.get("KeyConditionExpression")?.as_str()?;
        let start = match index {
            Some("due") => {
                json!({"due_shard": {"S": partition}, "due_at": edge, "pk": edge, "sk": edge})
            }
            Some("list") if condition.contains(AFTER) => {
                json!({"list_pk": {"S": partition}, "list_sk": edge, "pk": edge, "sk": edge})
            }
            // One key is asked for there: a page before it ends nowhere.
            Some(_) => return None,
            None => json!({"pk": {"S": partition}, "sk": edge}),
        };
        let page = json!({"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": start});
        Some(page.to_string())
    }

    /// Takes some keys out of a batch: what the answer will name as not
    /// processed. At least one stays.
    fn leave_out(&self, action: &str, request: &mut Value) -> Option<Value> {
        if action != "BatchGetItem" || !self.leaves_keys() {
            return None;
        }
        let table = crate::engine::TABLE;
        let asked = request.get_mut("RequestItems")?.get_mut(table)?;
        let mut rest = asked.clone();
        let keys = asked.get_mut("Keys")?.as_array_mut()?;
        let most = u64::try_from(keys.len()).ok()?.checked_sub(1)?;
        let kept = usize::try_from(self.up_to(most.saturating_sub(1)))
            .ok()?
            .saturating_add(1);
        let left = keys.split_off(kept.min(keys.len()));
        if left.is_empty() {
            return None;
        }
        *rest.get_mut("Keys")? = Value::Array(left);
        Some(json!({ table: rest }))
    }
}
