//! What is measured of a function.

use crate::Failure;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tests::function::{Function, Launch};
use tests::runtime_api::Outcome;

/// How often each function is started.
pub(crate) const ROUNDS: usize = 15;
/// Events a function gets after its first, each time it is started.
const WARM: usize = 30;
/// Events before the peak of memory is read.
const MANY: usize = 1_000;
/// Events between the two counts of instructions.
const COUNTED: u64 = 100;

/// A function, and the event it gets.
pub(crate) struct Subject {
    /// Operation id.
    pub(crate) name: &'static str,
    /// Its binary.
    pub(crate) binary: PathBuf,
    /// Its environment.
    pub(crate) environment: Vec<(String, String)>,
    /// The event, the same each time.
    pub(crate) event: Value,
}

/// What was measured of a function. Times are one per round.
pub(crate) struct Measured {
    /// Operation id.
    pub(crate) name: &'static str,
    /// From the start of the process to its first poll.
    pub(crate) first_poll: Vec<Duration>,
    /// From the start of the process to its first answer.
    pub(crate) first_answer: Vec<Duration>,
    /// A later event, the median of a round.
    pub(crate) warm: Vec<Duration>,
    /// The most memory resident within a thousand events, in bytes.
    pub(crate) peak_memory: u64,
    /// Instructions per event; none where valgrind is not installed.
    pub(crate) instructions: Option<u64>,
}

impl Measured {
    /// Nothing yet.
    pub(crate) fn of(name: &'static str) -> Self {
        Self {
            name,
            first_poll: Vec::new(),
            first_answer: Vec::new(),
            warm: Vec::new(),
            peak_memory: 0,
            instructions: None,
        }
    }

    /// Starts the function once and gives it its events.
    pub(crate) async fn start(&mut self, subject: &Subject) -> Result<(), Failure> {
        let mut function = Launch::of(&subject.binary, &subject.environment)
            .start()
            .await?;
        // As in Lambda, where an event waits for the environment it needs.
        invoke(&mut function, subject).await?;
        self.first_answer.push(function.age());
        self.first_poll.push(function.first_poll().await?);
        let mut warm = Vec::new();
        for _ in 0..WARM {
            warm.push(invoke(&mut function, subject).await?);
        }
        self.warm.push(median(&warm));
        function.stop().await?;
        Ok(())
    }
}

/// The middle one.
pub(crate) fn median<T: Copy + Ord + Default>(values: &[T]) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The most memory a function had resident within a thousand events.
pub(crate) async fn peak_memory(subject: &Subject) -> Result<u64, Failure> {
    let mut function = Launch::of(&subject.binary, &subject.environment)
        .start()
        .await?;
    for _ in 0..MANY {
        invoke(&mut function, subject).await?;
    }
    let peak = function.peak_memory()?;
    function.stop().await?;
    Ok(peak)
}

/// Instructions per event, as callgrind counts them: what 101 events cost
/// beyond what one does, so that the start is out of it.
pub(crate) async fn instructions(subject: &Subject) -> Result<Option<u64>, Failure> {
    let installed = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !installed.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let one = counted(subject, 1).await?;
    let many = counted(subject, COUNTED.saturating_add(1)).await?;
    Ok(Some(many.saturating_sub(one) / COUNTED))
}

async fn counted(subject: &Subject, events: u64) -> Result<u64, Failure> {
    let counts = subject.binary.with_extension("callgrind");
    let launch = Launch {
        through: vec![
            "valgrind".into(),
            "--quiet".into(),
            "--tool=callgrind".into(),
            format!("--callgrind-out-file={}", counts.display()).into(),
        ],
        ..Launch::of(&subject.binary, &subject.environment)
    };
    let mut function = launch.start().await?;
    for _ in 0..events {
        invoke(&mut function, subject).await?;
    }
    function.stop().await?;
    total(&counts)
}

/// The sum in callgrind's file.
fn total(counts: &Path) -> Result<u64, Failure> {
    let text = std::fs::read_to_string(counts)?;
    let total = text.lines().find_map(|line| {
        line.strip_prefix("totals:")
            .or_else(|| line.strip_prefix("summary:"))
    });
    Ok(total.ok_or("callgrind counted nothing")?.trim().parse()?)
}

async fn invoke(function: &mut Function, subject: &Subject) -> Result<Duration, Failure> {
    let invocation = function.invoke(&subject.event).await?;
    match &invocation.outcome {
        // What is refused, throttled or broken must not pass for fast.
        Outcome::Answer(answer) if matches!(answer["statusCode"].as_u64(), Some(200)) => {
            Ok(invocation.took)
        }
        Outcome::Answer(answer) => Err(format!("{} answered {answer}", subject.name).into()),
        Outcome::Error(diagnostic) => {
            Err(format!("{} failed: {diagnostic:?}", subject.name).into())
        }
    }
}
