//! The command line of `proof`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use fireside_db::{Db, Options};

use crate::checker::{self, Bounds, Finding, History, Truth};
use crate::faults::{self, Effort};
use crate::program::Program;
use crate::workload::{Doors, Recorder, Settings, Workload};
use crate::{planted, simulation};

const USAGE: &str = "\
proof workload [--seed N] [--seconds N] [--people N] [--rooms N] [--pace-ms N] [--server PATH] [--database URL] [--keep DIR]
                    people use a server; what they were told is judged
proof check DIR     judges what a run with --keep has left: history.jsonl and truth.json
proof simulate [--from N] [--seeds N]
                    trouble at every commit, drawn from a seed; 1,000 seeds where no number is given
proof faults quick|all|F02 … [--seconds N] [--times N] [--seed N] [--server PATH] [--old PATH] [--keep DIR]
                    breaks something while people use a server
proof digests [--minutes N] [--pace-ms N] [--seed N] [--server PATH] [--keep DIR]
                    clients compare what they have with every digest while people use a server; five minutes where
                    no number is given
proof planted       sees the checker find each bug planted on purpose (needs --features planted-bugs)
proof serve|backup|restored
                    the server itself, and its commands of these names
";

/// Runs a command.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["workload", options @ ..] => block_on(workload(options)),
        ["simulate", options @ ..] => simulate(options),
        ["faults", words @ ..] => faults(words),
        ["digests", options @ ..] => digests(options),
        ["planted"] => block_on(planted::run()),
        ["check", directory] => check(Path::new(directory)),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(text) => println!("{text}"),
        Err(text) => {
            eprintln!("{}", text.trim_end());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().expect("a runtime").block_on(future)
}

/// Judges files.
fn check(directory: &Path) -> Result<String, String> {
    let read = |name: &str| {
        let path = directory.join(name);
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let history = History::read(&read("history.jsonl")?)?;
    let truth: Truth = serde_json::from_str(&read("truth.json")?).map_err(|error| error.to_string())?;
    verdict(&history, &truth, &Bounds::default())
}

/// What the checker says, in words.
///
/// # Errors
/// With everything it found.
pub fn verdict(history: &History, truth: &Truth, bounds: &Bounds) -> Result<String, String> {
    let findings = checker::check(history, truth, bounds);
    let tally = checker::tally(history);
    if findings.is_empty() {
        return Ok(format!("everything holds: {tally}"));
    }
    let shown: Vec<String> = findings.iter().take(20).map(Finding::to_string).collect();
    Err(format!("{} findings in {tally}\n{}", findings.len(), shown.join("\n")))
}

/// Reads what is stored; nobody else may have the database open.
///
/// # Errors
/// When it cannot be read.
pub async fn truth(database: &str) -> Result<Truth, String> {
    let url = database.parse().map_err(|error| format!("{error}"))?;
    let db = Db::open(&Options::new(url)).await.map_err(|error| error.to_string())?;
    let truth = Truth::read(&db).await.map_err(|error| error.to_string());
    db.close().await;
    truth
}

async fn workload(options: &[&str]) -> Result<String, String> {
    let options = options_of(options)?;
    let mut settings = Settings::default();
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut program = Program::own(files.path());
    let mut kept: Option<PathBuf> = None;
    for (name, value) in options {
        let number = || value.parse::<u64>().map_err(|_| format!("--{name} takes a number"));
        let small = || number().map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        match name {
            "seed" => settings.seed = number()?,
            "seconds" => settings.lasts = Duration::from_secs(number()?),
            "people" => settings.people = small()?,
            "rooms" => settings.rooms = small()?,
            "pace-ms" => settings.pace_ms = number()?,
            "server" => program.path = value.into(),
            "database" => program.database = Some(value.to_owned()),
            "keep" => kept = Some(value.into()),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let recorder = Arc::new(Recorder::default());
    let server = program.start(&recorder).await?;
    let workload = Workload::start(settings, Doors::to(vec![server.address]), &recorder).await?;
    workload.finish().await?;
    let status = server.stop().await;
    if !status.is_some_and(|status| status.success()) {
        return Err(format!("the server ended badly: {status:?}"));
    }
    let (history, truth) = (recorder.history(), truth(&program.database()).await?);
    if let Some(directory) = kept {
        keep(&directory, &history, &truth)?;
    }
    verdict(&history, &truth, &Bounds::default())
}

/// Writes a history and a truth to where `proof check` finds them.
///
/// # Errors
/// When that cannot be written.
pub fn keep(directory: &Path, history: &History, truth: &Truth) -> Result<(), String> {
    let truth = serde_json::to_string(truth).map_err(|error| error.to_string())?;
    let written = std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(directory.join("history.jsonl"), history.write()))
        .and_then(|()| std::fs::write(directory.join("truth.json"), truth));
    written.map_err(|error| format!("{}: {error}", directory.display()))
}

fn faults(words: &[&str]) -> Result<String, String> {
    let names = words.iter().take_while(|word| !word.starts_with("--")).count();
    let (names, options) = words.split_at(names);
    let mut effort =
        Effort { lasts: Duration::from_secs(30), times: 5, seed: 1, program: None, old: None, keep: None };
    for (name, value) in options_of(options)? {
        let number = || value.parse::<u32>().map_err(|_| format!("--{name} takes a number"));
        match name {
            "seconds" => effort.lasts = Duration::from_secs(number()?.into()),
            "times" => effort.times = number()?,
            "seed" => effort.seed = number()?.into(),
            "server" => effort.program = Some(value.into()),
            "old" => effort.old = Some(value.into()),
            "keep" => effort.keep = Some(value.into()),
            _ => return Err(USAGE.to_owned()),
        }
    }
    block_on(faults::run(names, &effort))
}

fn digests(options: &[&str]) -> Result<String, String> {
    let mut pace_ms = 250;
    let mut effort = Effort { lasts: Duration::from_secs(300), times: 1, seed: 1, program: None, keep: None };
    for (name, value) in options_of(options)? {
        let number = || value.parse::<u64>().map_err(|_| format!("--{name} takes a number"));
        match name {
            "minutes" => effort.lasts = Duration::from_secs(60 * number()?),
            "pace-ms" => pace_ms = number()?,
            "seed" => effort.seed = number()?,
            "server" => effort.program = Some(value.into()),
            "keep" => effort.keep = Some(value.into()),
            _ => return Err(USAGE.to_owned()),
        }
    }
    block_on(crate::digests::run(&effort, pace_ms))
}

fn simulate(options: &[&str]) -> Result<String, String> {
    let (mut from, mut seeds) = (1, 1000);
    for (name, value) in options_of(options)? {
        let number = value.parse().map_err(|_| format!("--{name} takes a number"))?;
        match name {
            "from" => from = number,
            "seeds" => seeds = number,
            _ => return Err(USAGE.to_owned()),
        }
    }
    simulation::run(from, seeds)
}

/// `--name value` pairs.
fn options_of<'a>(words: &[&'a str]) -> Result<Vec<(&'a str, &'a str)>, String> {
    let pairs = words.chunks(2).map(|pair| match pair {
        [name, value] => name.strip_prefix("--").map(|name| (name, *value)).ok_or_else(|| USAGE.to_owned()),
        _ => Err(USAGE.to_owned()),
    });
    pairs.collect()
}
