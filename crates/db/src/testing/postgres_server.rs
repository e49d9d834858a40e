//! A PostgreSQL server of one's own, to be used, stopped, killed and frozen by tests.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;
use tokio::time::sleep;

/// Where distributions put the programs, one directory for each version.
const INSTALLED: &str = "/usr/lib/postgresql";

/// Longest wait for the server to be ready, or gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at a file the server writes.
const LOOK: Duration = Duration::from_millis(20);

/// Ends the server and removes its files when our process ends without doing so, however it
/// ends: the pipe to this script closes, and it acts. A stopped process takes QUIT only after
/// CONT; the postmaster then kills what does not follow.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
read -r word
[ "$word" = done ] && exit 0
kill -CONT "$1"; kill -QUIT "$1"
while kill -0 "$1" 2>/dev/null; do sleep 0.1; done
rm -rf "$2"
"#;

/// A throw-away server on loopback, with durable settings as in production. Ends with this value.
pub struct PostgresServer {
    directory: TempDir,
    port: u16,
    /// User and group to run as, when we are root: PostgreSQL refuses to run as root.
    run_as: Option<(u32, u32)>,
    environment: Mutex<Vec<(String, String)>>,
    running: Mutex<Option<Running>>,
}

struct Running {
    postmaster: Child,
    watchdog: Child,
}

impl PostgresServer {
    /// Makes a new cluster and starts it.
    pub async fn start() -> io::Result<PostgresServer> {
        PostgresServer::start_with(&[]).await
    }

    /// The same, with server settings such as `("fsync", "off")`.
    pub async fn start_with(settings: &[(&str, &str)]) -> io::Result<PostgresServer> {
        PostgresServer::start_in(&std::env::temp_dir(), settings).await
    }

    /// The same, with its files below a directory that everybody may enter.
    pub async fn start_in(place: &Path, settings: &[(&str, &str)]) -> io::Result<PostgresServer> {
        let directory = tempfile::Builder::new().prefix("fireside-postgres-").tempdir_in(place)?;
        let run_as = if geteuid().is_root() { Some(unprivileged()?) } else { None };
        if let Some((user, group)) = run_as {
            chown(directory.path(), Some(user), Some(group))?;
            fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700))?;
        }
        let (environment, running) = (Mutex::default(), Mutex::new(None));
        let server = PostgresServer { directory, port: free_port()?, run_as, environment, running };
        server.create_cluster(settings).await?;
        server.start_again().await?;
        Ok(server)
    }

    /// A server that follows this one asynchronously, with files of its own; it reaches this one by a port that may be
    /// another's in between. Read-only until [`PostgresServer::promote`].
    pub async fn replica(&self, port: u16) -> io::Result<PostgresServer> {
        let directory = tempfile::Builder::new().prefix("fireside-postgres-").tempdir()?;
        if let Some((user, group)) = self.run_as {
            chown(directory.path(), Some(user), Some(group))?;
            fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700))?;
        }
        let replica =
            PostgresServer { directory, port: free_port()?, run_as: self.run_as, running: Mutex::new(None) };
        let mut copy = replica.program("pg_basebackup")?;
        copy.args(["--host=127.0.0.1", &format!("--port={port}"), "--username=fireside", "--no-password"])
            .args(["--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--no-sync", "-D"])
            .arg(replica.data());
        replica.succeeds(&mut copy).await?;
        let mut configuration = File::options().append(true).open(replica.data().join("postgresql.conf"))?;
        writeln!(configuration, "port = '{}'", replica.port)?;
        replica.start_again().await?;
        Ok(replica)
    }

    /// Makes a replica a server in its own right, and waits until it takes what is to be written.
    pub async fn promote(&self) -> io::Result<()> {
        let mut promote = self.program("pg_ctl")?;
        self.succeeds(promote.arg("promote").arg("-D").arg(self.data())).await
    }

    /// Runs a program to its end; what it says goes to the log.
    async fn succeeds(&self, program: &mut Command) -> io::Result<()> {
        let log = File::options().create(true).append(true).open(self.log_file())?;
        let mut running = program.stdout(log.try_clone()?).stderr(log).spawn()?;
        if until_ended(&mut running).await?.success() {
            return Ok(());
        }
        Err(io::Error::other(fs::read_to_string(self.log_file())?))
    }

    /// The address of a database on it; `postgres` is there from the beginning.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://fireside@127.0.0.1:{}/{database}", self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From the next start on it has these variables in its environment.
    pub fn set_environment(&self, variables: &[(&str, &str)]) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        *self.environment.lock() = variables.iter().map(owned).collect();
    }

    /// Starts it again after [`PostgresServer::stop`] or [`PostgresServer::kill`], on the same
    /// port, and waits until it takes connections.
    pub async fn start_again(&self) -> io::Result<()> {
        if self.running.lock().is_some() {
            return Err(io::Error::other("the server is running"));
        }
        let log = File::options().create(true).append(true).open(self.log_file())?;
        let mut postmaster = self
            .program("postgres")?
            .arg("-D")
            .arg(self.data())
            .envs(self.environment.lock().iter().cloned())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let watchdog = watchdog(postmaster.id(), self.directory.path())?;
        self.until_ready(&mut postmaster).await?;
        *self.running.lock() = Some(Running { postmaster, watchdog });
        Ok(())
    }

    /// Ends it in an orderly way, cutting off its clients (`pg_ctl stop -m fast`).
    pub async fn stop(&self) -> io::Result<()> {
        let Some(mut running) = self.take_running() else { return Ok(()) };
        signal(running.postmaster.id(), Signal::INT)?;
        until_ended(&mut running.postmaster).await?;
        running.end_watchdog().await
    }

    /// Kills all its processes at once, as a power cut would.
    pub async fn kill(&self) -> io::Result<()> {
        let Some(mut running) = self.take_running() else { return Ok(()) };
        // Stopped first: otherwise it could replace what is being killed.
        signal(running.postmaster.id(), Signal::STOP)?;
        let children = children_of(running.postmaster.id())?;
        for process in &children {
            ignore_gone(signal(*process, Signal::KILL))?;
        }
        running.postmaster.kill()?;
        until_ended(&mut running.postmaster).await?;
        // A new server would refuse to start while one of them holds the shared memory.
        let since = Instant::now();
        while children.iter().any(|process| Path::new(&format!("/proc/{process}")).exists()) {
            if since.elapsed() > PATIENCE {
                return Err(io::Error::other("processes of the killed server are still there"));
            }
            sleep(LOOK).await;
        }
        // First: whatever becomes of the file, the server is gone and needs no watching.
        running.end_watchdog().await?;
        ignore_gone(fs::remove_file(self.data().join("postmaster.pid")))
    }

    fn take_running(&self) -> Option<Running> {
        self.running.lock().take()
    }

    /// Stops all its processes where they are (SIGSTOP): connections stay open, nothing answers.
    pub fn freeze(&self) -> io::Result<()> {
        self.signal_all(Signal::STOP)
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) -> io::Result<()> {
        self.signal_all(Signal::CONT)
    }

    fn signal_all(&self, which: Signal) -> io::Result<()> {
        let running = self.running.lock();
        let Some(running) = running.as_ref() else {
            return Err(io::Error::other("the server is not running"));
        };
        // The postmaster first, so that it starts no new ones meanwhile.
        signal(running.postmaster.id(), which)?;
        for process in children_of(running.postmaster.id())? {
            ignore_gone(signal(process, which))?;
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    async fn create_cluster(&self, settings: &[(&str, &str)]) -> io::Result<()> {
        let mut initdb = self.program("initdb")?;
        initdb
            .args(["--username=fireside", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(self.data());
        self.succeeds(&mut initdb).await?;
        let mut configuration = File::options().append(true).open(self.data().join("postgresql.conf"))?;
        let own: [(&str, &str); 4] = [
            ("listen_addresses", "127.0.0.1"),
            ("port", &self.port.to_string()),
            ("unix_socket_directories", ""),
            ("max_connections", "200"),
        ];
        for (name, value) in own.iter().chain(settings) {
            writeln!(configuration, "{name} = '{value}'")?;
        }
        Ok(())
    }

    fn program(&self, name: &str) -> io::Result<Command> {
        let mut command = Command::new(programs()?.join(name));
        if let Some((user, group)) = self.run_as {
            command.uid(user).gid(group);
        }
        // A group of its own: an interrupt typed at the terminal is for the tests. And a
        // directory it may enter.
        command.process_group(0).current_dir(self.directory.path()).stdin(Stdio::null()).env_remove("PGDATA");
        Ok(command)
    }

    /// The server notes its state in the eighth line of its pid file.
    async fn until_ready(&self, postmaster: &mut Child) -> io::Result<()> {
        let since = Instant::now();
        loop {
            let state = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
            let mut lines = state.lines();
            let ours = lines.next().is_some_and(|pid| pid.trim() == postmaster.id().to_string());
            if ours && lines.nth(6).is_some_and(|state| matches!(state.trim(), "ready" | "standby")) {
                return Ok(());
            }
            if postmaster.try_wait()?.is_some() || since.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.log_file()).unwrap_or_default();
                return Err(io::Error::other(format!("PostgreSQL did not start: {log}")));
            }
            sleep(LOOK).await;
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(running) = self.running.lock().take() {
            // The watchdog does it: it copes with a frozen server too.
            drop(running.watchdog.stdin);
            let mut postmaster = running.postmaster;
            let _status = postmaster.wait();
        }
    }
}

impl Running {
    async fn end_watchdog(mut self) -> io::Result<()> {
        if let Some(mut pipe) = self.watchdog.stdin.take() {
            pipe.write_all(b"done\n")?;
        }
        until_ended(&mut self.watchdog).await.map(drop)
    }
}

/// Waits for a process without blocking the thread that also runs the test.
async fn until_ended(child: &mut Child) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        sleep(LOOK).await;
    }
}

fn watchdog(postmaster: u32, directory: &Path) -> io::Result<Child> {
    Command::new("sh")
        .args(["-c", WATCHDOG, "watchdog"])
        .arg(postmaster.to_string())
        .arg(directory)
        .process_group(0)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// The directory with `initdb` and `postgres`: the newest installed, or one on the path.
fn programs() -> io::Result<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(INSTALLED)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists())
        .collect();
    versions.sort();
    let on_path = || {
        let path: OsString = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|directory| directory.join("initdb").exists())
    };
    versions.pop().map(|(_, programs)| programs).or_else(on_path).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "PostgreSQL is not installed: no initdb to be found")
    })
}

/// User and group of an account made for such servers.
fn unprivileged() -> io::Result<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd")?;
    let find = |wanted: &str| {
        accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let user = fields.nth(1)?.parse().ok()?;
            let group = fields.next()?.parse().ok()?;
            (name == wanted).then_some((user, group))
        })
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .ok_or_else(|| io::Error::other("no account to run PostgreSQL as"))
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn signal(process: u32, which: Signal) -> io::Result<()> {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    let process = process.ok_or_else(|| io::Error::other("not a process id"))?;
    Ok(kill_process(process, which)?)
}

fn ignore_gone(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(3) => Ok(()),
        outcome => outcome,
    }
}

/// Processes started by another, from `/proc/<pid>/stat`: pid (name) state parent …
fn children_of(parent: u32) -> io::Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // It may be gone by now.
        let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else { continue };
        // The name may hold spaces and parentheses; what follows the last one does not.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        if after_name.split_whitespace().nth(1) == Some(&parent.to_string()) {
            children.push(process);
        }
    }
    Ok(children)
}
