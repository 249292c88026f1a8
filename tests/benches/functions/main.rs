//! Measures the functions as they are deployed, beside a function that does
//! nothing on the same runtime and the same harness.
//!
//! Without arguments everything is measured, and the figures are written into
//! docs/performance.md. With names of functions only those are measured, and
//! printed. Fails when a goal is missed.

mod measure;
mod report;

use measure::{Measured, Subject};
use report::{Artifact, Report};
use serde_json::json;
use std::error::Error;
use std::io::Write as _;
use tests::binaries::{Binaries, Profile};
use tests::event::Event;
use tests::stack::Stack;

type Failure = Box<dyn Error + Send + Sync>;

/// The function the others are compared with.
const HELLO: &str = "hello";

fn main() -> Result<(), Failure> {
    // Cargo says that this is a benchmark; other flags there are none.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(bench(&wanted))
}

async fn bench(wanted: &[String]) -> Result<(), Failure> {
    say("building the functions as they are deployed")?;
    let binaries = Binaries::build(Profile::Deploy, &[]).await?;
    let stack = Stack::start().await?;
    let subjects: Vec<Subject> = subjects(&stack, &binaries)
        .await?
        .into_iter()
        .filter(|subject| {
            wanted.is_empty()
                || subject.name == HELLO
                || wanted.iter().any(|name| name == subject.name)
        })
        .collect();
    let mut measured: Vec<Measured> = subjects
        .iter()
        .map(|subject| Measured::of(subject.name))
        .collect();
    for round in 1..=measure::ROUNDS {
        say(&format!(
            "starting each, round {round} of {}",
            measure::ROUNDS
        ))?;
        for (subject, measured) in subjects.iter().zip(&mut measured) {
            measured.start(subject).await?;
        }
    }
    for (subject, measured) in subjects.iter().zip(&mut measured) {
        say(&format!("memory and instructions of {}", subject.name))?;
        measured.peak_memory = measure::peak_memory(subject).await?;
        measured.instructions = measure::instructions(subject).await?;
    }
    let report = Report {
        measured,
        artifacts: artifacts(&binaries)?,
    };
    say(&report.to_string())?;
    if wanted.is_empty() {
        report.write()?;
    }
    match report.missed().as_slice() {
        [] => Ok(()),
        missed => Err(format!("goals missed: {}", missed.join("; ")).into()),
    }
}

/// What is measured: one function of each kind.
async fn subjects(stack: &Stack, binaries: &Binaries) -> Result<Vec<Subject>, Failure> {
    let environment = stack.environment();
    let token = stack.log_in().await?;
    let subject = |name: &'static str, event: Event| Subject {
        name,
        binary: binaries.path(name),
        environment: environment.clone(),
        event: event.into_value(),
    };
    let get = |path: &str| Event::new("GET", path, path);
    let order = stack.place_order(&token).await?;
    let path = format!("/v1/orders/{order}");
    Ok(vec![
        subject(HELLO, get("/")),
        subject("health", get("/v1/health")),
        subject("list_products", get("/v1/products").query("limit=20")),
        subject("get_profile", get("/v1/me").token(&token)),
        subject(
            "get_order",
            Event::new("GET", "/v1/orders/{id}", &path)
                .parameter("id", &order)
                .token(&token),
        ),
        subject(
            "login",
            Event::new("POST", "/v1/auth/login", "/v1/auth/login").json(&credentials(stack)?),
        ),
    ])
}

fn credentials(stack: &Stack) -> Result<serde_json::Value, Failure> {
    let mut credentials = stack.credentials()?;
    if let Some(members) = credentials.as_object_mut() {
        members.insert("tokenTransport".to_owned(), json!("body"));
    }
    Ok(credentials)
}

fn artifacts(binaries: &Binaries) -> Result<Vec<Artifact>, Failure> {
    let mut artifacts = Vec::new();
    for name in Binaries::names()? {
        let bytes = binaries.path(&name).metadata()?.len();
        artifacts.push(Artifact { name, bytes });
    }
    Ok(artifacts)
}

fn say(what: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{what}")?)
}
