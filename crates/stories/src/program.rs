//! The program `fireside` in a process of its own: started with settings, watched, stopped, killed, frozen.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::{oneshot, watch};

use crate::checker::{Action, Entry, Kind};
use crate::token::SECRET;
use crate::workload::Recorder;

/// How long it may take to start, or to end after it was told to.
const PATIENCE: Duration = Duration::from_secs(40);

/// What is started, and how.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// Its data directory.
    pub data: PathBuf,
    /// Address of its database; its own SQLite where none is named.
    pub database: Option<String>,
    /// More of its environment.
    pub settings: Vec<(String, String)>,
    /// A command that starts it, with arguments: `strace …`.
    pub wrapper: Vec<String>,
}

/// A running server. Killed when dropped.
#[derive(Debug)]
pub struct Run {
    /// Where it listens.
    pub address: SocketAddr,
    /// The server's process, not that of a wrapper.
    pub pid: u32,
    group: u32,
    ended: watch::Receiver<Option<ExitStatus>>,
    is_expected: Arc<AtomicBool>,
    recorder: Arc<Recorder>,
}

impl Program {
    /// This very program, whose first argument `serve` makes it a server.
    ///
    /// # Panics
    /// If the program does not know where it lies.
    pub fn own(data: &Path) -> Program {
        Program::at(&std::env::current_exe().expect("this program has a path"), data)
    }

    /// A program with a data directory.
    pub fn at(path: &Path, data: &Path) -> Program {
        Program {
            path: path.to_owned(),
            data: data.to_owned(),
            database: None,
            settings: Vec::new(),
            wrapper: Vec::new(),
        }
    }

    /// The same with a setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Program {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The address of its database.
    pub fn database(&self) -> String {
        let own = || format!("sqlite:{}", self.data.join("fireside.db").display());
        self.database.clone().unwrap_or_else(own)
    }

    /// A command of the program with its settings and nothing of the surroundings'.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut line = self.wrapper.iter().map(PathBuf::from).chain([self.path.clone()]);
        let mut command = Command::new(line.next().unwrap_or_default());
        command.args(line).args(arguments);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("FIRESIDE_") || name.starts_with("APP_ENV_") {
                command.env_remove(name);
            }
        }
        command
            .env("FIRESIDE_LISTEN", "127.0.0.1:0")
            .env("FIRESIDE_DATA_DIR", &self.data)
            .env("FIRESIDE_DATABASE_URL", self.database())
            .env("FIRESIDE_JWT_SECRET", SECRET)
            .env("FIRESIDE_RATE_LIMITS", "off")
            .env("FIRESIDE_SIGNUP", "open")
            .envs(self.settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    /// Starts it as a server and waits until it is ready.
    ///
    /// # Errors
    /// With what it said, when it ends instead or is not ready in time.
    pub async fn start(&self, recorder: &Arc<Recorder>) -> Result<Run, String> {
        let mut child = self.command(&["serve"]).spawn().map_err(|error| error.to_string())?;
        let group = child.id().ok_or("it ended at once")?;
        let (ready, is_ready) = oneshot::channel();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let said = tokio::spawn(listen(stdout.ok_or("no output")?, recorder.clone(), Some(ready)));
        let complained = tokio::spawn(listen(stderr.ok_or("no output")?, recorder.clone(), None));
        let is_expected = Arc::new(AtomicBool::new(false));
        let (tell, ended) = watch::channel(None);
        let (expected, watching) = (is_expected.clone(), recorder.clone());
        tokio::spawn(async move {
            let status = child.wait().await.unwrap_or_default();
            if !expected.load(Ordering::SeqCst) {
                watching.server(Kind::Fail, &format!("ended by itself: {status}"));
            }
            tell.send_replace(Some(status));
        });
        let Ok(Ok(address)) = tokio::time::timeout(PATIENCE, is_ready).await else {
            is_expected.store(true, Ordering::SeqCst);
            signal(group, Signal::KILL);
            let text = [said.await.unwrap_or_default(), complained.await.unwrap_or_default()].concat();
            return Err(format!("the server does not start: {text}"));
        };
        let pid = if self.wrapper.is_empty() { group } else { child_of(group).unwrap_or(group) };
        recorder.server(Kind::Info, "started");
        Ok(Run { address, pid, group, ended, is_expected, recorder: recorder.clone() })
    }
}

impl Run {
    /// Sends it a signal.
    pub fn signal(&self, which: Signal) {
        signal(self.pid, which);
    }

    /// From now on it may end.
    pub fn may_end(&self) {
        self.is_expected.store(true, Ordering::SeqCst);
        self.recorder.server(Kind::Ok, "is being ended");
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    pub async fn kill(self) {
        self.may_end();
        self.signal(Signal::KILL);
        self.end().await;
    }

    /// Asks it to stop (SIGTERM); how it ended.
    pub async fn stop(self) -> Option<ExitStatus> {
        self.may_end();
        self.signal(Signal::TERM);
        self.end().await
    }

    /// Waits until it is gone; how it ended. None if it does not go.
    pub async fn end(&self) -> Option<ExitStatus> {
        let mut ended = self.ended.clone();
        let waited = tokio::time::timeout(PATIENCE, ended.wait_for(Option::is_some)).await;
        waited.ok()?.ok().and_then(|status| *status)
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Resident memory in bytes.
    pub fn rss_bytes(&self) -> u64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.pid)).unwrap_or_default();
        statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
    }

    /// Open file descriptors.
    pub fn fds(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid)).map_or(0, Iterator::count)
    }

    /// CPU time used so far.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.is_expected.store(true, Ordering::SeqCst);
        if self.is_running() {
            signal(self.pid, Signal::KILL);
            signal(self.group, Signal::KILL);
        }
    }
}

fn signal(process: u32, which: Signal) {
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        // Gone already is as good.
        let _gone = kill_process(pid, which);
    }
}

/// The process that a wrapper started.
fn child_of(parent: u32) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// Reads what it says until it ends; tells the address once it is ready, and writes panics down.
async fn listen(
    output: impl AsyncRead + Unpin,
    recorder: Arc<Recorder>,
    mut ready: Option<oneshot::Sender<SocketAddr>>,
) -> String {
    let mut lines = BufReader::new(output).lines();
    let mut said = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if line.contains("panicked at") {
            recorder.server(Kind::Fail, &line);
        }
        if let Some(address) = address_in(&line)
            && let Some(ready) = ready.take()
        {
            // Whoever started it has given up waiting.
            let _told = ready.send(address);
        }
        if said.len() < 1 << 16 {
            said += &line;
            said.push('\n');
        }
    }
    said
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    (line["message"] == "ready").then_some(())?;
    line["listen"].as_str()?.strip_prefix("http://")?.parse().ok()
}

impl Recorder {
    /// Writes down what became of the server.
    pub fn server(&self, kind: Kind, what: &str) {
        self.push(Entry { f: Action::Server, kind, reason: what.to_owned(), ..Entry::default() });
    }
}
