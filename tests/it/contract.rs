//! One operation has one name and one set of facts everywhere: registry,
//! template, binary, routes, API description. Each failure says what to do.

use crate::deployment::{Function, file, functions, root, template};
use domain::locale::Locale;
use functions::registry::{jobs, operations};
use platform::http::problem::Code;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// `create_order` as `CreateOrder`.
fn pascal(operation: &str) -> String {
    operation
        .split('_')
        .map(|word| {
            let (first, rest) = word.split_at(1);
            format!("{}{rest}", first.to_uppercase())
        })
        .collect()
}

/// Every operation and job.
fn ids() -> BTreeSet<String> {
    let operations = operations();
    let operations = operations.iter().map(|entry| entry.spec.id);
    let jobs = jobs();
    operations
        .chain(jobs.iter().map(|job| job.id))
        .map(str::to_owned)
        .collect()
}

/// The events of a function that are of one of these types.
fn events<'a>(function: &'a Function, kinds: &[&str]) -> Vec<&'a Value> {
    function.properties["Events"]
        .as_object()
        .unwrap()
        .values()
        .filter(|event| kinds.contains(&event["Type"].as_str().unwrap()))
        .map(|event| &event["Properties"])
        .collect()
}

/// Says what one side has that the other has not.
#[track_caller]
fn same<T: Ord + std::fmt::Debug>(
    left: &BTreeSet<T>,
    right: &BTreeSet<T>,
    only_left: &str,
    only_right: &str,
) {
    let missing: Vec<&T> = left.difference(right).collect();
    assert!(missing.is_empty(), "{only_left}: {missing:?}");
    let surplus: Vec<&T> = right.difference(left).collect();
    assert!(surplus.is_empty(), "{only_right}: {surplus:?}");
}

#[test]
fn an_operation_is_registered_once() {
    let mut ids: Vec<&str> = operations().iter().map(|entry| entry.spec.id).collect();
    ids.extend(jobs().iter().map(|job| job.id));
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(
        ids.len(),
        unique.len(),
        "an id is registered twice: {ids:?}"
    );
}

#[test]
fn the_registry_has_the_routes_of_the_template() {
    let registered: BTreeSet<(String, String)> = operations()
        .iter()
        .map(|entry| {
            let spec = entry.spec;
            let route = match spec.path {
                "$default" => "$default".to_owned(),
                path => format!("{} {path}", spec.method),
            };
            (spec.id.to_owned(), route)
        })
        .collect();
    let deployed = functions()
        .iter()
        .flat_map(|function| {
            events(function, &["HttpApi"]).into_iter().map(|event| {
                let route = match (event["Method"].as_str(), event["Path"].as_str()) {
                    (Some(method), Some(path)) => format!("{method} {path}"),
                    _ => "$default".to_owned(),
                };
                (function.operation.clone(), route)
            })
        })
        .collect();
    same(
        &registered,
        &deployed,
        "add these HTTP events to their functions in template.yaml",
        "register these operations in functions/src/registry.rs, or take their events out of template.yaml",
    );
}

#[test]
fn jobs_are_what_schedules_and_the_stream_start() {
    let registered: BTreeSet<String> = jobs().iter().map(|job| job.id.to_owned()).collect();
    let started = functions()
        .iter()
        .filter(|function| !events(function, &["ScheduleV2", "DynamoDB"]).is_empty())
        .map(|function| function.operation.clone())
        .collect();
    same(
        &registered,
        &started,
        "give these jobs a schedule or the stream in template.yaml",
        "register these jobs in functions/src/registry.rs",
    );
}

#[test]
fn every_operation_is_a_function_a_binary_and_a_module() {
    let ids = ids();
    let deployed = functions()
        .into_iter()
        .map(|function| function.operation)
        .collect();
    same(
        &ids,
        &deployed,
        "add functions to template.yaml",
        "register in functions/src/registry.rs, or take out of template.yaml",
    );
    let names = |folder: &std::path::Path| -> Vec<String> {
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let bin = root().join("functions/src/bin");
    let binaries = names(&bin)
        .iter()
        .map(|name| name.strip_suffix(".rs").unwrap().to_owned())
        .collect();
    same(
        &ids,
        &binaries,
        "add functions/src/bin/<operation>.rs",
        "delete from functions/src/bin, or register in functions/src/registry.rs",
    );
    let source = root().join("functions/src");
    let modules: BTreeSet<String> = names(&source)
        .iter()
        .filter(|name| !name.contains('.') && *name != "bin")
        .flat_map(|folder| names(&source.join(folder)))
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .collect();
    let homeless: Vec<&String> = ids.difference(&modules).collect();
    assert!(
        homeless.is_empty(),
        "an operation lives in the module of its name, functions/src/<domain>/<operation>.rs: {homeless:?}"
    );
}

#[test]
fn a_binary_is_one_call() {
    let jobs: BTreeSet<&str> = jobs().iter().map(|job| job.id).collect();
    for id in ids() {
        let path = format!("functions/src/bin/{id}.rs");
        let text = file(&path);
        // Where lines break is the formatter's business.
        let code: String = text
            .lines()
            .filter(|line| !line.starts_with("//"))
            .flat_map(str::split_whitespace)
            .collect();
        let serve = if jobs.contains(id.as_str()) {
            "serve_job"
        } else {
            "serve"
        };
        let begins = format!("platform::lambda::{serve}::<functions::");
        let ends = format!("::{id}::{}>()", pascal(&id));
        let fits = code
            .strip_prefix("fnmain()->Result<(),lambda_runtime::Error>{")
            .and_then(|call| {
                call.strip_prefix(&begins)?
                    .strip_suffix('}')?
                    .strip_suffix(&ends)
            })
            .is_some_and(|domain| domain.bytes().all(|byte| byte.is_ascii_lowercase()));
        assert!(
            fits,
            "{path} must be `fn main() -> Result<(), lambda_runtime::Error> {{ {begins}<domain>{ends} }}` and nothing else"
        );
    }
}

#[test]
fn a_function_has_one_name_everywhere_and_a_role_and_a_log_of_its_own() {
    let template = template("template.yaml");
    let resources = &template["Resources"];
    let mut roles = BTreeSet::new();
    for function in functions() {
        let (id, operation) = (&function.logical_id, &function.operation);
        let property = |name: &str| function.properties.get(name).unwrap_or(&Value::Null);
        assert_eq!(
            *id,
            pascal(operation),
            "{id}: the logical id of {operation} is its name in Pascal case"
        );
        assert_eq!(
            property("CodeUri"),
            &format!("target/lambda/{operation}/bootstrap.zip"),
            "{id}: CodeUri names the binary of {operation}"
        );
        let role = property("Role")["GetAtt"].as_str().unwrap_or_default();
        assert_eq!(
            role,
            format!("{id}Role.Arn"),
            "{id}: Role is its own, {id}Role"
        );
        assert!(
            roles.insert(role.to_owned()),
            "{id}: shares {role} with another function"
        );
        for setting in ["MemorySize", "Timeout"] {
            assert!(
                property(setting).is_i64(),
                "{id}: {setting} must be decided"
            );
        }
        assert_eq!(
            property("LoggingConfig")["LogGroup"]["Ref"],
            format!("{id}Logs"),
            "{id}: LoggingConfig names a log group of its own, {id}Logs"
        );
        assert!(
            !resources[format!("{id}Logs")]["Properties"]["RetentionInDays"].is_null(),
            "{id}Logs: RetentionInDays must be set, or logs are kept for ever"
        );
        let class = property("Tags")["Class"].as_str().unwrap_or_default();
        assert!(
            !class.is_empty(),
            "{id}: Tags.Class says which alarms watch it, and `make alarms` makes them do so"
        );
    }
}

/// What SAM makes of a function beside itself.
fn generated(function: &Function) -> usize {
    let has = |name: &str| usize::from(function.properties.contains_key(name));
    let events = |kinds: &[&str]| events(function, kinds).len();
    // A permission for each route; the mapping of a stream; a schedule and its
    // role; version and alias; the deployment group; the invoke configuration.
    events(&["HttpApi", "DynamoDB"])
        + 2 * events(&["ScheduleV2"])
        + 2 * has("AutoPublishAlias")
        + has("DeploymentPreference")
        + has("EventInvokeConfig")
}

#[test]
fn the_stack_stays_below_its_five_hundred_resources() {
    let written = template("template.yaml")["Resources"]
        .as_object()
        .unwrap()
        .len();
    // The stage of the API; the application and the role of deployments.
    let shared = 3;
    let functions = functions();
    let count = written + shared + functions.iter().map(generated).sum::<usize>();
    assert!(
        count < 500,
        "template.yaml makes {count} resources for {} functions, a stack holds 500: \
         move what is no function or route to a nested stack, or join the CRUD of one aggregate",
        functions.len()
    );
}

#[test]
fn the_default_route_knows_every_route() {
    let registered: BTreeSet<String> = operations()
        .iter()
        .filter(|entry| entry.spec.path != "$default")
        .map(|entry| format!("{} {}", entry.spec.method, entry.spec.path))
        .collect();
    let known = file("infra/routes.txt")
        .lines()
        .map(str::to_owned)
        .collect();
    same(
        &registered,
        &known,
        "add to infra/routes.txt, from which no_route tells 404 and 405 apart",
        "take out of infra/routes.txt",
    );
}

#[test]
fn the_committed_description_is_what_the_operations_say() {
    if let Err(error) = local::openapi::check(&root().join("infra/openapi.json")) {
        panic!("{error}");
    }
}

#[test]
fn every_code_an_operation_may_refuse_with_is_in_its_description() {
    let document = local::openapi::document();
    let announced = |operation: &Value, code: Code| {
        let response = &operation["responses"][code.status().to_string()];
        let schema = &response["content"]["application/problem+json"]["schema"];
        schema["properties"]["code"]["enum"]
            .as_array()
            .is_some_and(|names| names.iter().any(|name| name == code.name()))
    };
    for entry in operations()
        .iter()
        .filter(|entry| entry.spec.path != "$default")
    {
        let spec = entry.spec;
        let operation = &document["paths"][spec.path][spec.method.to_lowercase()];
        assert_eq!(operation["operationId"], spec.id);
        for code in spec.codes {
            assert!(
                announced(operation, *code),
                "{}: the description does not announce {}",
                spec.id,
                code.name()
            );
        }
    }
}

#[test]
fn the_set_of_codes_is_closed_and_each_says_something_in_both_languages() {
    let mut names = BTreeMap::new();
    for code in Code::ALL {
        let (fr, en) = (code.text(Locale::Fr), code.text(Locale::En));
        assert!(
            fr.ends_with('.') && en.ends_with('.') && fr != en,
            "{}: {fr} / {en}",
            code.name()
        );
        assert!((400..600).contains(&code.status()), "{}", code.name());
        assert!(
            names.insert(code.name(), code.status()).is_none(),
            "{} is there twice",
            code.name()
        );
    }
    let document = local::openapi::document();
    let announced: BTreeSet<&str> =
        document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
    assert_eq!(announced, names.keys().copied().collect());
}
