//! `fireside migrate`: brings the schema up to date, and ends.

use super::{Failure, Invocation, block_on, log_beside};
use crate::wiring::StartError;

pub(super) fn run(invocation: &Invocation) -> Result<(), Failure> {
    let loaded = invocation.load()?;
    log_beside()?;
    let migrated = block_on(async {
        let options = fireside_db::Options::new(loaded.config.database());
        let db = fireside_db::Db::open(&options).await.map_err(StartError::Open)?;
        let migrated = db.migrate().await.map_err(StartError::Open)?;
        db.close().await;
        Ok(migrated)
    })?;
    match (migrated.from, migrated.steps) {
        (_, 0) => println!("schema {} is up to date", migrated.to),
        (None, steps) => println!("schema {} was made, {steps} steps", migrated.to),
        (Some(from), steps) => println!("schema {from} is {} now, {steps} steps", migrated.to),
    }
    Ok(())
}
