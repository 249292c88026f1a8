//! Functions as they are released: their own binaries, asking a Lambda Runtime
//! API for events.

use serde_json::{Value, json};
use tests::binaries::{Binaries, Profile};
use tests::event::Event;
use tests::function::{Function, Launch, ProcessError};
use tests::runtime_api::{Diagnostic, Outcome};
use tests::stack::Stack;
use tokio::sync::OnceCell;

/// The binaries these tests start, built once.
pub(crate) async fn binaries() -> &'static Binaries {
    static BINARIES: OnceCell<Binaries> = OnceCell::const_new();
    BINARIES
        .get_or_init(|| async {
            let names = [
                "health",
                "get_profile",
                "login",
                "create_order",
                "payment_webhook",
                "dispatch_events",
                "renew_subscriptions",
                "panicking",
            ];
            Binaries::build(Profile::Release, &names).await.unwrap()
        })
        .await
}

/// A function of this stack in a process of its own.
pub(crate) async fn start(stack: &Stack, name: &str) -> Function {
    start_in(&stack.environment(), name).await
}

/// A function with this environment in a process of its own.
pub(crate) async fn start_in(environment: &[(String, String)], name: &str) -> Function {
    let binary = binaries().await.path(name);
    Launch::of(&binary, environment).start().await.unwrap()
}

/// The status and the body of the gateway's response a function answered with.
pub(crate) async fn answer(function: &mut Function, event: Event) -> (u64, Value) {
    match function.invoke(&event.into_value()).await.unwrap().outcome {
        Outcome::Answer(response) => {
            let body = serde_json::from_str(response["body"].as_str().unwrap()).unwrap_or_default();
            (response["statusCode"].as_u64().unwrap(), body)
        }
        Outcome::Error(diagnostic) => panic!("{diagnostic:?}\n{}", function.output()),
    }
}

async fn error(function: &mut Function, event: impl Into<bytes::Bytes>) -> Diagnostic {
    match function.invoke_raw(event).await.unwrap().outcome {
        Outcome::Answer(answer) => panic!("an answer instead of an error: {answer}"),
        Outcome::Error(diagnostic) => diagnostic,
    }
}

fn health() -> Event {
    Event::new("GET", "/v1/health", "/v1/health")
}

#[tokio::test]
async fn a_released_function_answers_with_an_envelope_and_one_log_line() {
    let stack = Stack::start().await.unwrap();
    let mut function = start(&stack, "health").await;
    let (status, body) = answer(&mut function, health()).await;
    assert_eq!(status, 200);
    assert_eq!(body["data"]["status"], "ok");
    let output = function.stop().await.unwrap();
    let lines = output.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1, "{output}");
    assert_eq!(
        (&lines[0]["operation"], &lines[0]["status"]),
        (&json!("health"), &json!(200))
    );
}

#[tokio::test]
async fn a_released_function_reads_the_table_for_a_signed_in_user() {
    let stack = Stack::start().await.unwrap();
    let token = stack.log_in().await.unwrap();
    let mut function = start(&stack, "get_profile").await;
    let me = || Event::new("GET", "/v1/me", "/v1/me");
    let (status, body) = answer(&mut function, me().token(&token)).await;
    assert_eq!(status, 200);
    assert_eq!(body["data"]["email"], stack.credentials().unwrap()["email"]);

    let (status, problem) = answer(&mut function, me()).await;
    assert_eq!((status, &problem["code"]), (401, &json!("unauthenticated")));
    let (status, problem) = answer(&mut function, me().token(&token).query("page=2")).await;
    assert_eq!((status, &problem["code"]), (400, &json!("malformed_query")));
}

#[tokio::test]
async fn a_token_signed_by_one_released_function_is_good_for_another() {
    let stack = Stack::start().await.unwrap();
    let mut login = start(&stack, "login").await;
    let event =
        Event::new("POST", "/v1/auth/login", "/v1/auth/login").json(&stack.credentials().unwrap());
    let (status, body) = answer(&mut login, event).await;
    assert_eq!(status, 200);
    let token = body["data"]["accessToken"].as_str().unwrap();

    let mut profile = start(&stack, "get_profile").await;
    let (status, _) = answer(
        &mut profile,
        Event::new("GET", "/v1/me", "/v1/me").token(token),
    )
    .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_job_reports_what_it_did_and_an_unknown_input_is_an_error_of_the_function() {
    let stack = Stack::start().await.unwrap();
    let mut job = start(&stack, "renew_subscriptions").await;
    match job.invoke(&json!({"version": 1})).await.unwrap().outcome {
        Outcome::Answer(report) => assert_eq!(report["served"], 0),
        Outcome::Error(diagnostic) => panic!("{diagnostic:?}"),
    }
    let diagnostic = error(&mut job, json!({"version": 2}).to_string()).await;
    assert!(
        diagnostic.error_message.contains("unknown version 2"),
        "{diagnostic:?}"
    );
    assert!(job.is_running());
}

#[tokio::test]
async fn an_event_no_gateway_would_send_is_an_error_and_the_function_lives_on() {
    let stack = Stack::start().await.unwrap();
    let mut function = start(&stack, "health").await;
    for nonsense in ["", "{", "[]", r#"{"version": "2.0"}"#] {
        error(&mut function, nonsense).await;
    }
    assert_eq!(answer(&mut function, health()).await.0, 200);
}

#[tokio::test]
async fn a_panic_is_an_error_of_one_invocation_and_the_function_lives_on() {
    let stack = Stack::start().await.unwrap();
    let mut function = start(&stack, "panicking").await;
    let event = || Event::new("GET", "/panicking", "/panicking");
    let diagnostic = error(
        &mut function,
        event().query("panic=true").into_value().to_string(),
    )
    .await;
    assert!(
        diagnostic.error_message.contains("a defect"),
        "{diagnostic:?}"
    );
    assert!(function.is_running());
    assert_eq!(answer(&mut function, event()).await.0, 200);
}

#[tokio::test]
async fn a_function_without_a_setting_ends_before_its_first_event_and_names_it() {
    let stack = Stack::start().await.unwrap();
    let mut environment = stack.environment();
    environment.retain(|(name, _)| name != "TABLE_NAME");
    let mut function = start_in(&environment, "health").await;
    let ended = function.first_poll().await.unwrap_err();
    assert!(
        matches!(&ended, ProcessError::Ended { output, .. } if output.contains("TABLE_NAME")),
        "{ended}"
    );
}
