//! Runs a command with a throw-away PostgreSQL server, which all tests of the run then share
//! instead of starting one for each process.
//!
//! `cargo run -q -p fireside-db --features testing --example with_postgres -- cargo nextest run`

use std::process::{Command, ExitCode};

use fireside_db::testing::{POSTGRES_URL_VARIABLE, PostgresServer};

#[tokio::main]
async fn main() -> std::io::Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: with_postgres COMMAND [ARGUMENT…]");
        return Ok(ExitCode::from(2));
    };
    let server = PostgresServer::start().await?;
    let status =
        Command::new(program).args(arguments).env(POSTGRES_URL_VARIABLE, server.url("postgres")).status()?;
    server.stop().await?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
