//! SQLite: one writer and a few read-only readers on one file in WAL mode.

use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::time::Instant;

use crate::driver::{ConnectError, Driver, Failure, Recheck};
use crate::error::{Error, OpenError};
use crate::row::Row;
use crate::sqlite::file::DataFile;
use crate::statement::{Statement, Text, Value};

mod failure;
pub(crate) mod file;
pub(crate) mod upkeep;

/// Oldest SQLite whose WAL survives a checkpoint that meets a commit: older ones can lose
/// transactions that were reported as committed ("WAL-reset bug", fixed in 3.51.3).
const OLDEST: (&str, [u32; 3]) = ("3.51.3", [3, 51, 3]);

/// Marks the file as ours, so that another program's database is never migrated by mistake.
/// The letters "fsid".
pub(crate) const APPLICATION_ID: i32 = 0x6673_6964;

/// How long SQLite itself waits for a lock. There is one writer and one process, so a lock is
/// met only while a connection given up after a timeout is still finishing.
const BUSY_WAIT: Duration = Duration::from_secs(2);

/// The WAL is cut back to this size after a checkpoint.
const WAL_KEPT_BYTES: u64 = 64 << 20;

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// The only writer.
    Write,
    /// Reads a snapshot; a statement that writes is refused.
    Read,
}

/// Opens connections to one file.
pub(crate) struct Sqlite {
    file: Arc<DataFile>,
    access: Access,
}

impl Sqlite {
    pub(crate) fn new(file: Arc<DataFile>, access: Access) -> Sqlite {
        Sqlite { file, access }
    }

    fn options(&self) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new()
            .filename(self.file.path())
            .create_if_missing(false)
            .busy_timeout(BUSY_WAIT)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .statement_cache_capacity(256)
            // A page of rows comes over in one go instead of waking the reader thread repeatedly.
            .row_buffer_size(1024)
            // On macOS a plain fsync leaves the data in the cache of the disk.
            .pragma("fullfsync", "ON")
            .pragma("checkpoint_fullfsync", "ON")
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .pragma("temp_store", "MEMORY")
            // No mmap: an I/O error there is a SIGBUS, which ends the process.
            .pragma("mmap_size", "0")
            // Kibibytes, per connection.
            .pragma("cache_size", "-16384")
            .disable_statement_logging();
        match self.access {
            Access::Write => options
                .journal_mode(SqliteJournalMode::Wal)
                .pragma("journal_size_limit", WAL_KEPT_BYTES.to_string())
                .thread_name(|_| "sqlite-writer".to_owned()),
            Access::Read => {
                options.read_only(true).pragma("query_only", "ON").thread_name(|_| "sqlite-reader".to_owned())
            }
        }
    }

    /// Makes sure that a commit on this connection will mean what we promise.
    async fn verify(&self, connection: &mut SqliteConnection) -> Result<(), OpenError> {
        let settings = async {
            let version: (String,) =
                sqlx::query_as("SELECT sqlite_version()").fetch_one(&mut *connection).await?;
            let journal: (String,) =
                sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut *connection).await?;
            let synchronous: (i64,) =
                sqlx::query_as("PRAGMA synchronous").fetch_one(&mut *connection).await?;
            Ok((version.0, journal.0, synchronous.0))
        };
        let (version, journal, synchronous) =
            settings.await.map_err(|error| failure::of_open(self.file.path(), &error).reason)?;
        if !at_least(&version, OLDEST.1) {
            return Err(OpenError::TooOld { engine: "SQLite", found: version, required: OLDEST.0 });
        }
        if journal != "wal" {
            return Err(OpenError::Unsafe(format!(
                "SQLite cannot use WAL here (journal mode is {journal}): \
                 the data directory must be on a local file system"
            )));
        }
        if synchronous < 2 {
            return Err(OpenError::Unsafe("SQLite runs with synchronous below FULL".to_owned()));
        }
        Ok(())
    }
}

/// Whether a dotted version is `required` or newer. What cannot be read counts as 0.
fn at_least(version: &str, required: [u32; 3]) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0)) >= required
}

impl Driver for Sqlite {
    type Connection = SqliteConnection;

    /// Takes the write lock at once: a transaction that begins by reading could otherwise find at
    /// its first write that another one has overtaken it.
    const BEGIN: &'static str = "BEGIN IMMEDIATE";

    async fn connect(&self) -> Result<SqliteConnection, ConnectError> {
        let mut connection =
            self.options().connect().await.map_err(|error| failure::of_open(self.file.path(), &error))?;
        if self.access == Access::Write {
            self.verify(&mut connection).await?;
        }
        Ok(connection)
    }

    fn intact(&self) -> Result<(), Error> {
        self.file.intact()
    }

    fn recheck(_opened_at: Instant, _idle_since: Instant) -> Recheck {
        Recheck::Fresh
    }

    async fn ping(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        connection.ping().await
    }

    async fn close(connection: SqliteConnection) {
        if let Err(error) = connection.close().await {
            tracing::debug!(%error, "closing a SQLite connection");
        }
    }

    async fn all<T: Row>(
        connection: &mut SqliteConnection,
        statement: &Statement,
    ) -> Result<Vec<T>, sqlx::Error> {
        // To the end even when one row is expected: a RETURNING statement commits only there.
        let rows = query(statement)?.fetch_all(connection).await?;
        rows.iter().map(T::from_row).collect()
    }

    async fn run(connection: &mut SqliteConnection, statement: &Statement) -> Result<u64, sqlx::Error> {
        Ok(query(statement)?.execute(connection).await?.rows_affected())
    }

    async fn control(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(connection).await.map(drop)
    }

    fn failure(error: sqlx::Error) -> Failure {
        failure::of_call(&error)
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

fn query(statement: &Statement) -> Result<Query<'_>, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(statement.values.len(), 0);
    for value in &statement.values {
        match value {
            Value::Text(text) => arguments.add(text.clone()),
            Value::Bigint(number) => arguments.add(*number),
            Value::Boolean(truth) => arguments.add(*truth),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(match &statement.text {
        Text::Written(text) => sqlx::query_with(*text, arguments),
        Text::Generated(text) => sqlx::query_with(AssertSqlSafe(Arc::clone(text)), arguments),
        Text::Rows(rows) => sqlx::query_with(AssertSqlSafe(rows.anonymous()), arguments),
    })
}
