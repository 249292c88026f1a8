//! What a function may do is what it does: calls recorded on the main journeys
//! and on every way back from a crash, judged by the policies of template.yaml
//! as IAM would.

use crate::deployment::{Function, functions, list};
use crate::{crash_points, journey};
use local::{Access, Effect, Service};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One thing a call needs to be allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    /// `dynamodb:PutItem`.
    action: String,
    /// Partition keys, or the name of a secret.
    keys: Vec<String>,
    /// The index that is asked.
    index: Option<String>,
    /// The transaction it is part of.
    enclosing: Option<String>,
}

fn needs(effect: &Effect) -> Vec<Need> {
    let need = |action: &str, keys: Vec<String>| Need {
        action: action.to_owned(),
        keys,
        index: effect.index.clone(),
        enclosing: effect.in_transaction().then(|| effect.action.clone()),
    };
    match effect.service {
        Service::Provider | Service::Register => Vec::new(),
        Service::Mail => vec![need("ses:SendEmail", Vec::new())],
        Service::Secrets => {
            let name = effect.secret.clone().unwrap();
            vec![need("secretsmanager:GetSecretValue", vec![name])]
        }
        // Each member is judged as the action it stands for.
        Service::Table if effect.in_transaction() => effect
            .items
            .iter()
            .map(|item| {
                let action = match item.access {
                    Access::Get => "GetItem",
                    Access::Query => "Query",
                    Access::Put => "PutItem",
                    Access::Update => "UpdateItem",
                    Access::Delete => "DeleteItem",
                    Access::Check => "ConditionCheckItem",
                };
                need(&format!("dynamodb:{action}"), vec![item.pk.clone()])
            })
            .collect(),
        Service::Table => {
            let keys = effect.items.iter().map(|item| item.pk.clone()).collect();
            vec![need(&format!("dynamodb:{}", effect.action), keys)]
        }
    }
}

/// `StringLike` of IAM, for patterns whose one star is the last character.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => text == pattern,
    }
}

/// The name a secret's output in infra/data.yaml stands for:
/// `Data.Outputs.TokenKeysArn` is `token-keys`.
fn secret_of(output: &str) -> Option<String> {
    let name = output.strip_prefix("Data.Outputs.")?.strip_suffix("Arn")?;
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(c.to_lowercase());
    }
    Some(kebab)
}

/// The part of a statement that allows something, as it is written.
type Used = (String, String);

/// What of a statement allows a need; nothing when it does not.
fn allows(statement: &Value, need: &Need) -> Vec<Used> {
    let action = Value::from(need.action.as_str());
    if statement["Effect"] != "Allow" || !list(&statement["Action"]).contains(&action) {
        return Vec::new();
    }
    let used = |what: &str| (need.action.clone(), what.to_owned());
    if need.action.starts_with("ses:") {
        return vec![used("")];
    }
    let resources = list(&statement["Resource"]);
    if need.action.starts_with("secretsmanager:") {
        return resources
            .iter()
            .filter_map(|resource| secret_of(resource["GetAtt"].as_str()?))
            .filter(|name| {
                need.keys
                    .iter()
                    .any(|key| key.ends_with(&format!("/{name}")))
            })
            .map(|name| used(&name))
            .collect();
    }
    let on_resource = resources.iter().any(|resource| match &need.index {
        None => resource["GetAtt"] == "Data.Outputs.TableArn",
        Some(index) => resource["Sub"] == format!("${{Data.Outputs.TableArn}}/index/{index}"),
    });
    let condition = &statement["Condition"];
    let enclosing = &condition["ForAnyValue:StringEquals"]["dynamodb:EnclosingOperation"];
    let enclosed = match &need.enclosing {
        _ if enclosing.is_null() => true,
        None => false,
        Some(transaction) => list(enclosing).contains(&Value::from(transaction.as_str())),
    };
    if !on_resource || !enclosed {
        return Vec::new();
    }
    let patterns = list(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
    let mut found = Vec::new();
    for key in &need.keys {
        let fits = patterns
            .iter()
            .filter_map(Value::as_str)
            .find(|pattern| like(pattern, key));
        match fits {
            Some(pattern) => found.push(used(pattern)),
            None => return Vec::new(),
        }
    }
    found
}

/// Everything the statements of a function allow, piece by piece.
fn grants(function: &Function) -> BTreeSet<Used> {
    let mut grants = BTreeSet::new();
    for statement in &function.statements {
        let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        for action in list(&statement["Action"]) {
            let action = action.as_str().unwrap();
            let pieces: Vec<String> = match action.split(':').next().unwrap() {
                "dynamodb" if !keys.is_null() => list(keys)
                    .iter()
                    .map(|key| key.as_str().unwrap().to_owned())
                    .collect(),
                "secretsmanager" => list(&statement["Resource"])
                    .iter()
                    .map(|resource| secret_of(resource["GetAtt"].as_str().unwrap()).unwrap())
                    .collect(),
                "ses" => vec![String::new()],
                // Logs, queues and the stream are the services' own business.
                _ => Vec::new(),
            };
            grants.extend(pieces.into_iter().map(|piece| (action.to_owned(), piece)));
        }
    }
    grants
}

/// What the journeys and the crashes needed, by function.
fn recorded() -> BTreeMap<String, BTreeSet<Need>> {
    let mut recorded: BTreeMap<String, BTreeSet<Need>> = BTreeMap::new();
    let journeys = journey::record().trace.iter();
    for effect in journeys.chain(crash_points::report().calls.values()) {
        recorded
            .entry(effect.function.to_string())
            .or_default()
            .extend(needs(effect));
    }
    recorded
}

#[test]
fn every_function_may_do_what_it_does_and_nothing_more() {
    let recorded = recorded();
    let mut denied = BTreeSet::new();
    let mut unused = Vec::new();
    for function in functions() {
        let mut grants = grants(&function);
        for need in recorded.get(&function.operation).into_iter().flatten() {
            let used: Vec<Used> = function
                .statements
                .iter()
                .flat_map(|statement| allows(statement, need))
                .collect();
            if used.is_empty() {
                let keys: BTreeSet<&str> = need
                    .keys
                    .iter()
                    .map(|key| key.split('#').next().unwrap())
                    .collect();
                denied.insert(format!(
                    "{}: {} on {keys:?}, index {:?}, in {:?}",
                    function.operation, need.action, need.index, need.enclosing
                ));
            }
            for piece in used {
                grants.remove(&piece);
            }
        }
        let rest = grants
            .into_iter()
            .map(|(action, what)| format!("{}: {action} {what}", function.operation));
        unused.extend(rest);
    }
    assert!(
        denied.is_empty(),
        "template.yaml does not allow what these functions do; add it to their roles: {denied:#?}"
    );
    assert!(
        unused.is_empty(),
        "template.yaml allows what these functions do not do; take it out of their roles, \
         or let tests/it/journey.rs lead to where it is needed: {unused:#?}"
    );
}
