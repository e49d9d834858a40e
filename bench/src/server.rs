//! The server under load: a child process on its own core, with a database of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

/// Secret of the tokens that the load signs itself.
const SECRET: &str = "a secret of the load tool, 32 bytes at least";

type Failure = Box<dyn std::error::Error>;

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    data: std::path::PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it answers. Without a database of its own it uses SQLite; with a Redis it is one
    /// node of several.
    pub async fn start(
        binary: &Path,
        database_url: Option<&str>,
        redis_url: Option<&str>,
    ) -> Result<Server, Failure> {
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let folder = format!("fireside-bench-{}-{}", std::process::id(), address.port());
        let data = std::env::temp_dir().join(folder);
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(binary);
        command.args(["serve", "--listen", &address.to_string(), "--data-dir"]).arg(&data);
        // Nothing of the caller's own settings reaches the server.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FIRESIDE_")) {
            command.env_remove(name);
        }
        command.env("FIRESIDE_RATE_LIMITS", "off").env("FIRESIDE_JWT_SECRET", SECRET);
        if let Some(url) = database_url {
            command.env("FIRESIDE_DATABASE_URL", url);
        }
        if let Some(url) = redis_url {
            command.env("FIRESIDE_REDIS_URL", url);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Server { child: command.spawn()?, data, address };
        pin_to_core_1();
        for _ in 0..200 {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the server did not start within 10 s".into())
    }

    /// CPU time used so far, user and system, in seconds.
    pub fn cpu_s(&self) -> f64 {
        cpu_s(&self.child)
    }

    /// Resident memory in bytes.
    pub fn rss_bytes(&self) -> f64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap_or_default();
        let pages: f64 = statm.split_whitespace().nth(1).and_then(|field| field.parse().ok()).unwrap_or(0.0);
        pages * 4096.0
    }

    /// What it has written to its disk so far, in bytes: nothing where that is memory (`TMPDIR=/dev/shm`).
    pub fn written_bytes(&self) -> f64 {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.child.id())).unwrap_or_default();
        let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
        written.and_then(|bytes| bytes.parse().ok()).unwrap_or(0.0)
    }
}

/// CPU time that a process has used so far, user and system, in seconds.
pub fn cpu_s(process: &Child) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// A token for a user, as a host application would make it.
pub fn token(user: &str) -> String {
    let claims = serde_json::json!({ "sub": user, "name": user, "exp": 4_102_444_800_u64 });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("plain claims can be signed")
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// Keeps the load off the server's core.
fn pin_to_core_1() {
    let pid = std::process::id().to_string();
    let _ = Command::new("taskset").args(["-a", "-c", "-p", "1", &pid]).stdout(Stdio::null()).status();
}
