//! `fireside openapi`, `asyncapi`, `types`, `errors`: prints what clients may rely on. Needs no settings and
//! touches no database but one of its own, which is gone afterwards.

use fireside_db::{DatabaseUrl, Db, Options};
use fireside_kernel::Registry;

use super::{Failure, block_on, furnish, log_beside, print};
use crate::wiring::StartError;

pub(super) fn run(document: fn(&Registry) -> String) -> Result<(), Failure> {
    log_beside()?;
    let text = block_on(async {
        let directory = tempfile::tempdir().map_err(Failure::new)?;
        let options = Options::new(DatabaseUrl::Sqlite(directory.path().join("contract.db")));
        let db = Db::open(&options).await.map_err(StartError::Open)?;
        db.migrate().await.map_err(StartError::Open)?;
        let house = furnish(&db).await?;
        let text = document(&house.registry);
        db.close().await;
        Ok(text)
    })?;
    print(&text)
}
