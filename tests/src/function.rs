//! A function's process.

use crate::runtime_api::{Invocation, RuntimeApi, now};
use bytes::Bytes;
use serde_json::Value;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// A process that says nothing for this long never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to start, and how.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The function's binary.
    pub binary: PathBuf,
    /// Its environment, beside what Lambda itself sets.
    pub environment: Vec<(String, String)>,
    /// A program that runs it, with its arguments; none to run it as it is.
    pub through: Vec<OsString>,
}

/// Why a function gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started or watched.
    #[error("{name}: {cause}")]
    Io {
        /// The binary.
        name: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It ended.
    #[error("{name} ended with {status}, having written:\n{output}")]
    Ended {
        /// The binary.
        name: String,
        /// How.
        status: ExitStatus,
        /// What it wrote.
        output: String,
    },
    /// It neither answered nor ended.
    #[error("{name} said nothing for a minute, having written:\n{output}")]
    Silent {
        /// The binary.
        name: String,
        /// What it wrote.
        output: String,
    },
}

/// A function that runs. It is killed when dropped.
pub struct Function {
    name: String,
    child: Child,
    api: RuntimeApi,
    spawned: Instant,
    output: Arc<Mutex<Vec<u8>>>,
    /// Who reads the output; they end with it.
    readers: JoinSet<()>,
}

impl Launch {
    /// Starts a binary as it is.
    pub fn of(binary: &Path, environment: &[(String, String)]) -> Self {
        Self {
            binary: binary.to_owned(),
            environment: environment.to_vec(),
            through: Vec::new(),
        }
    }

    /// Starts the process, with a Runtime API of its own.
    ///
    /// # Errors
    /// [`ProcessError::Io`] when it cannot be started.
    pub async fn start(&self) -> Result<Function, ProcessError> {
        let name = self
            .binary
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let failed = |cause| ProcessError::Io {
            name: name.clone(),
            cause,
        };
        let api = RuntimeApi::open().await.map_err(failed)?;
        let mut line: Vec<OsString> = self.through.clone();
        line.push(self.binary.clone().into_os_string());
        let mut words = line.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let spawned = now();
        let mut child = command.spawn().map_err(failed)?;
        let output = Arc::new(Mutex::new(Vec::new()));
        let mut readers = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            readers.spawn(keep(stdout, Arc::clone(&output)));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.spawn(keep(stderr, Arc::clone(&output)));
        }
        Ok(Function {
            name,
            child,
            api,
            spawned,
            output,
            readers,
        })
    }
}

impl Function {
    /// Waits until the function asks for its first event: how long that took
    /// from the start of the process.
    ///
    /// # Errors
    /// [`ProcessError`] when it does not.
    pub async fn first_poll(&mut self) -> Result<Duration, ProcessError> {
        let polled = tokio::select! {
            at = self.api.first_poll() => Ok(at),
            status = self.child.wait() => Err(Some(status)),
            () = pause() => Err(None),
        };
        match polled {
            Ok(at) => Ok(at.duration_since(self.spawned)),
            Err(ended) => Err(self.lost(ended).await),
        }
    }

    /// Hands an event to the function and waits for what it says.
    ///
    /// # Errors
    /// [`ProcessError`] when it says nothing.
    pub async fn invoke(&mut self, event: &Value) -> Result<Invocation, ProcessError> {
        self.invoke_raw(event.to_string()).await
    }

    /// As [`Function::invoke`], with whatever bytes.
    ///
    /// # Errors
    /// [`ProcessError`] when it says nothing.
    pub async fn invoke_raw(
        &mut self,
        event: impl Into<Bytes>,
    ) -> Result<Invocation, ProcessError> {
        let told = tokio::select! {
            told = self.api.invoke(event) => told.ok_or(None),
            status = self.child.wait() => Err(Some(status)),
            () = pause() => Err(None),
        };
        match told {
            Ok(invocation) => Ok(invocation),
            Err(ended) => Err(self.lost(ended).await),
        }
    }

    /// How long the process has run.
    pub fn age(&self) -> Duration {
        now().duration_since(self.spawned)
    }

    /// The most memory it had resident so far, in bytes.
    ///
    /// # Errors
    /// [`ProcessError::Io`] where the kernel does not tell.
    pub fn peak_memory(&self) -> Result<u64, ProcessError> {
        let failed = |cause| ProcessError::Io {
            name: self.name.clone(),
            cause,
        };
        let id = self
            .child
            .id()
            .ok_or_else(|| failed(io::Error::other("it has ended")))?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).map_err(failed)?;
        status
            .lines()
            .find_map(|line| {
                line.strip_prefix("VmHWM:")?
                    .trim()
                    .strip_suffix(" kB")?
                    .parse::<u64>()
                    .ok()
            })
            .map(|kilobytes| kilobytes.saturating_mul(1024))
            .ok_or_else(|| failed(io::Error::other("/proc tells no VmHWM")))
    }

    /// What it wrote so far, to both outputs.
    pub fn output(&self) -> String {
        text(&self.output)
    }

    /// True while the process runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends the process at once, whatever it is at (SIGKILL).
    ///
    /// # Errors
    /// [`ProcessError::Io`] when it cannot be ended.
    pub async fn kill(mut self) -> Result<(), ProcessError> {
        let killed = self.child.kill().await;
        killed.map_err(|cause| ProcessError::Io {
            name: self.name,
            cause,
        })
    }

    /// Closes the Runtime API, which ends the function, and waits for that:
    /// everything it wrote.
    ///
    /// # Errors
    /// [`ProcessError`] when it does not end.
    pub async fn stop(self) -> Result<String, ProcessError> {
        let Self {
            name,
            mut child,
            api,
            output,
            mut readers,
            ..
        } = self;
        drop(api);
        let ended = tokio::select! {
            status = child.wait() => status.map(|_| ()).map_err(|cause| ProcessError::Io { name, cause }),
            () = pause() => Err(ProcessError::Silent { name, output: text(&output) }),
        };
        ended?;
        while readers.join_next().await.is_some() {}
        Ok(text(&output))
    }

    async fn lost(&mut self, ended: Option<io::Result<ExitStatus>>) -> ProcessError {
        let name = self.name.clone();
        match ended {
            Some(Ok(status)) => {
                while self.readers.join_next().await.is_some() {}
                ProcessError::Ended {
                    name,
                    status,
                    output: self.output(),
                }
            }
            Some(Err(cause)) => ProcessError::Io { name, cause },
            None => ProcessError::Silent {
                name,
                output: self.output(),
            },
        }
    }
}

fn text(output: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&output.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

async fn pause() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the limit on waiting for a real process"
    )]
    tokio::time::sleep(PATIENCE).await;
}

async fn keep(mut from: impl AsyncRead + Unpin, into: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0_u8; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        into.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(buffer.iter().take(length));
    }
}
