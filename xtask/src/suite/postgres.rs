//! One PostgreSQL for the whole test run; every test makes databases of its own in it.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use super::daemon::{Daemon, Home, free_port, password};
use super::programs::POSTGRES;
use crate::child::{self, Failure, Show};

/// Tests that need PostgreSQL find its address here.
pub const VARIABLE: &str = "FIRESIDE_TEST_POSTGRES_URL";

/// A private PostgreSQL on loopback.
pub struct Postgres {
    _daemon: Daemon,
    /// With the superuser's name and password.
    pub url: String,
}

impl Postgres {
    /// Makes an empty cluster and starts it, as safe against a power cut as a real one: tests that count commits
    /// are worth nothing without.
    ///
    /// # Errors
    /// When PostgreSQL is missing, does not start, or another server answers in its place.
    pub fn start() -> Result<Self, Failure> {
        let server = POSTGRES.require()?;
        let server = server.canonicalize().map_err(|error| format!("{}: {error}", server.display()))?;
        let programs = server.parent().ok_or_else(|| "postgres lies in no folder".to_owned())?;
        let (home, password) = (Home::new()?, password()?);
        initialise(&home, &programs.join("initdb"), &password)?;
        let port = free_port()?;
        let folder = home.path().to_owned();
        let mut command = home.command(&server);
        command.args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=200",
        ]);
        command.arg("-k").arg(&folder).arg("-D").arg(folder.join("data"));
        // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients that forgot to go.
        let mut daemon = Daemon::start("PostgreSQL", home, &mut command, Signal::INT)?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        let answer = daemon.first_answer(|| settings(&programs.join("psql"), port, &password))?;
        let expected = format!("{}|on|on", folder.join("data").display());
        if answer != expected {
            return Err(Failure::Said(format!("port {port} answers as {answer}, not as {expected}")));
        }
        Ok(Self { _daemon: daemon, url })
    }
}

fn initialise(home: &Home, initdb: &Path, password: &str) -> Result<(), Failure> {
    let password = home.write("password", password)?;
    let mut command = home.command(initdb);
    command.args([
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
    ]);
    command.arg("--pwfile").arg(password).arg("--pgdata").arg(home.path().join("data"));
    child::run(&mut command, Show::Kept)?.checked("initdb")?;
    Ok(())
}

/// Who answers at this port, and whether it flushes what it acknowledges. `None` while nobody does.
fn settings(psql: &Path, port: u16, password: &str) -> Option<String> {
    let setting = |name: &str| format!("current_setting('{name}')");
    let names = ["data_directory", "fsync", "synchronous_commit"].map(setting).join(", ");
    let mut command = Command::new(psql);
    // In the environment: every user of the machine can read a command's arguments.
    command.env("PGPASSWORD", password).args(["--no-psqlrc", "--tuples-only", "--no-align"]);
    command.args(["--host=127.0.0.1", &format!("--port={port}"), "--username=postgres"]);
    command.args(["--command", &format!("SELECT {names}"), "postgres"]);
    let ended = child::run(&mut command, Show::Kept).ok()?;
    ended.success.then(|| ended.stdout.trim().to_owned())
}
