//! `fireside backup`: copies the SQLite database while the server runs.

use std::path::PathBuf;

use clap::Args;
use fireside_db::DatabaseUrl;

use super::{Failure, Invocation, block_on, log_beside, print};
use crate::wiring::StartError;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The copy; a file that is there already is never replaced.
    file: PathBuf,
}

impl Backup {
    pub(super) fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let loaded = invocation.load()?;
        log_beside()?;
        let DatabaseUrl::Sqlite(source) = loaded.config.database() else {
            return Err(Failure::new(
                "this copies SQLite only; for PostgreSQL there are pg_dump and base backups",
            ));
        };
        let bytes = block_on(async {
            let copied = fireside_db::backup(&source, &self.file).await;
            Ok(copied.map_err(StartError::Open)?)
        })?;
        print(&format!("{} holds the database, {bytes} bytes\n", self.file.display()))
    }
}
