//! Where the functions' log lines go.

use crate::lock::lock;
use platform::telemetry::Log;
use serde_json::Value;
use std::io::Write as _;
use std::sync::Mutex;

/// Prints a short form of each line, or keeps the lines for a test to read.
#[derive(Debug)]
pub(crate) enum LogSink {
    Print,
    Collect(Mutex<Vec<String>>),
}

impl LogSink {
    /// The lines kept so far; they are then forgotten.
    pub(crate) fn take(&self) -> Vec<String> {
        match self {
            Self::Print => Vec::new(),
            Self::Collect(lines) => std::mem::take(&mut *lock(lines)),
        }
    }
}

impl Log for LogSink {
    fn write(&self, line: &str) {
        match self {
            // A log that cannot be written must not fail the request.
            Self::Print => drop(writeln!(std::io::stdout().lock(), "{}", short(line))),
            Self::Collect(lines) => lock(lines).push(line.to_owned()),
        }
    }
}

/// Time, operation, status, code, duration and error of a line.
fn short(line: &str) -> String {
    let Ok(fields) = serde_json::from_str::<Value>(line) else {
        return line.to_owned();
    };
    let text = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let at = text("at");
    let second = at.get(..19).unwrap_or(&at).replace('T', " ");
    let mut parts = vec![second, format!("{:<22}", text("operation"))];
    parts.extend(
        ["status", "code", "error"]
            .map(text)
            .into_iter()
            .filter(|part| !part.is_empty()),
    );
    parts.push(format!("{} ms", text("Duration")));
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_printed_line_tells_what_matters() {
        let line = r#"{"at":"2026-01-31T09:00:00.123Z","operation":"login","status":401,"code":"invalid_credentials","Duration":21,"_aws":{}}"#;
        assert_eq!(
            short(line),
            "2026-01-31 09:00:00  login                   401  invalid_credentials  21 ms"
        );
    }
}
