//! template.yaml as the contract tests read it.

use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// A function of the template.
#[derive(Debug)]
pub(crate) struct Function {
    /// Logical id.
    pub(crate) logical_id: String,
    /// Operation id, from its name.
    pub(crate) operation: String,
    /// Its properties, the globals merged in.
    pub(crate) properties: Map<String, Value>,
    /// The statements of its role.
    pub(crate) statements: Vec<Value>,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the repository.
pub(crate) fn file(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A template, its short forms written out: `!Ref x` is `{"Ref": "x"}`.
pub(crate) fn template(path: &str) -> Value {
    to_json(serde_norway::from_str(&file(path)).unwrap())
}

fn to_json(yaml: serde_norway::Value) -> Value {
    use serde_norway::Value as Yaml;
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => json!(value),
        Yaml::Number(number) => number
            .as_i64()
            .map_or_else(|| json!(number.to_string()), |number| json!(number)),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => items.into_iter().map(to_json).collect(),
        Yaml::Mapping(members) => members
            .into_iter()
            .map(|(name, value)| (name.as_str().unwrap().to_owned(), to_json(value)))
            .collect::<Map<_, _>>()
            .into(),
        Yaml::Tagged(tagged) => {
            let form = tagged.tag.to_string().trim_start_matches('!').to_owned();
            json!({form: to_json(tagged.value)})
        }
    }
}

/// Every function of template.yaml.
pub(crate) fn functions() -> Vec<Function> {
    let template = template("template.yaml");
    let common = template["Globals"]["Function"].as_object().unwrap();
    let resources = template["Resources"].as_object().unwrap();
    resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
        .map(|(logical_id, resource)| {
            let mut properties = common.clone();
            properties.extend(resource["Properties"].as_object().unwrap().clone());
            let name = properties["FunctionName"]["Sub"].as_str().unwrap();
            let operation = name.strip_prefix("${AWS::StackName}-").unwrap().to_owned();
            let role = &resources[&format!("{logical_id}Role")]["Properties"];
            let statements = role["Policies"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
            Function {
                logical_id: logical_id.clone(),
                operation,
                statements: statements.cloned().collect(),
                properties,
            }
        })
        .collect()
}

/// One or a list, as IAM takes either.
pub(crate) fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}
