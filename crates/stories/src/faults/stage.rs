//! What every fault needs: a server, people who use it, and the checker's verdict in the end.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fireside_db::testing::PostgresServer;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::resources::{self, Gauges};
use crate::checker::{Action, Bounds, Entry, History, Kind};
use crate::program::{Program, Run};
use crate::proof;
use crate::workload::worker::NO_ANSWER;
use crate::workload::{Doors, Recorder, Settings, Workload};

/// How long a run is, and how hard it is tried.
#[derive(Debug, Clone)]
pub struct Effort {
    /// Time of a fault that lasts.
    pub lasts: Duration,
    /// How often what is repeated is repeated.
    pub times: u32,
    /// Where luck comes from.
    pub seed: u64,
    /// The program, where it is not this one.
    pub program: Option<std::path::PathBuf>,
    /// An older program, which this one takes the place of.
    pub old: Option<std::path::PathBuf>,
    /// Where histories of runs that fail are kept.
    pub keep: Option<std::path::PathBuf>,
}

/// A server in use.
pub struct Stage {
    /// How it is started.
    pub program: Program,
    /// It.
    pub server: Run,
    /// What is written down.
    pub recorder: Arc<Recorder>,
    /// Those who use it.
    pub workload: Workload,
    /// Where the truth is read: the server may have been led by another way.
    pub database: String,
    /// How long things may take.
    pub bounds: Bounds,
    keep: Option<std::path::PathBuf>,
    /// What the server held before the trouble, where that is to be given back.
    held: Option<Gauges>,
    _files: Option<TempDir>,
}

impl Stage {
    /// A server with a SQLite file in a directory of its own.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn sqlite(effort: &Effort, lasts: Duration) -> Result<Stage, String> {
        let files = tempfile::tempdir().map_err(|error| error.to_string())?;
        let program = program(effort, files.path());
        let stage = Stage::of(program, effort, lasts).await?;
        Ok(Stage { _files: Some(files), ..stage })
    }

    /// A server on a PostgreSQL server of its own.
    ///
    /// # Errors
    /// When one of them does not start.
    pub async fn postgres(effort: &Effort, lasts: Duration) -> Result<(Stage, PostgresServer), String> {
        let postgres = PostgresServer::start().await.map_err(|error| error.to_string())?;
        let files = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut program = program(effort, files.path());
        program.database = Some(postgres.url("postgres"));
        let stage = Stage::of(program, effort, lasts).await?;
        Ok((Stage { _files: Some(files), ..stage }, postgres))
    }

    /// A program that is ready to be started.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn of(program: Program, effort: &Effort, lasts: Duration) -> Result<Stage, String> {
        Stage::with(program, effort, Settings { lasts, seed: effort.seed, ..Settings::default() }).await
    }

    /// The same with another workload.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn with(program: Program, effort: &Effort, settings: Settings) -> Result<Stage, String> {
        let recorder = Arc::new(Recorder::default());
        let server = program.start(&recorder).await?;
        let workload = Workload::start(settings, Doors::to(vec![server.address]), &recorder).await?;
        let database = program.database();
        let (keep, bounds) = (effort.keep.clone(), Bounds::default());
        Ok(Stage { program, server, recorder, workload, database, bounds, keep, held: None, _files: None })
    }

    /// Kills the server and starts it again; how long that took.
    ///
    /// # Errors
    /// When it does not start again.
    pub async fn killed(mut self) -> Result<(Stage, Duration), String> {
        self.server.may_end();
        self.server.signal(rustix::process::Signal::KILL);
        self.server.end().await;
        let since = Instant::now();
        self.server = self.program.start(&self.recorder).await?;
        self.workload.doors.lead_to(0, self.server.address);
        Ok((self, since.elapsed()))
    }

    /// Waits until a send is acknowledged again; how long that took.
    ///
    /// # Errors
    /// When none is in time.
    pub async fn acknowledges_within(&self, limit: Duration) -> Result<Duration, String> {
        acknowledges_within(&self.recorder, limit).await
    }

    /// Measures what the server holds in use: from now on more than that has to be given back in the end.
    ///
    /// # Errors
    /// When the server does not say.
    pub async fn is_quiet(&mut self) -> Result<(), String> {
        let held = resources::measure(&self.server, &self.program.data, &self.recorder, Kind::Invoke).await?;
        self.held = Some(held);
        Ok(())
    }

    /// Ends everything and lets the checker judge. The history and what the checker says.
    ///
    /// # Errors
    /// With what it found.
    pub async fn judged(self) -> Result<(History, String), String> {
        let settled = self.workload.settles().await?;
        let given_back = match &self.held {
            Some(held) => {
                resources::given_back(&self.server, &self.program.data, &self.recorder, held).await? + "; "
            }
            None => String::new(),
        };
        settled.leaves();
        let status = self.server.stop().await;
        let truth = proof::truth(&self.database).await?;
        let history = self.recorder.history();
        let verdict = proof::verdict(&history, &truth, &self.bounds);
        if let (Err(_), Some(directory)) = (&verdict, &self.keep) {
            proof::keep(directory, &history, &truth)?;
        }
        let text = verdict?;
        if !status.is_some_and(|status| status.success()) {
            return Err(format!("the server ended badly: {status:?}"));
        }
        Ok((history, given_back + &text))
    }
}

/// Waits until a send is acknowledged again; how long that took.
///
/// # Errors
/// When none is in time.
pub async fn acknowledges_within(recorder: &Recorder, limit: Duration) -> Result<Duration, String> {
    let (before, since) = (recorder.acknowledged(), Instant::now());
    while recorder.acknowledged() == before {
        if since.elapsed() > limit {
            return Err(format!("nothing was acknowledged for {limit:?}"));
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(since.elapsed())
}

/// The program under test with this data directory.
pub fn program(effort: &Effort, data: &Path) -> Program {
    match &effort.program {
        Some(path) => Program::at(path, data),
        None => Program::own(data),
    }
}

/// Milliseconds that acknowledged sends took which began in a span of time, in order.
pub fn latencies_ms(history: &History, span: std::ops::Range<u64>) -> Vec<u64> {
    latencies_ms_of(history, span, |_| true)
}

/// The same of some of the sends.
pub fn latencies_ms_of(
    history: &History,
    span: std::ops::Range<u64>,
    is_one: impl Fn(&Entry) -> bool,
) -> Vec<u64> {
    let sends = history.operations(Action::Send);
    let inside = sends.iter().filter(|send| span.contains(&send.invoke.t) && is_one(send.invoke));
    let mut times: Vec<u64> = inside.filter_map(|send| Some((send.ok()?.t - send.invoke.t) / 1000)).collect();
    times.sort_unstable();
    times
}

/// The value that so many in a hundred do not exceed.
pub fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or(0)
}

/// The longest that any send over a connection that lived waited for its answer, whichever it was.
pub fn slowest_answer_ms(history: &History) -> u64 {
    let sends = history.operations(Action::Send);
    let answered = sends.iter().filter_map(|send| Some((send.invoke, send.end?)));
    let waited = answered.filter(|(_, end)| end.kind != Kind::Info || end.reason == "indeterminate");
    waited.map(|(invoke, end)| (end.t - invoke.t) / 1000).max().unwrap_or(0)
}

/// How many sends were never answered, though their connections lived.
pub fn unanswered(history: &History) -> usize {
    history.of_action(Action::Send).filter(|entry| entry.reason == NO_ANSWER).count()
}
