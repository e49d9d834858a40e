//! A server in a process of its own, to be killed.
//!
//! The program is the test's own, started again for the same test: a story that finds itself in such a process
//! serves instead of telling ([`serve_if_asked`]). So it is always the server of this source tree, wherever
//! the release program may be, and nothing has to be built beside the tests.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use fireside_server::config::{Config, Secret};
use fireside_server::wiring;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::client::PATIENCE;
use crate::token::SECRET;

/// Holds the address of the database in a process that is to serve.
const DATABASE: &str = "FIRESIDE_STORIES_SERVE_DATABASE";
/// Holds the data directory of such a process.
const DATA_DIR: &str = "FIRESIDE_STORIES_SERVE_DATA_DIR";
/// What stands before the address in the line that the process says when it is ready.
const READY: &str = "serving on ";

/// A server in a process of its own. Killed when dropped.
#[derive(Debug)]
pub struct ServerProcess {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl ServerProcess {
    /// Starts one on a database, for the test of this name.
    ///
    /// # Panics
    /// If it is not ready in time.
    pub async fn start(test: &str, database: &str, data_dir: &Path) -> ServerProcess {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .args([test, "--exact", "--nocapture"])
            .env(DATABASE, database)
            .env(DATA_DIR, data_dir)
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("this program can be started again");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is ours")).lines();
        let ready = async {
            loop {
                let line =
                    lines.next_line().await.expect("readable output").expect("it says that it is ready");
                // The test harness may have begun the line.
                if let Some((_, address)) = line.split_once(READY) {
                    return address.parse().expect("an address");
                }
            }
        };
        let address = tokio::time::timeout(PATIENCE, ready).await.expect("the server starts in time");
        // Read on, or the process would end when it says something into a closed pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        ServerProcess { address, child }
    }

    /// Kills it (SIGKILL): it can do nothing about it.
    ///
    /// # Panics
    /// If it does not go.
    pub async fn kill(mut self) {
        self.child.start_kill().expect("it is still there to be killed");
        let gone = tokio::time::timeout(Duration::from_secs(5), self.child.wait()).await;
        gone.expect("nobody survives SIGKILL").expect("it was ours");
    }
}

/// In a process that is to serve, serves until it is killed and does not return; elsewhere does nothing.
///
/// # Panics
/// If the server does not start.
pub async fn serve_if_asked() {
    let (Ok(database), Some(data_dir)) = (std::env::var(DATABASE), std::env::var_os(DATA_DIR)) else {
        return;
    };
    let mut config = Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        data_dir: data_dir.into(),
        database_url: Some(database.parse().expect("the address of a test database")),
        rate_limits: false,
        ..Config::default()
    };
    config.jwt.secret = Some(Secret::from(SECRET));
    let server = wiring::start(&config, true).await.expect("the server starts");
    println!("{READY}{}", server.address);
    server.wait().await;
}
