//! `fireside migrate`: brings the schema up to date, and ends.

use fireside_db::Options;

use super::{Failure, Invocation, block_on, log_beside, print};
use crate::wiring;

pub(super) fn run(invocation: &Invocation) -> Result<(), Failure> {
    let loaded = invocation.load()?;
    log_beside()?;
    let migrated = block_on(async {
        let (db, migrated) = wiring::open(&Options::new(loaded.config.database()), true).await?;
        db.close().await;
        Ok(migrated)
    })?;
    let done = match (migrated.from, migrated.steps) {
        (_, 0) => format!("schema {} is up to date\n", migrated.to),
        (None, steps) => format!("schema {} was made, {steps} steps\n", migrated.to),
        (Some(from), steps) => format!("schema {from} is {} now, {steps} steps\n", migrated.to),
    };
    print(&done)
}
