//! The whole cloud as it stands, to be gone back to: a crash enumeration
//! plays the same story a thousand times from the same page.

use crate::chance::Chance;
use crate::clock::VirtualClock;
use crate::cloud::Cloud;
use crate::conductor::Conductor;
use crate::engine::{Engine, EngineError, TABLE};
use crate::lock::lock;
use crate::mailbox::Mail;
use crate::register::Entries;
use crate::stream::Change;
use crate::vault::Versions;
use dynoxide::{AttributeValue, Database};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A cloud as it stood. Environments of functions are not kept: after going
/// back every function starts cold.
#[derive(Debug)]
pub struct Snapshot {
    table: TableFile,
    /// What the stream has not delivered.
    stream: Vec<Change>,
    now: Timestamp,
    provider: String,
    mails: Vec<Mail>,
    register: Entries,
    secrets: BTreeMap<String, Versions>,
    entropy: Option<Chance>,
    conductor: Conductor,
    requests: u64,
    effects: u64,
}

/// A cloud cannot be kept or gone back to.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The table.
    #[error(transparent)]
    Table(#[from] EngineError),
    /// The provider's book.
    #[error("the provider's book cannot be kept or read")]
    Book(#[from] serde_json::Error),
}

/// A copy of the table in a file that goes when nobody needs it.
#[derive(Debug)]
struct TableFile(PathBuf);

impl TableFile {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "cyna-{}-{}.db",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        // In memory where the system has a file system for that.
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        Self(folder.join(name))
    }

    fn path(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Snapshot {
    /// What the clock showed.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

impl Drop for TableFile {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            // One that is not there needs no removal.
            let _ = std::fs::remove_file(format!("{}{suffix}", self.path()));
        }
    }
}

impl Engine {
    fn keep(&self) -> Result<TableFile, EngineError> {
        let file = TableFile::new();
        self.database().vacuum_into(&file.path())?;
        Ok(file)
    }

    fn go_back(&self, file: &TableFile) -> Result<(), EngineError> {
        self.set_lag(0)?;
        self.database().restore_from(&file.path())?;
        lock(&self.journal).clear();
        Ok(())
    }

    /// Deletes what has expired: what the table does by itself, in its time.
    pub(crate) fn expire(&self, now: Timestamp) -> Result<(), EngineError> {
        for item in self.all()? {
            let Some(AttributeValue::N(ends)) = item.get("expires_at") else {
                continue;
            };
            if ends.parse::<i64>().is_ok_and(|ends| ends < now.as_second()) {
                let part = |name: &str| serde_json::to_value(item.get(name)).unwrap_or_default();
                let key = json!({"pk": part("pk"), "sk": part("sk")});
                self.call("", "DeleteItem", &json!({"TableName": TABLE, "Key": key}));
            }
        }
        Ok(())
    }

    /// A copy of the table in memory.
    pub(crate) fn copy(&self) -> Result<Database, EngineError> {
        let file = self.keep()?;
        let clock: VirtualClock = self.clock().clone();
        let copy = Database::memory_with_clock(Arc::new(clock))?;
        copy.restore_from(&file.path())?;
        Ok(copy)
    }
}

impl Cloud {
    /// Keeps everything as it stands. Nothing must be under way.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub async fn snapshot(&self) -> Result<Snapshot, SnapshotError> {
        let conductor = self.conductor().lock().await;
        let backends = self.backends();
        Ok(Snapshot {
            table: backends.engine.keep()?,
            stream: lock(&backends.engine.journal).waiting(),
            now: self.now(),
            provider: backends.simulator.dump()?,
            mails: backends.mailbox.mails(None),
            register: backends.register.entries(),
            secrets: backends.vault.dump(),
            entropy: self.0.seeded.as_ref().map(|entropy| entropy.chance()),
            conductor: conductor.clone(),
            requests: self.0.requests.load(Ordering::Relaxed),
            effects: backends.effects(),
        })
    }

    /// Goes back to what was kept: faults, traces, logs and everything that
    /// functions had in memory are gone.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub async fn go_back(&self, to: &Snapshot) -> Result<(), SnapshotError> {
        let mut conductor = self.conductor().lock().await;
        let backends = self.backends();
        self.functions().stop();
        backends.calm(to.effects);
        backends.engine.go_back(&to.table)?;
        lock(&backends.engine.journal).put_back(&to.stream);
        backends.simulator.restore(&to.provider)?;
        backends.mailbox.restore(to.mails.clone());
        backends.register.restore(to.register.clone());
        backends.vault.restore(to.secrets.clone());
        backends.clock.set(to.now);
        backends.take_trace();
        self.0.log.take();
        if let (Some(entropy), Some(chance)) = (&self.0.seeded, &to.entropy) {
            entropy.set(chance.clone());
        }
        self.0.requests.store(to.requests, Ordering::Relaxed);
        *conductor = to.conductor.clone();
        Ok(())
    }
}
