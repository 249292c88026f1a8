//! The functions' binaries, built as released or as deployed.

use std::io;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// A profile of Cargo.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// What tests start: what is deployed, but for optimisation at link time,
    /// which takes a minute for each binary.
    Release,
    /// What is deployed.
    Deploy,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Deploy => "deploy",
        }
    }
}

/// Binaries that were built.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Builds these binaries of `functions` and `probes`; all of them when none
    /// is named. Takes minutes the first time and a second after.
    ///
    /// # Errors
    /// When they do not build.
    pub async fn build(profile: Profile, names: &[&str]) -> io::Result<Self> {
        let target = target_folder()?;
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .args([
                "build",
                "--locked",
                "--quiet",
                "--profile",
                profile.name(),
                "-p",
                "functions",
                "-p",
                "probes",
            ])
            .args(names.iter().flat_map(|name| ["--bin", name]))
            .arg("--target-dir")
            .arg(&target);
        let status = cargo.status().await?;
        if !status.success() {
            return Err(io::Error::other(format!(
                "the functions do not build: {status}"
            )));
        }
        Ok(Self {
            folder: target.join(profile.name()),
        })
    }

    /// The binary of a function.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The name of every function: one per file in `functions/src/bin`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names() -> io::Result<Vec<String>> {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/src/bin"));
        let mut names = Vec::new();
        for entry in folder.read_dir()? {
            let path = entry?.path();
            names.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
        names.sort();
        Ok(names)
    }
}

/// Cargo's target folder: this program runs from `<target>/<profile>`, or from
/// `deps` in it.
fn target_folder() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let profile = program
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps"));
    let folder = profile.and_then(Path::parent).map(Path::to_owned);
    folder.ok_or_else(|| io::Error::other("this program does not run from cargo's target folder"))
}
