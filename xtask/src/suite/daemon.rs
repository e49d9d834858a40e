//! A server of somebody else's, started for one test run in a folder of its own and gone after it.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::programs::in_search_path;
use crate::child::{self, Failure};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// The folder that a server has for itself, and the user that owns it.
pub struct Home {
    folder: TempDir,
    user: Option<User>,
}

/// Servers refuse to run as root, rightly; when we are root they run as somebody who may do little.
struct User {
    name: String,
    uid: u32,
    gid: u32,
}

impl Home {
    /// A new, empty folder that only the server's user can enter.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> Result<Self, Failure> {
        let user = if rustix::process::geteuid().is_root() { Some(unprivileged()?) } else { None };
        let mut builder = tempfile::Builder::new();
        let folder = builder.prefix("fireside-test-").permissions(Permissions::from_mode(0o700)).tempdir();
        let folder = folder.map_err(|error| format!("cannot make a temporary folder: {error}"))?;
        let home = Self { folder, user };
        home.give(home.path())?;
        Ok(home)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file that the server may read.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &str) -> Result<PathBuf, Failure> {
        let path = self.path().join(name);
        let failed = |error| format!("{}: {error}", path.display());
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
        file.write_all(content.as_bytes()).map_err(failed)?;
        self.give(&path)?;
        Ok(path)
    }

    /// A program to be run in the folder as its owner, that dies with us even when nobody can tell it to.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = match in_search_path("setpriv") {
            Some(setpriv) => Command::new(setpriv),
            None => Command::new(program),
        };
        if command.get_program() != program {
            if let Some(user) = &self.user {
                command.args(["--reuid", &user.name, "--regid", &user.gid.to_string(), "--clear-groups"]);
            }
            command.args(["--pdeathsig", "INT", "--"]).arg(program);
        }
        command.current_dir(self.path());
        command
    }

    fn give(&self, path: &Path) -> Result<(), Failure> {
        let Some(User { name, uid, gid }) = &self.user else { return Ok(()) };
        let given = std::os::unix::fs::chown(path, Some(*uid), Some(*gid));
        Ok(given.map_err(|error| format!("cannot give {} to {name}: {error}", path.display()))?)
    }
}

/// The first of the users that Debian has for this.
fn unprivileged() -> Result<User, Failure> {
    let passwd = std::fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    let find = |wanted: &str| {
        passwd.lines().find_map(|line| {
            let fields: Vec<_> = line.split(':').collect();
            let (name, uid, gid) =
                (*fields.first()?, fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?);
            (name == wanted).then(|| User { name: name.to_owned(), uid, gid })
        })
    };
    let missing = || Failure::Said("there is no user postgres or nobody to run servers as".to_owned());
    find("postgres").or_else(|| find("nobody")).ok_or_else(missing)
}

/// A running server. Stops when dropped.
pub struct Daemon {
    name: &'static str,
    child: Child,
    home: Home,
    stop: Signal,
}

impl Daemon {
    /// Starts the command; what it says goes to a log in its home. `stop` is how it is asked to end.
    ///
    /// # Errors
    /// When it cannot start.
    pub fn start(
        name: &'static str,
        home: Home,
        command: &mut Command,
        stop: Signal,
    ) -> Result<Self, Failure> {
        let failed = |error| format!("cannot start {name}: {error}");
        let log = File::create(home.path().join("log")).map_err(failed)?;
        let errors = log.try_clone().map_err(failed)?;
        let command = command.stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0);
        Ok(Self { name, child: command.spawn().map_err(failed)?, home, stop })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks until the server answers, and gives its first answer.
    ///
    /// # Errors
    /// With the end of its log when it ends instead, or does not answer in time.
    pub fn first_answer<T>(&mut self, ask: impl Fn() -> Option<T>) -> Result<T, Failure> {
        let began = Instant::now();
        loop {
            if child::interrupted() {
                return Err(Failure::Stopped);
            }
            if let Some(answer) = ask() {
                return Ok(answer);
            }
            let ended = self.child.try_wait().ok().flatten();
            if ended.is_some() || began.elapsed() > START_LIMIT {
                let log = std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default();
                let tail: Vec<_> = log.lines().rev().take(20).collect();
                let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
                return Err(Failure::Said(format!(
                    "{} did not come up; its log ends with\n{tail}",
                    self.name
                )));
            }
            pause();
        }
    }

    fn ends_within(&mut self, limit: Duration) -> bool {
        let began = Instant::now();
        while began.elapsed() < limit {
            match self.child.try_wait() {
                Ok(None) => pause(),
                _ => return true,
            }
        }
        false
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if !self.ends_within(Duration::from_millis(1)) {
            let _gone = kill_process(Pid::from_child(&self.child), self.stop);
            if !self.ends_within(STOP_LIMIT) {
                eprintln!("{} did not stop in {} s and is killed", self.name, STOP_LIMIT.as_secs());
                let _gone = self.child.kill();
                let _status = self.child.wait();
            }
        }
    }
}

/// Between two looks at a program that cannot be waited for in another way.
#[expect(clippy::disallowed_methods, reason = "this thread has nothing else to do")]
fn pause() {
    thread::sleep(Duration::from_millis(20));
}

/// A port of the loopback address that was free just now.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    Ok(listener.map_err(|error| format!("no free port: {error}"))?.port())
}

/// 128 random bits as hexadecimal digits: a password for one run, since every user of the machine sees loopback.
///
/// # Errors
/// When the system has no random source.
pub fn password() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(|error| format!("/dev/urandom: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (Daemon, PathBuf) {
        let home = Home::new().expect("a folder");
        let folder = home.path().to_owned();
        let mut command = home.command(Path::new("/bin/sh"));
        let daemon = Daemon::start("the shell", home, command.args(["-c", script]), Signal::TERM);
        (daemon.unwrap_or_else(|failure| panic!("sh starts: {failure:?}")), folder)
    }

    #[test]
    fn it_is_gone_when_dropped_and_its_folder_too() {
        let (mut daemon, folder) = shell("touch ready; exec sleep 1000");
        let id = daemon.id();
        daemon.first_answer(|| folder.join("ready").exists().then_some(())).expect("it comes up");
        drop(daemon);
        assert!(!Path::new(&format!("/proc/{id}")).exists(), "the process is still there");
        assert!(!folder.exists(), "the folder is still there");
    }

    #[test]
    fn one_that_ends_instead_shows_its_log() {
        let (mut daemon, _) = shell("echo why it cannot start >&2");
        let failure = daemon.first_answer(|| None::<()>).expect_err("it never answers");
        assert!(
            matches!(&failure, Failure::Said(text) if text.contains("why it cannot start")),
            "{failure:?}"
        );
    }

    #[test]
    fn nobody_else_can_read_what_it_is_given() {
        let home = Home::new().expect("a folder");
        let file = home.write("password", "secret").expect("it is written");
        let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode();
        assert_eq!((mode(&file) & 0o077, mode(home.path()) & 0o077), (0, 0));
    }
}
