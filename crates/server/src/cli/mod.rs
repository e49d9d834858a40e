//! The command line: one command a file.
//!
//! Exit codes: 0 done, 1 failed, 2 the command line or the settings are wrong, 3 the data directory is in use,
//! 4 the database needs a migration and `--no-migrate` was given.

mod admin;
mod backup;
mod completion;
mod config;
mod contract;
mod demo;
mod health;
mod import;
mod migrate;
mod prompt;
mod restored;
mod serve;
mod settings_flags;
mod token;
mod version;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use fireside_db::{Db, OpenError, Options};
use fireside_features::{Features, sessions};
use fireside_kernel::{Clock, Kernel, Names, Registry};

use crate::config::{ConfigError, Flag, Loaded, Log, LogLevel, Sources};
use crate::logging::{self, Output};
use crate::wiring::{self, StartError};

/// The settings are wrong.
const WRONG_SETTINGS: u8 = 2;
/// Another process has the data directory.
const IN_USE: u8 = 3;
/// The database needs a migration.
const MIGRATION_NEEDED: u8 = 4;

/// A self-hosted chat server.
#[derive(Debug, Parser)]
#[command(name = "fireside", disable_version_flag = true)]
struct Cli {
    /// Settings file; ./fireside.toml or /etc/fireside/fireside.toml where none is named.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Never changes the database's schema: exits with 4 where that is needed.
    #[arg(long, global = true)]
    no_migrate: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server; also what happens without a command.
    Serve,
    /// Runs a server full of made-up people, to look around in. Nothing of it is kept.
    Demo(demo::Demo),
    /// Makes administrators.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Makes tokens for bots and back ends.
    #[command(subcommand)]
    Token(token::Token),
    /// Brings the database's schema up to date, and ends.
    Migrate,
    /// Copies the SQLite database to a file while the server runs. PostgreSQL has tools of its own.
    Backup(backup::Backup),
    /// Says that the database was restored from a backup: clients that know what came after it fetch afresh. To be
    /// run before the server is started again.
    Restored,
    /// Brings over what another chat has stored.
    #[command(subcommand)]
    Import(import::Import),
    /// Asks a running server whether it is ready: the one at `--url`, or where it listens by the settings. For
    /// health checks of containers.
    Health,
    /// Prints the OpenAPI document of the REST door.
    Openapi,
    /// Prints the AsyncAPI document of the Socket.IO door.
    Asyncapi,
    /// Prints TypeScript types of both doors.
    Types,
    /// Prints the list of errors as Markdown.
    Errors,
    /// Checks or prints the settings.
    #[command(subcommand, name = "config")]
    Settings(config::Settings),
    /// Prints the version.
    Version(version::Version),
    /// Prints a completion script for a shell.
    Completion(completion::Completion),
}

/// Why a command failed, and the exit code that says so.
#[derive(Debug)]
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Of no special kind.
    fn new(message: impl ToString) -> Failure {
        Failure { code: 1, message: message.to_string() }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Failure { code: WRONG_SETTINGS, message: error.to_string() }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let code = match &error {
            StartError::Open(OpenError::InUse { .. }) => IN_USE,
            StartError::MigrationNeeded => MIGRATION_NEEDED,
            StartError::File(_) => WRONG_SETTINGS,
            StartError::Sessions(sessions::StartError::Database(_) | sessions::StartError::Internal(_)) => 1,
            StartError::Sessions(_) => WRONG_SETTINGS,
            _ => 1,
        };
        let hint = match code {
            IN_USE => "; its database belongs to one process at a time: stop that one first",
            _ => "",
        };
        Failure { code, message: format!("{error}{hint}") }
    }
}

impl From<fireside_kernel::Error> for Failure {
    fn from(error: fireside_kernel::Error) -> Self {
        let internal = error.internal.as_ref().map(|internal| format!(" ({internal})")).unwrap_or_default();
        let field = error.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
        Failure::new(format!("{field}{}{internal}", error.message))
    }
}

/// What commands have in common.
struct Invocation {
    /// The flags that were given.
    flags: Vec<Flag>,
    sources: Result<Sources, ConfigError>,
    may_migrate: bool,
}

impl Invocation {
    /// The settings.
    fn load(&self) -> Result<Loaded, Failure> {
        let sources = self.sources.as_ref().map_err(Clone::clone)?;
        Ok(sources.load()?)
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let command = settings_flags::add(Cli::command());
    let matches = command.get_matches();
    let outcome = match Cli::from_arg_matches(&matches) {
        Ok(cli) => {
            let flags = settings_flags::given(&matches);
            let sources = Sources::of_process(flags.clone(), cli.config);
            let invocation = Invocation { flags, sources, may_migrate: !cli.no_migrate };
            run(cli.command.unwrap_or(Command::Serve), &invocation)
        }
        Err(error) => error.exit(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("fireside: {}", logging::redact(&failure.message));
            ExitCode::from(failure.code)
        }
    }
}

fn run(command: Command, invocation: &Invocation) -> Result<(), Failure> {
    match command {
        Command::Serve => serve::run(invocation),
        Command::Demo(demo) => demo.run(invocation),
        Command::Admin(admin) => admin.run(invocation),
        Command::Token(token) => token.run(invocation),
        Command::Migrate => migrate::run(invocation),
        Command::Backup(backup) => backup.run(invocation),
        Command::Restored => restored::run(invocation),
        Command::Import(import) => import.run(invocation),
        Command::Health => health::run(invocation),
        Command::Openapi => contract::run(fireside_gateway::contract::openapi),
        Command::Asyncapi => contract::run(fireside_gateway::contract::asyncapi),
        Command::Types => contract::run(fireside_gateway::contract::typescript),
        Command::Errors => contract::run(|_| fireside_gateway::contract::errors()),
        Command::Settings(settings) => settings.run(invocation),
        Command::Version(version) => version.run(),
        Command::Completion(completion) => completion.run(),
    }
}

/// Runs a future on a runtime with as many workers as the machine has cores.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::new)?;
    let outcome = runtime.block_on(future);
    // What still runs, such as a request for the keys of a host application, is not waited for.
    runtime.shutdown_background();
    outcome
}

/// Prints the result of a command. Whoever reads it may stop in the middle.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(error)),
        _ => Ok(()),
    }
}

/// The log of a command goes beside its result, and only says what went wrong.
fn log_beside() -> Result<(), Failure> {
    log_beside_from(LogLevel::Warn)
}

fn log_beside_from(level: LogLevel) -> Result<(), Failure> {
    let log = Log { level, ..Log::default() };
    logging::start(&log, Output::Stderr).map_err(|message| Failure { code: WRONG_SETTINGS, message })
}

/// What a command that changes the database works with.
struct House {
    registry: Registry,
    features: Features,
}

/// Opens the database of the settings with all features, but without doors.
async fn open_house(loaded: &Loaded, may_migrate: bool) -> Result<(Db, House), Failure> {
    let (db, _) = wiring::open(&Options::new(loaded.config.database()), may_migrate).await?;
    let house = furnish(&db).await?;
    Ok((db, house))
}

/// All features on an open database. Who may sign up and whose tokens are trusted is of no concern to the
/// command line.
async fn furnish(db: &Db) -> Result<House, Failure> {
    let kernel = Kernel::start(db.clone(), Clock::default(), Names::random());
    let mut registry = Registry::default();
    let features = fireside_features::register(&kernel, &mut registry, sessions::Settings::default())
        .await
        .map_err(StartError::Sessions)?;
    Ok(House { registry, features })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        settings_flags::add(Cli::command()).debug_assert();
    }

    #[test]
    fn settings_may_stand_before_and_after_the_command() {
        for line in [
            &["fireside", "--listen", "1.2.3.4:5"][..],
            &["fireside", "serve", "--listen", "1.2.3.4:5"],
            &["fireside", "--listen", "1.2.3.4:5", "serve"],
            &["fireside", "config", "check", "--listen", "1.2.3.4:5"],
        ] {
            let matches = settings_flags::add(Cli::command()).try_get_matches_from(line).expect("it parses");
            let given = settings_flags::given(&matches);
            assert_eq!(given.len(), 1, "{line:?}");
            assert_eq!((given[0].name.as_str(), given[0].text.as_str()), ("listen", "1.2.3.4:5"));
        }
    }

    #[test]
    fn secrets_are_no_flags_but_their_files_are() {
        let parse = |line: &[&str]| settings_flags::add(Cli::command()).try_get_matches_from(line.iter());
        assert!(parse(&["fireside", "--jwt-secret", "x"]).is_err());
        assert!(parse(&["fireside", "--jwt-secret-file", "x"]).is_ok());
        assert!(parse(&["fireside", "--database-url", "sqlite:x"]).is_ok());
    }
}
