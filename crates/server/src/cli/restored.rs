//! `fireside restored`: says that the database was restored from a backup.

use fireside_db::{Engine, Options};
use fireside_kernel::nodes::leases;
use fireside_kernel::{Names, epochs};

use super::{Failure, IN_USE, Invocation, block_on, log_beside, print};
use crate::wiring::{self, StartError};

pub(super) fn run(invocation: &Invocation) -> Result<(), Failure> {
    let loaded = invocation.load()?;
    log_beside()?;
    let renewed = block_on(async {
        // Of SQLite nobody else can have the file: opening it would say so.
        let (db, _) = wiring::open(&Options::new(loaded.config.database()), invocation.may_migrate).await?;
        if db.engine() == Engine::Postgres && leases::anyone_lives(&db).await.map_err(StartError::Database)? {
            let message = "a server works on this database: stop all of them first".to_owned();
            return Err(Failure { code: IN_USE, message });
        }
        let renewed = epochs::renew(&db, &Names::random()).await.map_err(StartError::Database)?;
        db.close().await;
        Ok(renewed)
    })?;
    print(&format!(
        "{} rooms and conversations and the streams of {} users have a new epoch: clients will fetch them afresh\n",
        renewed.rooms, renewed.streams
    ))
}
