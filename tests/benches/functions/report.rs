//! The figures as tables, beside the goals, and into docs/performance.md.

use crate::measure::{Measured, ROUNDS, median};
use crate::{Failure, HELLO};
use platform::clock::{Clock as _, SystemClock};
use std::fmt;
use std::time::Duration;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->\n";

/// First poll beside hello's, in hundredths.
const RATIO_GOAL: u128 = 160;
/// Peak memory, in bytes.
const MEMORY_GOAL: u64 = 18_000_000;
/// Peak memory of functions that hash passwords: one hash takes 19 MiB.
const HASHING_MEMORY_GOAL: u64 = 42_000_000;
/// Instructions of one warm event.
const INSTRUCTION_GOAL: u64 = 600_000;
/// A stripped binary, in bytes.
const SIZE_GOAL: u64 = 7_500_000;

/// A binary as it is deployed.
pub(crate) struct Artifact {
    /// Operation id.
    pub(crate) name: String,
    /// Its size.
    pub(crate) bytes: u64,
}

/// Everything that was measured.
pub(crate) struct Report {
    /// Of each function, hello among them.
    pub(crate) measured: Vec<Measured>,
    /// Of each function.
    pub(crate) artifacts: Vec<Artifact>,
}

impl Report {
    /// The goals that were missed, each with the figure.
    pub(crate) fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        for function in self.functions() {
            let name = function.name;
            let ratio = self.ratio(function, |it| &it.first_poll);
            if ratio > RATIO_GOAL {
                missed.push(format!(
                    "{name} polls first after {} hellos",
                    hundredths(ratio)
                ));
            }
            if function.peak_memory > memory_goal(name) {
                missed.push(format!("{name} needs {}", megabytes(function.peak_memory)));
            }
            if let Some(instructions) = function.instructions.filter(|_| !hashes(name))
                && instructions > INSTRUCTION_GOAL
            {
                missed.push(format!("{name} takes {instructions} instructions"));
            }
        }
        let large = self
            .artifacts
            .iter()
            .filter(|artifact| artifact.bytes > SIZE_GOAL);
        missed.extend(
            large.map(|artifact| {
                format!("{} is {} large", artifact.name, megabytes(artifact.bytes))
            }),
        );
        missed
    }

    /// Writes the tables between the marks of docs/performance.md.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        let document = std::fs::read_to_string(DOCUMENT)?;
        let (before, rest) = document
            .split_once(BEGIN)
            .ok_or("docs/performance.md lacks its mark")?;
        let (_, after) = rest
            .split_once(END)
            .ok_or("docs/performance.md lacks its mark")?;
        std::fs::write(DOCUMENT, format!("{before}{BEGIN}\n{self}\n{END}{after}"))?;
        Ok(())
    }

    fn functions(&self) -> impl Iterator<Item = &Measured> {
        self.measured
            .iter()
            .filter(|measured| measured.name != HELLO)
    }

    fn hello(&self) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.name == HELLO)
    }

    /// Times beside hello's of the same rounds, the median, in hundredths.
    fn ratio(&self, function: &Measured, times: impl Fn(&Measured) -> &[Duration]) -> u128 {
        let hellos = self.hello().map_or(&[][..], &times);
        let ratios: Vec<u128> = times(function)
            .iter()
            .zip(hellos)
            .filter_map(|(mine, hellos)| part(mine.as_nanos(), hellos.as_nanos()))
            .collect();
        median(&ratios)
    }

    /// Peak memory beside hello's, in hundredths.
    fn memory_ratio(&self, function: &Measured) -> u128 {
        let hello = self.hello().map_or(0, |hello| hello.peak_memory);
        part(u128::from(function.peak_memory), u128::from(hello)).unwrap_or(0)
    }
}

/// In hundredths; none of nothing.
fn part(mine: u128, other: u128) -> Option<u128> {
    mine.saturating_mul(100).checked_div(other)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let date = SystemClock.now().strftime("%Y-%m-%d");
        writeln!(
            f,
            "{date}, {cores} {} cores, medians of {ROUNDS} rounds.\n",
            std::env::consts::ARCH
        )?;
        writeln!(
            f,
            "| function | first poll | × hello | first answer | × | warm | × | peak memory | × | instructions |"
        )?;
        writeln!(
            f,
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )?;
        for function in &self.measured {
            let instructions = function
                .instructions
                .map_or_else(|| "not counted".to_owned(), thousands);
            writeln!(
                f,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {instructions} |",
                function.name,
                milliseconds(median(&function.first_poll)),
                hundredths(self.ratio(function, |it| &it.first_poll)),
                milliseconds(median(&function.first_answer)),
                hundredths(self.ratio(function, |it| &it.first_answer)),
                milliseconds(median(&function.warm)),
                hundredths(self.ratio(function, |it| &it.warm)),
                megabytes(function.peak_memory),
                hundredths(self.memory_ratio(function)),
            )?;
        }
        writeln!(
            f,
            "| *goal* | | ≤ {} | | | | | ≤ {}, hashing ≤ {} | | ≤ {}, but hashing |\n",
            hundredths(RATIO_GOAL),
            megabytes(MEMORY_GOAL),
            megabytes(HASHING_MEMORY_GOAL),
            thousands(INSTRUCTION_GOAL),
        )?;
        writeln!(f, "| artifact | size |\n| --- | ---: |")?;
        for artifact in &self.artifacts {
            writeln!(f, "| {} | {} |", artifact.name, megabytes(artifact.bytes))?;
        }
        writeln!(f, "| *goal, each* | ≤ {} |", megabytes(SIZE_GOAL))
    }
}

fn hashes(name: &str) -> bool {
    matches!(name, "login" | "register")
}

fn memory_goal(name: &str) -> u64 {
    if hashes(name) {
        HASHING_MEMORY_GOAL
    } else {
        MEMORY_GOAL
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{} ms", hundredths(time.as_micros() / 10))
}

/// Megabytes of 1,000,000 bytes, rounded up so that no goal is met by it.
fn megabytes(bytes: u64) -> String {
    format!("{} MB", hundredths(u128::from(bytes.div_ceil(10_000))))
}

fn hundredths(value: u128) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}

fn thousands(value: u64) -> String {
    format!("{} k", value.div_ceil(1_000))
}
