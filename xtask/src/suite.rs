//! `cargo xtask test`: everything that must hold, in one command, with the servers that tests need.

mod daemon;
mod postgres;
mod programs;
mod redis;
mod report;
mod tally;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use postgres::Postgres;
use redis::Redis;
use report::{Outcome, Report};
use tally::Tally;

use crate::child::{self, Failure, Show};
use crate::server::{self, With};
use crate::tree::{self, Tree};
use crate::{contract, npm, tidy, web};

/// Folders with tests for Node's own runner, each with its `package-lock.json`.
const NODE_TESTS: &[&str] = &["tests/clients", "tests/bad-inputs"];

/// Folders whose tests Vitest runs, each with its `package-lock.json` and a script `test`.
const VITEST_TESTS: &[&str] = &["clients/typescript", "web"];

/// Where Node tests find the server's program.
const PROGRAM: &str = "FIRESIDE_BIN";

/// Runs all stages, or with a filter only those tests whose names contain it.
pub fn run(filter: Option<&str>) -> ExitCode {
    child::listen();
    let mut report = Report::default();
    let ended = match filter {
        None => everything(&mut report),
        Some(filter) => tests(&mut report, filter),
    };
    match ended {
        // The servers are gone by now: they belonged to the functions above.
        Err(Failure::Stopped) => {
            eprintln!("stopped");
            ExitCode::from(child::STOPPED)
        }
        Err(Failure::Said(text)) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
        Ok(()) => report.close(),
    }
}

fn everything(report: &mut Report) -> Result<(), Failure> {
    report.stage("tidy", || Ok(Outcome::Done(tidy::run()?)))?;
    report.stage("fmt", || cargo(&["fmt", "--all", "--check"]))?;
    report.stage("clippy", || {
        cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])
    })?;
    report.stage("dependencies", || deny(&["bans", "licenses", "sources"]))?;
    report.stage("advisories", || deny(&["advisories"]))?;
    tests(report, "")
}

fn tests(report: &mut Report, filter: &str) -> Result<(), Failure> {
    let mut program = None;
    report.stage("build", || {
        program = Some(server::build(With::Tests)?);
        Ok(Outcome::Done(String::new()))
    })?;
    let mut services = Services::default();
    report.stage("services", || services.start())?;
    report.stage("tests", || cargo_tests(&services, filter))?;
    report.stage("doc tests", || doc_tests(filter))?;
    if let Some(program) = &program {
        if filter.is_empty() {
            report.stage("contract", || contract::check(program).map(|()| Outcome::Done(String::new())))?;
            report.stage("web build", || web::check().map(|()| Outcome::Done(String::new())))?;
            report.stage("validate", || contract::validate().map(|()| Outcome::Done(String::new())))?;
            let proof = ["run", "--quiet", "-p", "fireside-stories"];
            report.stage("simulation", || cargo(&[&proof[..], &["--", "simulate"]].concat()))?;
            // Tests of the tests: a checker that is never red proves nothing.
            let planted = ["--features", "planted-bugs", "--", "planted"];
            report.stage("planted bugs", || cargo(&[&proof[..], &planted].concat()))?;
        }
        for folder in NODE_TESTS {
            report.stage(folder, || node_tests(folder, program, &services, filter))?;
        }
        for folder in VITEST_TESTS {
            report.stage(folder, || vitest_tests(folder, program, &services, filter))?;
        }
    }
    Ok(())
}

/// The servers that tests ask for by the names of their variables.
#[derive(Default)]
struct Services {
    postgres: Option<Postgres>,
    redis: Option<Redis>,
    programs: Vec<(&'static str, PathBuf)>,
}

impl Services {
    fn start(&mut self) -> Result<Outcome, Failure> {
        let tree = Tree::read()?;
        let asked_for = |variable: &str| {
            let mut programs =
                tree.files.iter().filter(|file| file.is_program() && !file.path.starts_with("xtask/"));
            programs.any(|file| file.text.contains(variable))
        };
        let mut started = Vec::new();
        if asked_for(postgres::VARIABLE) {
            self.postgres = Some(Postgres::start()?);
            started.push("PostgreSQL");
        }
        if asked_for(redis::VARIABLE) {
            self.redis = Some(Redis::start()?);
            started.push("Redis");
        }
        if asked_for(redis::OWN_SERVER) {
            programs::REDIS.require()?;
        }
        for (variable, program) in programs::STARTED_BY_TESTS {
            if asked_for(variable) {
                self.programs.push((*variable, program.require()?));
                started.push(program.command);
            }
        }
        Ok(Outcome::Done(started.join(", ")))
    }

    fn show_to(&self, command: &mut Command) {
        if let Some(postgres) = &self.postgres {
            command.env(postgres::VARIABLE, &postgres.url);
        }
        if let Some(redis) = &self.redis {
            command.env(redis::VARIABLE, &redis.url);
        }
        command.envs(self.programs.iter().map(|(variable, program)| (variable, program)));
    }
}

/// A Cargo command that is either right or says why not.
fn cargo(arguments: &[&str]) -> Result<Outcome, Failure> {
    child::run(child::cargo().args(arguments), Show::Kept)?.checked(&format!("cargo {}", arguments[0]))?;
    Ok(Outcome::Done(String::new()))
}

/// cargo-deny is slow to build, so it is nobody's duty to have it; what it does not look at is named as skipped.
fn deny(checks: &[&str]) -> Result<Outcome, Failure> {
    if programs::in_search_path("cargo-deny").is_none() {
        return Ok(Outcome::Skipped("cargo-deny is not installed".to_owned()));
    }
    let mut command = child::cargo();
    let ended = child::run(command.args(["deny", "--log-level=error", "check"]).args(checks), Show::Kept)?;
    if ended.stderr.contains("failed to fetch advisory database") {
        return Ok(Outcome::Skipped("the list of advisories is out of reach".to_owned()));
    }
    ended.checked("cargo deny")?;
    Ok(Outcome::Done(String::new()))
}

fn cargo_tests(services: &Services, filter: &str) -> Result<Outcome, Failure> {
    let mut command = child::cargo();
    services.show_to(&mut command);
    let filter = Some(filter).filter(|filter| !filter.is_empty());
    if programs::in_search_path("cargo-nextest").is_some() {
        command.args(["nextest", "run", "--workspace", "--no-tests=pass"]).args(filter);
        let ended = child::run(&mut command, Show::Live)?;
        let tally = Tally::of_nextest(&ended.stderr).unwrap_or_default();
        return Ok(Outcome::Ran { tally, success: ended.success });
    }
    command.args(["test", "--quiet", "--workspace", "--no-fail-fast", "--tests"]).args(filter);
    let ended = child::run(&mut command, Show::Live)?;
    Ok(Outcome::Ran { tally: Tally::of_cargo_test(&ended.stdout), success: ended.success })
}

fn doc_tests(filter: &str) -> Result<Outcome, Failure> {
    let mut command = child::cargo();
    command.args(["test", "--quiet", "--workspace", "--no-fail-fast", "--doc", "--", filter]);
    let ended = child::run(&mut command, Show::Kept)?;
    if !ended.success {
        eprintln!("{}{}", ended.stdout, ended.stderr);
    }
    Ok(Outcome::Ran { tally: Tally::of_cargo_test(&ended.stdout), success: ended.success })
}

fn node_tests(folder: &str, program: &Path, services: &Services, filter: &str) -> Result<Outcome, Failure> {
    let path = tree::root().join(folder);
    if !path.join("package-lock.json").is_file() {
        return Ok(Outcome::Skipped("there is no such folder with a package-lock.json".to_owned()));
    }
    npm::install(folder)?;
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec"]).current_dir(&path).env(PROGRAM, program);
    if !filter.is_empty() {
        node.arg(format!("--test-name-pattern={filter}"));
    }
    services.show_to(&mut node);
    let ended = child::run(&mut node, Show::Live)?;
    Ok(Outcome::Ran { tally: Tally::of_node(&ended.stdout), success: ended.success })
}

fn vitest_tests(folder: &str, program: &Path, services: &Services, filter: &str) -> Result<Outcome, Failure> {
    npm::install(folder)?;
    let mut npm = Command::new("npm");
    npm.args(["run", "--silent", "test"]).current_dir(tree::root().join(folder)).env(PROGRAM, program);
    // Colours would stand between the words that are counted.
    npm.env("NO_COLOR", "1");
    if !filter.is_empty() {
        npm.args(["--", "--testNamePattern", filter, "--passWithNoTests"]);
    }
    services.show_to(&mut npm);
    let ended = child::run(&mut npm, Show::Live)?;
    Ok(Outcome::Ran { tally: Tally::of_vitest(&ended.stdout), success: ended.success })
}
