//! What a stack with a data file keeps beside its table: the clock, the
//! secrets, the provider's book, the mails and the logins.

use crate::mailbox::Mail;
use crate::register::Entries;
use crate::seed::Login;
use crate::vault::Versions;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything beside the table.
#[derive(Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) now: Timestamp,
    pub(crate) secrets: BTreeMap<String, Versions>,
    pub(crate) provider: String,
    pub(crate) mails: Vec<Mail>,
    #[serde(default)]
    pub(crate) register: Entries,
    pub(crate) logins: Vec<Login>,
}

/// What is kept cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file system.
    #[error("the file cannot be read or written")]
    File(#[from] std::io::Error),
    /// The content.
    #[error("the content is not what this stack writes")]
    Content(#[from] serde_json::Error),
}

/// The file beside a data file.
fn beside(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".stack.json");
    PathBuf::from(name)
}

impl Saved {
    /// What was kept beside a data file, if anything was.
    ///
    /// # Errors
    /// [`SaveError`].
    pub(crate) fn read(data: Option<&Path>) -> Result<Option<Self>, SaveError> {
        let Some(data) = data else {
            return Ok(None);
        };
        match std::fs::read(beside(data)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps it, whole or not at all.
    ///
    /// # Errors
    /// [`SaveError`].
    pub(crate) fn write(&self, data: &Path) -> Result<(), SaveError> {
        let file = beside(data);
        let fresh = file.with_extension("json.new");
        std::fs::write(&fresh, serde_json::to_vec(self)?)?;
        std::fs::rename(&fresh, &file)?;
        Ok(())
    }
}
