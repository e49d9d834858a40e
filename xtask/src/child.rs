//! Programs that a command starts: heard to the end, and ended with everything they started themselves.
//!
//! Each runs in a process group of its own. Ctrl-C therefore reaches only us; [`listen`] passes it on, the running
//! command returns [`Failure::Stopped`], and whoever waits for it cleans up on the ordinary way out.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The exit status of a command that a signal ended, as shells report SIGINT.
pub const STOPPED: u8 = 130;

static RUNNING: AtomicI32 = AtomicI32::new(0);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether what a program says is shown while it runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Line by line.
    Live,
    /// Kept; the caller shows it if it went wrong.
    Kept,
}

/// How a program ended.
pub struct Ended {
    /// Whether its exit status was 0.
    pub success: bool,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Ended {
    /// Itself, if the program ended well.
    ///
    /// # Errors
    /// With all that it said, under its name.
    pub fn checked(self, name: &str) -> Result<Self, Failure> {
        if self.success {
            return Ok(self);
        }
        Err(Failure::Said(format!("{name}:\n{}{}", self.stdout, self.stderr)))
    }
}

/// Why a program did not end by itself, or did not start.
#[derive(Debug)]
pub enum Failure {
    /// The user asked to stop.
    Stopped,
    /// What went wrong, for the user.
    Said(String),
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Said(text)
    }
}

/// From now on SIGINT, SIGTERM and SIGHUP end the running program, a second one ends it at once.
pub fn listen() {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).expect("these signals can be caught");
    thread::spawn(move || {
        for _ in signals.forever() {
            let again = INTERRUPTED.swap(true, Ordering::SeqCst);
            let signal = if again { Signal::KILL } else { Signal::TERM };
            if let Some(group) = Pid::from_raw(RUNNING.load(Ordering::SeqCst)) {
                // Already gone is as good as stopped.
                let _gone = kill_process_group(group, signal);
            }
        }
    });
}

/// Whether the user asked to stop.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Runs a program to its end, without standard input, and ends what it left running.
///
/// # Errors
/// [`Failure::Said`] when it cannot start, [`Failure::Stopped`] when the user asked to stop.
pub fn run(command: &mut Command, show: Show) -> Result<Ended, Failure> {
    if interrupted() {
        return Err(Failure::Stopped);
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
    let group = Pid::from_child(&child);
    RUNNING.store(group.as_raw_nonzero().get(), Ordering::SeqCst);
    if interrupted() {
        // It began between the signal and the line above.
        let _gone = kill_process_group(group, Signal::TERM);
    }
    let stdout = child.stdout.take().expect("it is piped");
    let stderr = child.stderr.take().expect("it is piped");
    let (stdout, stderr) = thread::scope(|scope| {
        let errors = scope.spawn(move || listen_to(stderr, show, |line| eprintln!("{line}")));
        let output = scope.spawn(move || listen_to(stdout, show, |line| println!("{line}")));
        // While the dead program is not yet reaped, nobody else can have its number.
        let dead = || waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        let _dead = rustix::io::retry_on_intr(dead);
        let _nobody_left = kill_process_group(group, Signal::KILL);
        RUNNING.store(0, Ordering::SeqCst);
        (output.join().unwrap_or_default(), errors.join().unwrap_or_default())
    });
    let status = child.wait().map_err(|error| error.to_string())?;
    if interrupted() {
        Err(Failure::Stopped)
    } else {
        Ok(Ended { success: status.success(), stdout, stderr })
    }
}

fn listen_to(pipe: impl Read, show: Show, print: impl Fn(&str)) -> String {
    let mut heard = String::new();
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if show == Show::Live {
            print(&line);
        }
        heard.push_str(&line);
        heard.push('\n');
    }
    heard
}

/// `cargo`, without what the Cargo that started us left in the environment: build scripts that watch it would
/// otherwise run again with every change between a shell and `cargo xtask`.
pub fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let left_behind = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if name.to_str().is_some_and(|name| left_behind.iter().any(|prefix| name.starts_with(prefix))) {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(crate::tree::root());
    cargo
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn both_outputs_and_the_status_are_heard() {
        let mut shell = Command::new("sh");
        let ended = run(shell.args(["-c", "echo out; echo err >&2; exit 3"]), Show::Kept).expect("sh runs");
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str(), ended.success), ("out\n", "err\n", false));
    }

    #[test]
    fn what_a_program_leaves_running_is_ended() {
        let began = Instant::now();
        run(Command::new("sh").args(["-c", "sleep 60 &"]), Show::Kept).expect("sh runs");
        // The sleeping one holds our end of the pipe: only its death lets us come here sooner.
        assert!(began.elapsed() < Duration::from_secs(30), "it slept on for {:?}", began.elapsed());
    }

    #[test]
    fn a_program_that_is_not_there_is_said() {
        let failure = run(&mut Command::new("/nowhere/to-be-found"), Show::Kept).err();
        assert!(matches!(failure, Some(Failure::Said(text)) if text.contains("/nowhere/to-be-found")));
    }
}
