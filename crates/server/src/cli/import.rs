//! `fireside import`: brings over what another chat has stored.

use std::time::Duration;

use clap::{Args, Subcommand};
use fireside_db::{DatabaseUrl, Options};
use fireside_kernel::{Clock, Names};

use super::{Failure, Invocation, WRONG_SETTINGS, block_on, log_beside_from, print};
use crate::config::LogLevel;
use crate::import::{Mode, tutorial};
use crate::wiring;

/// How long one transaction of an import may take: a room may have a hundred thousand members.
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Imports from the database of the tutorial's app, which is only read. Running it again goes on where it
    /// stopped, and changes nothing that is here already.
    Tutorial(Tutorial),
}

#[derive(Debug, Args)]
pub(super) struct Tutorial {
    /// Where the tutorial's data is: postgres://user@host/name
    #[arg(long, value_name = "URL")]
    from: String,
    /// Only counts, and prints what would be done. Makes our own schema if it is not there.
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(super) fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let Import::Tutorial(options) = self;
        let loaded = invocation.load()?;
        // An import of millions of messages says how far it is.
        log_beside_from(LogLevel::Info)?;
        let from: DatabaseUrl = options
            .from
            .parse()
            .map_err(|error| Failure { code: WRONG_SETTINGS, message: format!("--from: {error}") })?;
        let mode = if options.dry_run { Mode::DryRun } else { Mode::Write };
        let report = block_on(async {
            let target = Options { deadline: DEADLINE, ..Options::new(loaded.config.database()) };
            let (db, _) = wiring::open(&target, invocation.may_migrate).await?;
            let report = tutorial(&from, &db, &Names::random(), &Clock::default(), mode).await;
            db.close().await;
            report.map_err(Failure::new)
        })?;
        print(&report.to_string())
    }
}
