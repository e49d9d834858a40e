//! What a SQLite file needs besides being written: a look at whose it is before first use, its
//! WAL put back, the planner's statistics kept fresh.

use std::fs;
use std::path::Path;
use std::sync::Weak;
use std::time::Duration;

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::database::{Inner, Pools};
use crate::error::OpenError;
use crate::pool::Pool;
use crate::sqlite::file::DataFile;
use crate::sqlite::{APPLICATION_ID, Sqlite, WAL_KEPT_BYTES, failure};

/// Time between two rounds.
const ROUND: Duration = Duration::from_secs(600);

/// Up to this size the whole file is checked at start; a larger one would delay the start by
/// seconds, and is checked by the operator's backups.
const CHECKED_BYTES: u64 = 64 << 20;

/// Time for the checks at start, and for tidying at the end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks at the file before anything is written to it: whose it is, and whether it is sound.
pub(crate) async fn adopt(writer: &Pool<Sqlite>, file: &DataFile) -> Result<(), OpenError> {
    let mut lease = writer
        .acquire(Instant::now() + PATIENCE)
        .await
        .map_err(|error| OpenError::File { path: file.path().to_owned(), reason: error.to_string() })?;
    let outcome = adopt_on(&mut lease.connection().inner, file.path()).await;
    lease.release();
    outcome
}

async fn adopt_on(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let damaged = |reason: String| OpenError::File { path: path.to_owned(), reason };
    let looks = async {
        let owner: (i32,) = sqlx::query_as("PRAGMA application_id").fetch_one(&mut *connection).await?;
        let tables: (i64,) =
            sqlx::query_as("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
        if owner.0 == 0 && tables.0 == 0 {
            let mark = format!("PRAGMA application_id = {APPLICATION_ID}");
            sqlx::query(AssertSqlSafe(mark)).execute(&mut *connection).await?;
            return Ok((APPLICATION_ID, "ok".to_owned()));
        }
        let small = fs::metadata(path).is_ok_and(|metadata| metadata.len() <= CHECKED_BYTES);
        if owner.0 != APPLICATION_ID || !small {
            return Ok((owner.0, "ok".to_owned()));
        }
        let verdict: (String,) = sqlx::query_as("PRAGMA quick_check(1)").fetch_one(&mut *connection).await?;
        Ok((owner.0, verdict.0))
    };
    let (owner, verdict) = looks.await.map_err(|error| failure::of_open(path, &error).reason)?;
    if owner != APPLICATION_ID {
        return Err(damaged("is the database of another program".to_owned()));
    }
    if verdict != "ok" {
        return Err(damaged(format!("is damaged ({verdict}); restore a backup")));
    }
    Ok(())
}

/// Starts the rounds. Between them nothing is held, so that a database that is dropped is gone.
pub(crate) fn start(database: Weak<Inner>) {
    tokio::spawn(async move {
        let mut rounds = interval_at(Instant::now() + ROUND, ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            let Some(database) = database.upgrade() else { return };
            let Pools::Sqlite { pair, file } = &database.pools else { return };
            let Ok(mut lease) = pair.write.acquire(Instant::now() + PATIENCE).await else { continue };
            match round(&mut lease.connection().inner, file).await {
                Ok(()) => lease.release(),
                // The connection is closed with the lease.
                Err(error) => tracing::warn!(%error, "upkeep of the SQLite file"),
            }
        }
    });
}

async fn round(connection: &mut SqliteConnection, file: &DataFile) -> Result<(), sqlx::Error> {
    // Looks at a bounded number of rows, so it does not hold up the messages.
    sqlx::query("PRAGMA analysis_limit = 400").execute(&mut *connection).await?;
    sqlx::query("PRAGMA optimize").execute(&mut *connection).await?;
    // SQLite cuts the WAL back by itself unless readers keep it from starting over. Waiting for
    // them keeps everyone else from writing, so that is done for an instant only.
    if file.wal_bytes() > WAL_KEPT_BYTES {
        sqlx::query("PRAGMA busy_timeout = 200").execute(&mut *connection).await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *connection).await?;
        sqlx::query("PRAGMA busy_timeout = 2000").execute(&mut *connection).await?;
    }
    Ok(())
}

/// Puts the WAL back into the database, so that the file alone is a complete copy.
pub(crate) async fn before_close(writer: &Pool<Sqlite>, file: &DataFile, deadline: Instant) {
    let Ok(mut lease) = writer.acquire(deadline).await else {
        return;
    };
    let connection = &mut lease.connection().inner;
    let tidied = async {
        sqlx::query("PRAGMA analysis_limit = 400").execute(&mut *connection).await?;
        sqlx::query("PRAGMA optimize").execute(&mut *connection).await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *connection).await
    };
    match tokio::time::timeout(PATIENCE, tidied).await {
        Ok(Ok(_)) => lease.release(),
        Ok(Err(error)) => tracing::warn!(%error, path = %file.path().display(), "tidying the SQLite file"),
        Err(_) => tracing::warn!(path = %file.path().display(), "tidying the SQLite file took too long"),
    }
}
