//! Crash points once more, in earnest: the functions run as released, in
//! processes of their own on a table in a file, and the one that meets a crash
//! is killed. Whatever it had in memory is gone for certain.

use super::crash::{Rehearsal, Theatre, Told};
use super::modes::Mode;
use super::report::Report;
use super::scenario::{Scenario, options};
use crate::binaries::Binaries;
use crate::function::{Function, Launch, ProcessError};
use crate::runtime_api::Outcome;
use crate::stack::environment;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::SignedDuration;
use local::{Cloud, Elsewhere, Fault, FunctionError, Options, Outlet};
use platform::clock::{Clock as _, SystemClock};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// Processes know the real time alone. The cloud's clock is put to it before
/// each act, and this much ahead, so that nothing a process writes is dated
/// past the cloud's present.
const AHEAD: SignedDuration = SignedDuration::from_millis(50);

/// A story is prepared so that its act begins this much before the real
/// present: the clock only moves forward.
const EARLY: SignedDuration = SignedDuration::from_secs(60);

/// The functions of one cloud, each in a process of its own.
struct Processes {
    cloud: Cloud,
    binaries: Binaries,
    running: Mutex<HashMap<String, (Outlet, Function)>>,
    killed: AtomicU64,
}

impl Processes {
    fn new(cloud: &Cloud, binaries: &Binaries) -> Arc<Self> {
        Arc::new(Self {
            cloud: cloud.clone(),
            binaries: binaries.clone(),
            running: Mutex::default(),
            killed: AtomicU64::new(0),
        })
    }

    /// Starts a function's process. None when it meets its crash already.
    async fn start(&self, name: &str) -> Result<Option<(Outlet, Function)>, ProcessError> {
        let failed = |cause| ProcessError::Io {
            name: name.to_owned(),
            cause,
        };
        let outlet = self.cloud.outlet(name).await.map_err(failed)?;
        let environment = environment(&self.cloud, &outlet.aws(), &outlet.web());
        let launch = Launch::of(&self.binaries.path(name), &environment);
        let mut process = launch.start().await?;
        match outlet.unless_it_crashes(process.first_poll()).await {
            Some(polled) => {
                polled?;
                outlet.has_started();
                Ok(Some((outlet, process)))
            }
            None => {
                process.kill().await?;
                Ok(None)
            }
        }
    }

    /// Runs a function on an event. None when it was killed.
    async fn invoke(&self, name: &str, event: &Value) -> Result<Option<Outcome>, ProcessError> {
        let mut running = self.running.lock().await;
        let started = match running.remove(name) {
            Some(started) => Some(started),
            None => self.start(name).await?,
        };
        let Some((outlet, mut process)) = started else {
            return Ok(None);
        };
        match outlet.unless_it_crashes(process.invoke(event)).await {
            Some(invocation) => {
                running.insert(name.to_owned(), (outlet, process));
                Ok(Some(invocation?.outcome))
            }
            None => {
                process.kill().await?;
                Ok(None)
            }
        }
    }

    async fn answer(&self, function: &str, event: &Value) -> Result<Value, FunctionError> {
        let failed = |cause: String| FunctionError::Failed {
            function: function.to_owned(),
            cause,
        };
        match self.invoke(function, event).await {
            Ok(Some(Outcome::Answer(answer))) => Ok(answer),
            Ok(Some(Outcome::Error(diagnostic))) => Err(failed(diagnostic.error_message)),
            Ok(None) => {
                self.killed.fetch_add(1, Ordering::Relaxed);
                // From here on the story goes on without a fault, and the
                // cloud's clock runs ahead of the real one.
                self.cloud.run_elsewhere(None);
                Err(FunctionError::Crashed(function.to_owned()))
            }
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

impl Elsewhere for Processes {
    fn run<'a>(
        &'a self,
        function: &'a str,
        event: Value,
    ) -> BoxFuture<'a, Result<Value, FunctionError>> {
        async move { self.answer(function, &event).await }.boxed()
    }
}

/// A file for a table, which goes with it.
struct TableFolder(PathBuf);

impl TableFolder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cyna-kills-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for TableFolder {
    fn drop(&mut self) {
        // What is left of it harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A story whose act begins at the real present, on a table in a file.
async fn rehearse(story: &Scenario, data: &Path) -> Rehearsal {
    let usual = options();
    let began = usual.now;
    let theatre = Theatre::open_with(usual).await;
    let took = theatre
        .rehearse(story.clone())
        .await
        .began()
        .duration_since(began);
    let now = SystemClock.now() - took - EARLY;
    let real = Options {
        flowing: true,
        data: Some(data.to_owned()),
        ..options().at(now)
    };
    Theatre::open_with(real).await.rehearse(story.clone()).await
}

/// Tells the story and kills the process that meets the fault.
async fn tell(story: &Rehearsal, binaries: &Binaries, effect: u64, mode: Mode) -> Told {
    let cloud = story.cloud();
    let faults = [(effect, mode)];
    let before = story.begin(&faults).await;
    cloud.skip_to(SystemClock.now() + AHEAD);
    let processes = Processes::new(cloud, binaries);
    cloud.run_elsewhere(Some(Arc::<Processes>::clone(&processes)));
    let answer = story.act().await;
    cloud.run_elsewhere(None);
    let mut told = story.end(before, answer, &faults).await;
    match processes.killed.load(Ordering::Relaxed) {
        1 => {}
        killed => told.wrong.push(format!("{killed} processes were killed")),
    }
    told
}

/// Kills a process at every n-th effect of the story's act: at each both
/// before it and after it, or in turn where some are left out.
pub async fn kills(story: &Scenario, binaries: &Binaries, every: usize, report: &mut Report) {
    let folder = TableFolder::new();
    let story = rehearse(story, &folder.0.join("table.db")).await;
    if !story.writes() {
        return;
    }
    let crashes = [Fault::CrashBefore, Fault::CrashAfter];
    let places = story.effects().len();
    for (turn, place) in (0..places).step_by(every).enumerate() {
        let effect = u64::try_from(place).unwrap() + 1;
        for (way, crash) in crashes.into_iter().enumerate() {
            if every == 1 || way == turn % 2 {
                let mode = (crash, 1);
                let told = tell(&story, binaries, effect, mode).await;
                report.note(&story, &[(effect, mode)], &told);
            }
        }
    }
}
