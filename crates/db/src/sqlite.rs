//! SQLite: one writer and a few read-only readers on one file in WAL mode.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::time::Instant;

use crate::driver::{ConnectError, Driver, Failure, Recheck};
use crate::error::{Error, OpenError};
use crate::row::Row;
use crate::sqlite::file::DataFile;
use crate::statement::{Statement, Text, Value};

pub(crate) mod backup;
mod failure;
pub(crate) mod file;
pub(crate) mod planted;
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
            .synchronous(planted::synchronous())
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
            .pragma("cache_size", "-8192")
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
        if synchronous < planted::synchronous() as i64 {
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

/// A connection, whose running statement is interrupted when it is thrown away.
///
/// Its thread would otherwise go on with a query that no one waits for, and every further call
/// that gives up would leave one more such thread behind.
pub(crate) struct Interruptible {
    /// Dropped first, so that the thread stops before it is told to end.
    _interrupt: InterruptOnDrop,
    pub(crate) inner: SqliteConnection,
}

struct InterruptOnDrop(Arc<AtomicBool>);

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Number of SQLite's virtual machine instructions between two looks at whether anyone still
/// waits: well below a millisecond, and too rare to be measured.
const LOOK_EVERY: i32 = 10_000;

impl Interruptible {
    async fn new(mut inner: SqliteConnection) -> Result<Interruptible, sqlx::Error> {
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        inner.lock_handle().await?.set_progress_handler(LOOK_EVERY, move || !flag.load(Ordering::Relaxed));
        Ok(Interruptible { _interrupt: InterruptOnDrop(interrupted), inner })
    }
}

impl Driver for Sqlite {
    type Connection = Interruptible;

    async fn connect(&self) -> Result<Interruptible, ConnectError> {
        let refused = |error| failure::of_open(self.file.path(), &error);
        let mut connection = self.options().connect().await.map_err(refused)?;
        if self.access == Access::Write {
            self.verify(&mut connection).await?;
        }
        Interruptible::new(connection).await.map_err(refused)
    }

    fn intact(&self) -> Result<(), Error> {
        self.file.intact()
    }

    fn recheck(_opened_at: Instant, _idle_since: Instant) -> Recheck {
        Recheck::Fresh
    }

    async fn ping(connection: &mut Interruptible) -> Result<(), sqlx::Error> {
        connection.inner.ping().await
    }

    async fn close(connection: Interruptible) {
        if let Err(error) = connection.inner.close().await {
            tracing::debug!(%error, "closing a SQLite connection");
        }
    }

    async fn all<T: Row>(
        connection: &mut Interruptible,
        statement: &Statement,
    ) -> Result<Vec<T>, sqlx::Error> {
        // To the end even when one row is expected: a RETURNING statement commits only there.
        let rows = query(statement)?.fetch_all(&mut connection.inner).await?;
        rows.iter().map(T::from_row).collect()
    }

    async fn run(connection: &mut Interruptible, statement: &Statement) -> Result<u64, sqlx::Error> {
        Ok(query(statement)?.execute(&mut connection.inner).await?.rows_affected())
    }

    /// Takes the write lock at once: a transaction that begins by reading could otherwise find at
    /// its first write that another one has overtaken it. There is no lock but that one.
    async fn begin(connection: &mut Interruptible, _lock_wait: Option<Duration>) -> Result<(), sqlx::Error> {
        Self::control(connection, "BEGIN IMMEDIATE").await
    }

    async fn control(connection: &mut Interruptible, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(&mut connection.inner).await.map(drop)
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
        Text::Generated(text) => match anonymous(text) {
            Some(anonymous) => sqlx::query_with(AssertSqlSafe(anonymous), arguments),
            None => sqlx::query_with(AssertSqlSafe(Arc::clone(text)), arguments),
        },
    })
}

/// The same text with `?` for `$1`, `$2`, …, when each of them occurs once and in order.
///
/// To SQLite `$1` is a name like any other, looked up for every value in a list that is read from
/// its beginning. For a batch of 128 messages that took three times as long as inserting them.
fn anonymous(text: &str) -> Option<String> {
    let mut anonymous = String::with_capacity(text.len());
    let mut expected = 1;
    let mut rest = text;
    while let Some(at) = rest.find(['$', '\'', '"']) {
        let (before, from) = rest.split_at(at);
        anonymous.push_str(before);
        if let Some(quoted) = from.strip_prefix(['\'', '"']) {
            // What is quoted stays as it is. A doubled quote ends one text and begins another.
            let end = quoted.find(&from[..1])? + 2;
            anonymous.push_str(&from[..end]);
            rest = &from[end..];
        } else {
            let digits = from[1..].bytes().take_while(u8::is_ascii_digit).count();
            if from[1..=digits].parse() != Ok(expected) {
                return None;
            }
            anonymous.push('?');
            expected += 1;
            rest = &from[1 + digits..];
        }
    }
    anonymous.push_str(rest);
    Some(anonymous)
}

#[cfg(test)]
mod tests {
    use super::{anonymous, at_least};

    #[test]
    fn only_placeholders_in_order_lose_their_numbers() {
        let text = |sql| anonymous(sql);
        assert_eq!(text("VALUES ($1,$2),($3,$10)"), None, "10 is not the fourth");
        assert_eq!(text("VALUES ($1,$2),($3,$4)").as_deref(), Some("VALUES (?,?),(?,?)"));
        assert_eq!(text("SELECT $1 WHERE x = $1"), None, "the first is used twice");
        assert_eq!(text("SELECT $2, $1"), None);
        assert_eq!(
            text("SELECT '$1''$9', \"$7\", $1 || 'é$2', $2").as_deref(),
            Some("SELECT '$1''$9', \"$7\", ? || 'é$2', ?")
        );
        assert_eq!(text("SELECT $ab"), None);
        assert_eq!(text("SELECT 'not closed $1"), None);
        assert_eq!(text("SELECT 1").as_deref(), Some("SELECT 1"));
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(
            at_least("3.51.3", [3, 51, 3]) && at_least("3.100.0", [3, 51, 3]) && at_least("4.0", [3, 51, 3])
        );
        assert!(
            !at_least("3.51.2", [3, 51, 3]) && !at_least("3.9.9", [3, 51, 3]) && !at_least("", [3, 51, 3])
        );
    }
}
