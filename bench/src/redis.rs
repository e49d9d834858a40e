//! A Redis of the measurement's own, which says what it was asked for.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::server::cpu_s;

type Failure = Box<dyn std::error::Error>;

/// A running `redis-server` that stores nothing; killed when dropped.
pub struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// Starts it and waits until it answers.
    pub async fn start() -> Result<Redis, Failure> {
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        let redis = Redis { child: command.stdout(Stdio::null()).spawn()?, port };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Ok(redis);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("redis-server did not start within 10 s".into())
    }

    /// Where nodes find it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// CPU time used so far, in seconds.
    pub fn cpu_s(&self) -> f64 {
        cpu_s(&self.child)
    }

    /// Messages published through it so far, and bytes that it has sent.
    pub async fn published(&self) -> Result<(f64, f64), Failure> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.write_all(b"INFO all\r\nQUIT\r\n").await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok((number_after(&text, "cmdstat_publish:calls="), number_after(&text, "total_net_output_bytes:")))
    }
}

/// The number that stands after a name; 0 where the name is missing, as before the first publish.
fn number_after(text: &str, name: &str) -> f64 {
    let rest = text.split_once(name).map_or("", |(_, rest)| rest);
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().unwrap_or(0.0)
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
