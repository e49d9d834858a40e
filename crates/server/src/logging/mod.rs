//! The log: lines for people on a terminal, JSON elsewhere, and never a secret in either.

mod redact;

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

pub use redact::redact;

use crate::config::{Log, LogFormat, LogLevel};

/// Where log lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// For a server: the log is what it prints.
    Stdout,
    /// For a command, whose result is what it prints.
    Stderr,
}

/// Starts the log of this process. `RUST_LOG`, where it is set, decides what is logged.
///
/// # Errors
/// When `RUST_LOG` cannot be read.
pub fn start(log: &Log, output: Output) -> Result<(), String> {
    let is_terminal = output.is_terminal();
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(directives) if !directives.is_empty() => {
            EnvFilter::try_new(&directives).map_err(|error| format!("RUST_LOG: {error}"))?
        }
        _ => EnvFilter::new(directives(log.level, is_terminal)),
    };
    // A line that cannot be written is lost: to complain of it on a closed stderr would be a panic.
    let layer = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Redacted(output))
        .log_internal_errors(false);
    // A log that was started before, by a test, stays.
    let _already_started = if is_json(log.format, is_terminal) {
        layer.json().flatten_event(true).with_span_list(false).try_init()
    } else {
        layer.compact().with_target(false).with_ansi(is_terminal && colours()).try_init()
    };
    Ok(())
}

/// Whether log lines are JSON.
pub fn is_json(format: LogFormat, is_terminal: bool) -> bool {
    match format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    }
}

/// Whether colours are welcome: <https://no-color.org>.
pub fn colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Our own crates at this level; the drivers below only where they complain, since they log every statement.
/// On a terminal the banner tells what became of the schema.
fn directives(level: LogLevel, is_terminal: bool) -> String {
    let drivers = "sqlx=warn,hyper=warn,rustls=warn,ureq=warn";
    match level {
        LogLevel::Error | LogLevel::Warn | LogLevel::Trace => level.as_str().to_owned(),
        LogLevel::Info if is_terminal => format!("{level},{drivers},fireside_db::migrate=warn"),
        LogLevel::Info | LogLevel::Debug => format!("{level},{drivers}"),
    }
}

impl Output {
    /// Whether people look at it.
    pub fn is_terminal(self) -> bool {
        match self {
            Output::Stdout => io::stdout().is_terminal(),
            Output::Stderr => io::stderr().is_terminal(),
        }
    }
}

struct Redacted(Output);

/// Takes one line of the log, as the formatter writes it: all of it in one call.
struct Line(Output);

impl MakeWriter<'_> for Redacted {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line(self.0)
    }
}

impl io::Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let clean = redact(&text);
        match self.0 {
            Output::Stdout => io::stdout().write_all(clean.as_bytes())?,
            Output::Stderr => io::stderr().write_all(clean.as_bytes())?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {
            Output::Stdout => io::stdout().flush(),
            Output::Stderr => io::stderr().flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_where_nobody_looks() {
        assert!(is_json(LogFormat::Auto, false));
        assert!(!is_json(LogFormat::Auto, true));
        assert!(is_json(LogFormat::Json, true));
        assert!(!is_json(LogFormat::Text, false));
    }

    #[test]
    fn every_level_is_a_valid_filter() {
        for level in [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace] {
            assert!(EnvFilter::try_new(directives(level, true)).is_ok(), "{level}");
        }
    }
}
