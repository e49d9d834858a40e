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

    /// Starts one that may become a node of a cluster, and persists nothing but what it knows of the others.
    async fn start_node() -> io::Result<RedisServer> {
        let bus_port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let settings = format!(
            "save \"\"\nappendonly no\ncluster-enabled yes\ncluster-port {bus_port}\n\
             cluster-node-timeout 1500\ncluster-config-file nodes.conf\n"
        );
        RedisServer::of(settings, false, None).await
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

/// Most slots of a cluster.
const SLOTS: usize = 16384;

/// A throw-away cluster of three masters, the first of which has a replica.
pub struct RedisCluster {
    /// The masters, each with a third of the slots.
    pub masters: Vec<RedisServer>,
    /// Follows the first one, and takes its place.
    pub replica: RedisServer,
}

impl RedisCluster {
    /// Starts one and waits until all of its nodes agree that it is well.
    ///
    /// # Errors
    /// When `redis-server` is not installed, older than 7, or does not start.
    pub async fn start() -> io::Result<RedisCluster> {
        let mut masters = Vec::new();
        for _ in 0..3 {
            masters.push(RedisServer::start_node().await?);
        }
        let cluster = RedisCluster { masters, replica: RedisServer::start_node().await? };
        let first = &cluster.masters[0];
        let bus_port = |server: &RedisServer| {
            let (_, rest) = server.settings.split_once("cluster-port ").unwrap_or_default();
            rest.split_whitespace().next().unwrap_or_default().to_owned()
        };
        for (number, server) in cluster.masters.iter().enumerate() {
            let (from, to) = (number * SLOTS / 3, (number + 1) * SLOTS / 3 - 1);
            let range = [from, to].map(|slot| slot.to_string());
            server.command::<()>(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]).await?;
        }
        for server in cluster.masters[1..].iter().chain([&cluster.replica]) {
            let port = server.port.to_string();
            first.command::<()>(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus_port(server)]).await?;
        }
        let id: String = first.command(&["CLUSTER", "MYID"]).await?;
        until("the replica knows its master", async || {
            cluster.replica.command::<()>(&["CLUSTER", "REPLICATE", &id]).await.is_ok()
        })
        .await?;
        until("the cluster is well", async || cluster.is_well().await).await?;
        Ok(cluster)
    }

    /// Its address, by its masters.
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self.masters.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    /// Moves a slot, in which there are no keys, to a master.
    ///
    /// # Errors
    /// When one of them does not answer.
    pub async fn move_slot(&self, slot: u16, to: usize) -> io::Result<()> {
        let id: String = self.masters[to].command(&["CLUSTER", "MYID"]).await?;
        for server in std::iter::once(&self.masters[to]).chain(&self.masters) {
            server.command::<()>(&["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &id]).await?;
        }
        Ok(())
    }

    /// A number out of `CLUSTER INFO` over all masters.
    ///
    /// # Errors
    /// When one of them does not answer.
    pub async fn sum(&self, field: &str) -> io::Result<u64> {
        let mut sum = 0;
        for server in &self.masters {
            let info: String = server.command(&["CLUSTER", "INFO"]).await?;
            let found = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
            sum += found.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(sum)
    }

    async fn is_well(&self) -> bool {
        for server in self.masters.iter().chain([&self.replica]) {
            let info: io::Result<String> = server.command(&["CLUSTER", "INFO"]).await;
            let slots: io::Result<Vec<Value>> = server.command(&["CLUSTER", "SLOTS"]).await;
            // Each range says where it begins and ends, its master, and its replica once that is known.
            let replicas = |range: &Value| matches!(range, Value::Array(parts) if parts.len() > 3);
            let is_well = info.is_ok_and(|info| info.contains("cluster_state:ok"))
                && slots.is_ok_and(|slots| slots.len() == 3 && slots.iter().any(replicas));
            if !is_well {
                return false;
            }
        }
        true
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) -> io::Result<()> {
    let since = Instant::now();
    while !holds().await {
        if since.elapsed() > PATIENCE {
            return Err(io::Error::other(format!("waited in vain until {what}")));
        }
        sleep(LOOK).await;
    }
    Ok(())
}
