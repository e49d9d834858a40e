//! What a SQLite file needs besides being written: a look at whose it is before first use, its
//! WAL put back, the planner's statistics kept fresh.

use std::fs;
use std::sync::Weak;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
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

/// What `PRAGMA quick_check` says of a file in order.
const SOUND: &str = "ok";

/// Time for the checks at start, and for tidying at the end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks at the file before we write anything to it, even its journal mode: what another program
/// has stored stays as it is.
pub(crate) async fn inspect(file: &DataFile) -> Result<(), OpenError> {
    // Not opened read-only: SQLite could then not undo a transaction that a crash broke off, and
    // would refuse to read on ("hot journal", <https://www.sqlite.org/lockingv3.html#hot_journals>).
    let options = SqliteConnectOptions::new()
        .filename(file.path())
        .create_if_missing(false)
        .pragma("query_only", "ON")
        .disable_statement_logging();
    let looks = async {
        let mut connection = options.connect().await?;
        let ours = APPLICATION_ID == application_id(&mut connection).await?;
        let usable = ours || is_empty(&mut connection).await?;
        let (encoding,): (String,) = sqlx::query_as("PRAGMA encoding").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok((usable, encoding))
    };
    let (usable, encoding) = looks.await.map_err(|error| failure::of_open(file.path(), &error).reason)?;
    if !usable {
        return Err(file.refused("is the database of another program".to_owned()));
    }
    // Names are told apart and sorted by their bytes, which are others in UTF-16.
    if encoding != "UTF-8" {
        return Err(file.refused(format!("stores text as {encoding}; it has to be UTF-8")));
    }
    Ok(())
}

/// Marks a new file as ours, and checks one that is.
pub(crate) async fn adopt(writer: &Pool<Sqlite>, file: &DataFile) -> Result<(), OpenError> {
    let acquired = writer.acquire(Instant::now() + PATIENCE).await;
    let mut lease = acquired.map_err(|error| file.refused(error.to_string()))?;
    let connection = &mut lease.connection().inner;
    let checks = async {
        if application_id(connection).await? != APPLICATION_ID {
            let mark = format!("PRAGMA application_id = {APPLICATION_ID}");
            sqlx::query(AssertSqlSafe(mark)).execute(&mut *connection).await?;
        }
        if !fs::metadata(file.path()).is_ok_and(|metadata| metadata.len() <= CHECKED_BYTES) {
            return Ok(SOUND.to_owned());
        }
        let (verdict,) = sqlx::query_as("PRAGMA quick_check(1)").fetch_one(connection).await?;
        Ok(verdict)
    };
    let verdict: String = checks.await.map_err(|error| failure::of_open(file.path(), &error).reason)?;
    lease.release();
    if verdict == SOUND {
        Ok(())
    } else {
        Err(file.refused(format!("is damaged ({verdict}); restore a backup")))
    }
}

async fn application_id(connection: &mut SqliteConnection) -> Result<i32, sqlx::Error> {
    let (owner,) = sqlx::query_as("PRAGMA application_id").fetch_one(connection).await?;
    Ok(owner)
}

/// No mark and no tables: new, or left by a start that was interrupted.
async fn is_empty(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let (tables,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    Ok(tables == 0 && application_id(connection).await? == 0)
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
