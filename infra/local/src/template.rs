//! What `template.yaml` and `infra/data.yaml` say: routes, schedules, the
//! stream, CORS, time limits and the table. The files are compiled in, so the
//! binary needs nothing beside it.

use crate::router::Route;
use crate::schedule::Schedule;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

const TEMPLATE: &str = include_str!("../../../template.yaml");
const DATA: &str = include_str!("../../data.yaml");

/// The deployment as the local cloud needs it.
#[derive(Debug)]
pub(crate) struct Template {
    /// Routes of the HTTP API.
    pub(crate) routes: Vec<Route>,
    /// Schedules, in the order of the file.
    pub(crate) schedules: Vec<Schedule>,
    /// What the table's stream starts.
    pub(crate) stream: Option<StreamMapping>,
    /// What the gateway says to browsers.
    pub(crate) cors: Cors,
    /// Seconds a function may take, by operation id.
    pub(crate) timeouts: BTreeMap<String, u64>,
    /// The table, as `CreateTable` takes it, without its name.
    pub(crate) table: Value,
    /// The attribute items expire by.
    pub(crate) ttl_attribute: Option<String>,
}

/// An event source mapping from the table's stream to a function.
#[derive(Debug, Clone)]
pub(crate) struct StreamMapping {
    /// Operation id.
    pub(crate) job: String,
    /// Most records of one invocation.
    pub(crate) batch: usize,
    /// Tries after the first.
    pub(crate) retries: u32,
    /// Whether a failed batch is halved.
    pub(crate) bisect: bool,
    /// Event patterns, of which a record must match one.
    pub(crate) patterns: Vec<Value>,
}

/// The gateway's CORS settings. Origins are not among them: here every
/// loopback origin is allowed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cors {
    pub(crate) methods: String,
    pub(crate) headers: String,
    pub(crate) exposed: String,
    pub(crate) max_age: u64,
    pub(crate) credentials: bool,
}

/// Why the files cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TemplateError {
    /// No YAML.
    #[error("{file} cannot be read: {message}")]
    Syntax {
        /// Which file.
        file: &'static str,
        /// What is wrong.
        message: String,
    },
    /// Something is missing or has another form.
    #[error("{0}")]
    Content(String),
}

impl Template {
    /// The deployment of this repository, read once.
    ///
    /// # Errors
    /// [`TemplateError`] when the files are not as they must be.
    pub(crate) fn of_repository() -> Result<Arc<Self>, TemplateError> {
        static READ: OnceLock<Result<Arc<Template>, TemplateError>> = OnceLock::new();
        READ.get_or_init(|| Self::parse(TEMPLATE, DATA).map(Arc::new))
            .clone()
    }

    /// Reads the two files.
    ///
    /// # Errors
    /// [`TemplateError`] when they are not as they must be.
    pub(crate) fn parse(template: &str, data: &str) -> Result<Self, TemplateError> {
        let template = read_yaml("template.yaml", template)?;
        let data = read_yaml("infra/data.yaml", data)?;
        let default_timeout = template
            .pointer("/Globals/Function/Timeout")
            .and_then(Value::as_u64)
            .unwrap_or(3);
        let mut read = Self {
            routes: Vec::new(),
            schedules: Vec::new(),
            stream: None,
            cors: Cors::default(),
            timeouts: BTreeMap::new(),
            table: Value::Null,
            ttl_attribute: None,
        };
        for (name, resource) in resources(&template) {
            match resource.get("Type").and_then(Value::as_str) {
                Some("AWS::Serverless::Function") => {
                    read.function(name, resource, default_timeout)?
                }
                Some("AWS::Serverless::HttpApi") => read.cors = Cors::read(resource),
                Some(_) | None => {}
            }
        }
        let table = resources(&data)
            .find(|(_, resource)| {
                resource.get("Type").and_then(Value::as_str) == Some("AWS::DynamoDB::Table")
            })
            .and_then(|(_, resource)| resource.get("Properties"))
            .ok_or_else(|| TemplateError::Content("infra/data.yaml defines no table".to_owned()))?;
        read.table = create_table_request(table);
        read.ttl_attribute = table
            .pointer("/TimeToLiveSpecification/AttributeName")
            .and_then(Value::as_str)
            .map(str::to_owned);
        Ok(read)
    }

    fn function(
        &mut self,
        name: &str,
        resource: &Value,
        default_timeout: u64,
    ) -> Result<(), TemplateError> {
        let id = snake_case(name);
        let timeout = resource
            .pointer("/Properties/Timeout")
            .and_then(Value::as_u64)
            .unwrap_or(default_timeout);
        self.timeouts.insert(id.clone(), timeout);
        let Some(events) = resource
            .pointer("/Properties/Events")
            .and_then(Value::as_object)
        else {
            return Ok(());
        };
        for event in events.values() {
            let properties = event.get("Properties").cloned().unwrap_or_default();
            let text = |name: &str| properties.get(name).and_then(Value::as_str);
            match event.get("Type").and_then(Value::as_str) {
                Some("HttpApi") => self
                    .routes
                    .push(Route::new(text("Method"), text("Path"), &id)),
                Some("ScheduleV2" | "Schedule") => {
                    let expression = text("ScheduleExpression")
                        .or_else(|| text("Schedule"))
                        .unwrap_or_default();
                    let schedule = Schedule::new(&id, expression, text("Input"))
                        .map_err(|error| TemplateError::Content(format!("{name}: {error}")))?;
                    self.schedules.push(schedule);
                }
                Some("DynamoDB") => {
                    self.stream = Some(StreamMapping::read(id.clone(), &properties)?)
                }
                Some(other) => {
                    return Err(TemplateError::Content(format!(
                        "{name}: events of type {other} are not known"
                    )));
                }
                None => {
                    return Err(TemplateError::Content(format!(
                        "{name}: an event without type"
                    )));
                }
            }
        }
        Ok(())
    }
}

impl StreamMapping {
    fn read(job: String, properties: &Value) -> Result<Self, TemplateError> {
        let number = |name: &str| properties.get(name).and_then(Value::as_u64);
        let filters = properties
            .pointer("/FilterCriteria/Filters")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let patterns = filters
            .iter()
            .map(|filter| {
                let text = filter
                    .get("Pattern")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                serde_json::from_str(text).map_err(|error| {
                    TemplateError::Content(format!("{job}: a filter pattern: {error}"))
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            batch: number("BatchSize")
                .and_then(|size| usize::try_from(size).ok())
                .unwrap_or(100),
            retries: number("MaximumRetryAttempts")
                .and_then(|tries| u32::try_from(tries).ok())
                .unwrap_or(5),
            bisect: properties
                .get("BisectBatchOnFunctionError")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            patterns,
            job,
        })
    }
}

impl Cors {
    fn read(resource: &Value) -> Self {
        let Some(settings) = resource.pointer("/Properties/CorsConfiguration") else {
            return Self::default();
        };
        let list = |name: &str| {
            let items: Vec<&str> = settings
                .get(name)
                .and_then(Value::as_array)
                .map(|all| all.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            items.join(",")
        };
        Self {
            methods: list("AllowMethods"),
            headers: list("AllowHeaders").to_ascii_lowercase(),
            exposed: list("ExposeHeaders").to_ascii_lowercase(),
            max_age: settings.get("MaxAge").and_then(Value::as_u64).unwrap_or(0),
            credentials: settings
                .get("AllowCredentials")
                .and_then(Value::as_bool)
                .unwrap_or(false),
        }
    }
}

fn resources(template: &Value) -> impl Iterator<Item = (&String, &Value)> {
    template
        .get("Resources")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The properties of a table that `CreateTable` knows.
fn create_table_request(properties: &Value) -> Value {
    let mut request = Map::new();
    for name in [
        "AttributeDefinitions",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "BillingMode",
    ] {
        if let Some(value) = properties.get(name) {
            request.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(view) = properties.pointer("/StreamSpecification/StreamViewType") {
        request.insert(
            "StreamSpecification".to_owned(),
            json!({"StreamEnabled": true, "StreamViewType": view}),
        );
    }
    Value::Object(request)
}

/// `RenewSubscriptions` as `renew_subscriptions`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len().saturating_add(8));
    for (index, c) in name.char_indices() {
        if c.is_ascii_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

fn read_yaml(file: &'static str, text: &str) -> Result<Value, TemplateError> {
    let yaml: serde_norway::Value =
        serde_norway::from_str(text).map_err(|error| TemplateError::Syntax {
            file,
            message: error.to_string(),
        })?;
    Ok(to_json(yaml))
}

/// The same as JSON. The short forms of CloudFormation's functions (`!Ref x`)
/// become their argument: nothing read here depends on what they stand for.
fn to_json(yaml: serde_norway::Value) -> Value {
    use serde_norway::Value as Yaml;
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::String(number.to_string()),
        },
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(to_json).collect()),
        Yaml::Mapping(members) => {
            let named = |name: Yaml| match name {
                Yaml::String(text) => Some(text),
                Yaml::Null
                | Yaml::Bool(_)
                | Yaml::Number(_)
                | Yaml::Sequence(_)
                | Yaml::Mapping(_)
                | Yaml::Tagged(_) => None,
            };
            Value::Object(
                members
                    .into_iter()
                    .filter_map(|(name, value)| Some((named(name)?, to_json(value))))
                    .collect(),
            )
        }
        Yaml::Tagged(tagged) => to_json(tagged.value),
    }
}

#[cfg(test)]
mod tests {
    use super::{Template, snake_case};
    use serde_json::json;

    #[test]
    fn the_deployment_of_this_repository_can_be_read() {
        let template = Template::of_repository().unwrap();
        assert!(
            template
                .routes
                .iter()
                .any(|route| route.key == "POST /v1/webhooks/stripe"
                    && route.function == "payment_webhook")
        );
        assert!(
            template
                .routes
                .iter()
                .any(|route| route.key == "$default" && route.function == "no_route")
        );
        let jobs: Vec<&str> = template
            .schedules
            .iter()
            .map(|schedule| schedule.job.as_str())
            .collect();
        assert!(
            jobs.contains(&"renew_subscriptions") && jobs.contains(&"reconcile_payments"),
            "{jobs:?}"
        );
        let stream = template.stream.clone().unwrap();
        assert_eq!(
            (stream.job.as_str(), stream.batch, stream.retries),
            ("dispatch_events", 25, 5)
        );
        assert_eq!(
            template.table["StreamSpecification"],
            json!({"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"})
        );
        assert_eq!(template.ttl_attribute.as_deref(), Some("expires_at"));
        assert!(template.cors.credentials && template.cors.headers.contains("idempotency-key"));
        assert_eq!(template.timeouts["login"], 10);
    }

    #[test]
    fn an_event_of_an_unknown_kind_is_an_error_and_not_skipped() {
        let template = "
Resources:
  Odd:
    Type: AWS::Serverless::Function
    Properties: {Events: {Queue: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}}}";
        let data = "Resources: {Table: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST}}}";
        assert!(
            Template::parse(template, data)
                .unwrap_err()
                .to_string()
                .contains("SQS")
        );
    }

    #[test]
    fn logical_ids_are_operation_ids_in_pascal_case() {
        assert_eq!(snake_case("RenewSubscriptions"), "renew_subscriptions");
        assert_eq!(snake_case("Openapi"), "openapi");
    }
}
