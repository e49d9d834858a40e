//! The database as the rest of the server sees it: reads, single writes, transactions.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::driver::{Driver, Failure};
use crate::error::{Error, OpenError};
use crate::migrate::{self, Migrated};
use crate::options::{DatabaseUrl, Engine, Options};
use crate::pool::{Connections, Lease, Pool};
use crate::postgres::lineage::Lineage;
use crate::postgres::{Postgres, Purpose};
use crate::retry::retried;
use crate::row::Row;
use crate::sqlite::file::DataFile;
use crate::sqlite::{Access, Sqlite, upkeep};
use crate::statement::{Statement, sql};
use crate::transaction::{Transaction, Tx, no_row};

/// Longest time of a transaction that may take as long as it takes.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// An open database. Clones share its connections.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

pub(crate) struct Inner {
    options: Options,
    pub(crate) pools: Pools,
}

pub(crate) enum Pools {
    Sqlite { pair: Pair<Sqlite>, file: Arc<DataFile> },
    Postgres { pair: Pair<Postgres>, lineage: Arc<Lineage> },
}

/// Connections of a database, by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStats {
    /// Those that only read.
    pub read: Connections,
    /// Those that write.
    pub write: Connections,
}

/// The two pools of one engine and the ways to use them.
pub(crate) struct Pair<D: Driver> {
    read: Pool<D>,
    pub(crate) write: Pool<D>,
    deadline: Duration,
}

/// Does the same with whichever engine is in use.
macro_rules! on {
    ($db:expr, $pair:ident => $call:expr) => {
        match &$db.0.pools {
            Pools::Sqlite { pair: $pair, .. } => $call,
            Pools::Postgres { pair: $pair, .. } => $call,
        }
    };
}

impl Db {
    /// Opens the database and refuses it when its settings could lose what we acknowledge. The
    /// schema is not touched: see [`Db::migrate`].
    pub async fn open(options: &Options) -> Result<Db, OpenError> {
        let deadline = options.deadline;
        let pools = match &options.url {
            DatabaseUrl::Sqlite(path) => {
                let file = Arc::new(DataFile::claim(path)?);
                upkeep::inspect(&file).await?;
                let pool = |access, size| Pool::new(Sqlite::new(Arc::clone(&file), access), size);
                let read = pool(Access::Read, options.read_connections);
                let write = pool(Access::Write, 1);
                write.warm(options.startup_wait).await?;
                upkeep::adopt(&write, &file).await?;
                Pools::Sqlite { pair: Pair { read, write, deadline }, file }
            }
            DatabaseUrl::Postgres(url) => {
                let lineage = Arc::<Lineage>::default();
                let pool = |purpose, size| {
                    Pool::new(Postgres::new(url, purpose, deadline, Arc::clone(&lineage)), size)
                };
                let read = pool(Purpose::Read, options.read_connections);
                let write = pool(Purpose::Write, options.write_connections);
                write.warm(options.startup_wait).await?;
                Pools::Postgres { pair: Pair { read, write, deadline }, lineage }
            }
        };
        let db = Db(Arc::new(Inner { options: options.clone(), pools }));
        if db.engine() == Engine::Sqlite {
            upkeep::start(Arc::downgrade(&db.0));
        }
        Ok(db)
    }

    /// Brings the schema up to date. Safe to call from several nodes at once: one migrates, the
    /// others wait and find nothing left to do.
    pub async fn migrate(&self) -> Result<Migrated, OpenError> {
        match &self.0.pools {
            Pools::Sqlite { pair, .. } => migrate::sqlite(&pair.write).await,
            Pools::Postgres { lineage, .. } => migrate::postgres(&self.0.options, lineage).await,
        }
    }

    /// Whether the schema is older than the one this program knows, or not there at all.
    pub async fn needs_migration(&self) -> bool {
        let applied = sql("SELECT MAX(version) FROM _sqlx_migrations");
        // Without that table it has never been migrated; any other trouble shows when it is used.
        let applied =
            self.optional::<(Option<i64>,)>(applied).await.ok().flatten().and_then(|(version,)| version);
        applied < Some(migrate::newest(self.engine()))
    }

    /// Which engine is in use.
    pub fn engine(&self) -> Engine {
        self.0.options.url.engine()
    }

    /// Which past the server continues: its cluster and timeline, the same for every connection of this database. None
    /// with SQLite, whose file is the past, and where the server does not tell.
    pub fn lineage(&self) -> Option<&str> {
        match &self.0.pools {
            Pools::Sqlite { .. } => None,
            Pools::Postgres { lineage, .. } => lineage.get(),
        }
    }

    /// From now on the data has to carry this word in the row `database.past` of `settings`: a server without it, or with
    /// another one, continues another past, whatever its [lineage](Db::lineage). Of no concern to SQLite.
    pub fn recognise(&self, past: &str) {
        if let Pools::Postgres { lineage, .. } = &self.0.pools {
            lineage.recognise(past);
        }
    }

    /// Waits until a server with another past was found at the database's address, which may take for ever. Its
    /// connections are refused from then on, since what this process remembers need not have happened there: it has to
    /// begin anew.
    pub async fn superseded(&self) {
        match &self.0.pools {
            Pools::Sqlite { .. } => std::future::pending().await,
            Pools::Postgres { lineage, .. } => lineage.superseded().await,
        }
    }

    /// All rows of a statement that only reads.
    pub async fn all<T: Row>(&self, statement: Statement) -> Result<Vec<T>, Error> {
        let rows = on!(self, pair => pair.all(&statement).await);
        #[cfg(feature = "testing")]
        crate::testing::trouble::after_read().await;
        rows
    }

    /// The first row of a statement that only reads, if there is one.
    pub async fn optional<T: Row>(&self, statement: Statement) -> Result<Option<T>, Error> {
        Ok(self.all(statement).await?.into_iter().next())
    }

    /// The row of a statement that only reads and always has one.
    pub async fn one<T: Row>(&self, statement: Statement) -> Result<T, Error> {
        self.optional(statement).await?.ok_or_else(no_row)
    }

    /// One writing statement in a transaction of its own; returns the number of rows changed.
    pub async fn run(&self, statement: Statement) -> Result<u64, Error> {
        on!(self, pair => pair.run(&statement).await)
    }

    /// One writing statement with RETURNING in a transaction of its own; returns its rows.
    pub async fn write_all<T: Row>(&self, statement: Statement) -> Result<Vec<T>, Error> {
        on!(self, pair => pair.write_all(&statement).await)
    }

    /// The same for a statement that returns at most one row.
    pub async fn write_optional<T: Row>(&self, statement: Statement) -> Result<Option<T>, Error> {
        Ok(self.write_all(statement).await?.into_iter().next())
    }

    /// Begins a write transaction. It has the deadline of one call, counted from now.
    pub async fn begin(&self) -> Result<Tx, Error> {
        self.begin_with(None).await
    }

    /// The same for a transaction that waits for each lock no longer than `lock_wait` and then ends with
    /// [`Error::Locked`]. SQLite has one writer and no such locks.
    pub async fn begin_waiting(&self, lock_wait: Duration) -> Result<Tx, Error> {
        self.begin_with(Some(lock_wait)).await
    }

    /// The same for one that may take as long as it takes, on a connection of its own: for what concerns all of the data
    /// and is done before anybody is served.
    pub async fn begin_long(&self) -> Result<Tx, Error> {
        let deadline = Instant::now() + LONG;
        match &self.0.pools {
            Pools::Sqlite { pair, .. } => Ok(Tx::sqlite(pair.begin_until(deadline, None).await?)),
            Pools::Postgres { lineage, .. } => {
                let DatabaseUrl::Postgres(url) = &self.0.options.url else { return Err(Error::Unavailable) };
                let driver =
                    Postgres::new(url, Purpose::Migrate, self.0.options.deadline, Arc::clone(lineage));
                let write = Pool::new(driver, 1);
                let lease = write.acquire(Instant::now() + self.0.options.deadline).await?;
                let begun = Transaction::begin(lease, deadline, None).await;
                begun.map(Tx::postgres).map_err(|failure| failure.error)
            }
        }
    }

    async fn begin_with(&self, lock_wait: Option<Duration>) -> Result<Tx, Error> {
        match &self.0.pools {
            Pools::Sqlite { pair, .. } => Ok(Tx::sqlite(pair.begin(lock_wait).await?)),
            Pools::Postgres { pair, .. } => Ok(Tx::postgres(pair.begin(lock_wait).await?)),
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        self.all::<(i64,)>(sql("SELECT CAST(1 AS BIGINT)")).await.map(drop)
    }

    /// Connections by state.
    pub fn stats(&self) -> PoolStats {
        on!(self, pair => PoolStats { read: pair.read.connections(), write: pair.write.connections() })
    }

    /// Refuses new calls, lets running ones end, and leaves the files tidy and unlocked. For
    /// every clone.
    pub async fn close(&self) {
        let deadline = Instant::now() + self.0.options.deadline;
        match &self.0.pools {
            Pools::Sqlite { pair, file } => {
                // The readers first: they would keep the WAL from being put back.
                pair.read.close(deadline).await;
                upkeep::before_close(&pair.write, file, deadline).await;
                pair.write.close(deadline).await;
                file.unlock();
            }
            Pools::Postgres { pair, .. } => {
                pair.read.close(deadline).await;
                pair.write.close(deadline).await;
            }
        }
    }
}

impl<D: Driver> Pair<D> {
    async fn all<T: Row>(&self, statement: &Statement) -> Result<Vec<T>, Error> {
        refuse_nul(statement)?;
        let deadline = Instant::now() + self.deadline;
        let outcome = match self.read_once(statement, deadline).await {
            // A read may be repeated. The connection was probably idle while the server went
            // away and came back, and so were its neighbours.
            Err(failure) if failure.lost && failure.error != Error::Timeout => {
                self.read.purge();
                self.read_once(statement, deadline).await
            }
            outcome => outcome,
        };
        outcome.map_err(|failure| failure.error)
    }

    async fn read_once<T: Row>(&self, statement: &Statement, deadline: Instant) -> Result<Vec<T>, Failure> {
        let mut lease = self.lease(&self.read, deadline).await.map_err(Failure::refused)?;
        let outcome = timeout_at(deadline, D::all(lease.connection(), statement)).await;
        give_back(lease, outcome)
    }

    async fn run(&self, statement: &Statement) -> Result<u64, Error> {
        refuse_nul(statement)?;
        let deadline = Instant::now() + self.deadline;
        retried(|| async move {
            let mut lease = self.lease(&self.write, deadline).await?;
            let outcome = timeout_at(deadline, D::run(lease.connection(), statement)).await;
            give_back(lease, outcome).map_err(Failure::of_write)
        })
        .await
    }

    async fn write_all<T: Row>(&self, statement: &Statement) -> Result<Vec<T>, Error> {
        refuse_nul(statement)?;
        let deadline = Instant::now() + self.deadline;
        retried(|| async move {
            let mut lease = self.lease(&self.write, deadline).await?;
            let outcome = timeout_at(deadline, D::all(lease.connection(), statement)).await;
            give_back(lease, outcome).map_err(Failure::of_write)
        })
        .await
    }

    async fn begin(&self, lock_wait: Option<Duration>) -> Result<Transaction<D>, Error> {
        self.begin_until(Instant::now() + self.deadline, lock_wait).await
    }

    async fn begin_until(
        &self,
        deadline: Instant,
        lock_wait: Option<Duration>,
    ) -> Result<Transaction<D>, Error> {
        let lease = self.lease(&self.write, deadline).await?;
        let outcome = match Transaction::begin(lease, deadline, lock_wait).await {
            // Nothing has been written yet, so this too may be repeated.
            Err(failure) if failure.lost && failure.error != Error::Timeout => {
                self.write.purge();
                Transaction::begin(self.lease(&self.write, deadline).await?, deadline, lock_wait).await
            }
            outcome => outcome,
        };
        outcome.map_err(|failure| failure.error)
    }

    async fn lease(&self, pool: &Pool<D>, deadline: Instant) -> Result<Lease<D>, Error> {
        // Not all of the time: what is left must suffice for the call itself.
        pool.acquire(deadline.min(Instant::now() + self.deadline * 5 / 8)).await
    }
}

fn refuse_nul(statement: &Statement) -> Result<(), Error> {
    if statement.binds_nul() { Err(Error::NulInText) } else { Ok(()) }
}

/// Gives a connection back after a call, unless the call left it unusable.
fn give_back<D: Driver, T>(
    lease: Lease<D>,
    outcome: Result<Result<T, sqlx::Error>, tokio::time::error::Elapsed>,
) -> Result<T, Failure> {
    let answer = match outcome {
        Ok(answer) => answer.map_err(D::failure),
        Err(_) => Err(Failure::late()),
    };
    if let Err(failure) = &answer {
        lease.note(failure);
    }
    if !matches!(&answer, Err(failure) if failure.lost) {
        lease.release();
    }
    answer
}
