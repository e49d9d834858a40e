//! One Redis for the whole test run; tests keep apart by the prefixes of their keys and channels.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;

use super::daemon::{Daemon, Home, free_port, password};
use super::programs::REDIS;
use crate::child::Failure;

/// Tests that need Redis find its address here.
pub const VARIABLE: &str = "FIRESIDE_TEST_REDIS_URL";

/// Tests that stop, kill and freeze theirs start it by themselves, in this way.
pub const OWN_SERVER: &str = "RedisServer::start()";

/// A private Redis on loopback.
pub struct Redis {
    _daemon: Daemon,
    /// With the user and password.
    pub url: String,
}

impl Redis {
    /// Starts an empty Redis that writes nothing to disk.
    ///
    /// # Errors
    /// When Redis is missing, does not start, or another server answers in its place.
    pub fn start() -> Result<Self, Failure> {
        let server = REDIS.require()?;
        let (home, password, port) = (Home::new()?, password()?, free_port()?);
        let settings =
            format!("bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\n");
        let settings = home.write("redis.conf", &settings)?;
        let mut command = home.command(&server);
        command.arg(settings);
        let mut daemon = Daemon::start("Redis", home, &mut command, Signal::TERM)?;
        let answer = daemon.first_answer(|| who_answers(port, &password))?;
        if answer != daemon.id() {
            return Err(Failure::Said(format!(
                "process {answer} answers at port {port}, not {}",
                daemon.id()
            )));
        }
        Ok(Self { _daemon: daemon, url: format!("redis://default:{password}@127.0.0.1:{port}/") })
    }
}

/// The process that answers at this port to this password. `None` while nobody does.
fn who_answers(port: u16, password: &str) -> Option<u32> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    write!(stream, "AUTH {password}\r\nINFO server\r\nQUIT\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.lines().find_map(|line| line.strip_prefix("process_id:"))?.trim().parse().ok()
}
