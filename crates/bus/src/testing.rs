//! A Redis server of one's own, to be used, stopped, killed and frozen by tests.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use redis::{FromRedisValue, Value};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// Longest wait for the server to be ready, or gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at a process or a port.
const LOOK: Duration = Duration::from_millis(20);

/// Ends the server and removes its files when our process ends without doing so, however it ends: the pipe to
/// this script closes, and it acts.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
read -r word
[ "$word" = done ] && exit 0
kill -KILL "$1"
rm -rf "$2"
"#;

/// A throw-away server on loopback that writes nothing to disk. Ends with this value.
pub struct RedisServer {
    directory: TempDir,
    port: u16,
    /// Its own part of the configuration.
    settings: String,
    is_sentinel: bool,
    /// What its configuration demands of whoever connects.
    password: Option<String>,
    state: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    server: Option<(Child, Child)>,
    password: Option<String>,
}

impl RedisServer {
    /// Starts an empty one, without a password.
    ///
    /// # Errors
    /// When `redis-server` is not installed or does not start.
    pub async fn start() -> io::Result<RedisServer> {
        RedisServer::of("save \"\"\nappendonly no\n".to_owned(), false, None).await
    }

    /// Starts one that demands a password, and follows another one, with the same password, where there is one.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub async fn start_guarded(password: &str, follows: Option<&RedisServer>) -> io::Result<RedisServer> {
        let follows =
            follows.map(|master| format!("replicaof 127.0.0.1 {}\n", master.port)).unwrap_or_default();
        let settings =
            format!("save \"\"\nappendonly no\nrequirepass {password}\nmasterauth {password}\n{follows}");
        RedisServer::of(settings, false, Some(password)).await
    }

    /// Starts a sentinel, itself with a password, that watches over `main`, whose master and replicas have another.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub async fn start_sentinel(password: &str, master: &RedisServer) -> io::Result<RedisServer> {
        let auth = master.state.lock().password.clone().unwrap_or_default();
        let settings = format!(
            "requirepass {password}\nsentinel monitor main 127.0.0.1 {} 1\nsentinel auth-pass main {auth}\n\
             sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n",
            master.port
        );
        RedisServer::of(settings, true, Some(password)).await
    }

    async fn of(settings: String, is_sentinel: bool, password: Option<&str>) -> io::Result<RedisServer> {
        let directory = tempfile::Builder::new().prefix("fireside-redis-").tempdir()?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let password = password.map(str::to_owned);
        let server =
            RedisServer { directory, port, settings, is_sentinel, password, state: Mutex::default() };
        server.start_again().await?;
        Ok(server)
    }

    /// Its address, with the password that it has now.
    pub fn url(&self) -> String {
        let password = self.state.lock().password.clone();
        let credentials = password.map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{credentials}127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts an empty one on the same port after [`RedisServer::kill`], with the settings it had at first.
    ///
    /// # Errors
    /// When it is running, or does not start.
    pub async fn start_again(&self) -> io::Result<()> {
        if self.state.lock().server.is_some() {
            return Err(io::Error::other("the server is running"));
        }
        let log = File::options().create(true).append(true).open(self.log_file())?;
        // A sentinel writes into its configuration what it learns.
        let configuration = self.directory.path().join("redis.conf");
        fs::write(&configuration, format!("bind 127.0.0.1\nport {}\n{}", self.port, self.settings))?;
        let mut server = Command::new("redis-server")
            .arg(&configuration)
            .args(self.is_sentinel.then_some("--sentinel"))
            // A group of its own: an interrupt typed at the terminal is for the tests.
            .process_group(0)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let watchdog = self.watchdog(server.id())?;
        self.state.lock().password.clone_from(&self.password);
        self.until_ready(&mut server).await?;
        self.state.lock().server = Some((server, watchdog));
        Ok(())
    }

    /// Kills it (SIGKILL); what it knew is gone. Does nothing when it is not running.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(&self) -> io::Result<()> {
        let Some((mut server, mut watchdog)) = self.state.lock().server.take() else { return Ok(()) };
        server.kill()?;
        server.wait()?;
        if let Some(mut pipe) = watchdog.stdin.take() {
            pipe.write_all(b"done\n")?;
        }
        watchdog.wait().map(drop)
    }

    /// Stops it where it is (SIGSTOP): connections stay open, nothing answers.
    ///
    /// # Errors
    /// When it is not running.
    pub fn freeze(&self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a frozen server go on.
    ///
    /// # Errors
    /// When it is not running.
    pub fn thaw(&self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Demands another password of whoever connects from now on.
    ///
    /// # Errors
    /// When it is not running or does not answer.
    pub async fn set_password(&self, password: &str) -> io::Result<()> {
        self.command::<()>(&["CONFIG", "SET", "requirepass", password]).await?;
        self.state.lock().password = (!password.is_empty()).then(|| password.to_owned());
        Ok(())
    }

    /// Runs one command over a new connection, such as `["FLUSHALL"]`.
    ///
    /// # Errors
    /// When it is not running, does not answer, or answers with an error.
    pub async fn command<T: FromRedisValue>(&self, words: &[&str]) -> io::Result<T> {
        let (first, rest) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        self.run(redis::cmd(first).arg(rest)).await
    }

    /// Publishes bytes as anybody could who reaches the server.
    ///
    /// # Errors
    /// When it is not running or does not answer.
    pub async fn publish(&self, channel: &str, payload: &[u8]) -> io::Result<()> {
        self.run(redis::cmd("PUBLISH").arg(channel).arg(payload)).await
    }

    async fn run<T: FromRedisValue>(&self, command: &redis::Cmd) -> io::Result<T> {
        let client = redis::Client::open(self.url()).map_err(io::Error::other)?;
        let answer = async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            command.query_async(&mut connection).await
        };
        let answer = timeout(PATIENCE, answer).await.map_err(|_| io::ErrorKind::TimedOut)?;
        answer.map_err(io::Error::other)
    }

    fn signal(&self, which: Signal) -> io::Result<()> {
        match &self.state.lock().server {
            Some((server, _)) => Ok(kill_process(Pid::from_child(server), which)?),
            None => Err(io::Error::other("the server is not running")),
        }
    }

    fn log_file(&self) -> std::path::PathBuf {
        self.directory.path().join("log")
    }

    fn watchdog(&self, server: u32) -> io::Result<Child> {
        Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog", &server.to_string()])
            .arg(self.directory.path())
            .process_group(0)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    }

    async fn until_ready(&self, server: &mut Child) -> io::Result<()> {
        let since = Instant::now();
        while self.command::<Value>(&["PING"]).await.is_err() {
            if server.try_wait()?.is_some() || since.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.log_file()).unwrap_or_default();
                return Err(io::Error::other(format!("Redis did not start: {log}")));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _gone = self.kill();
    }
}
