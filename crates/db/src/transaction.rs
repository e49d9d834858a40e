//! A write transaction: all of it or nothing, within one deadline.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use crate::driver::{Driver, Failure};
use crate::error::Error;
use crate::options::Engine;
use crate::pool::Lease;
use crate::postgres::Postgres;
use crate::row::Row;
use crate::sqlite::Sqlite;
use crate::statement::Statement;

/// Least time given to COMMIT, even when the statements have used up the deadline: to give up on
/// a COMMIT means not to know, which is worse than to wait.
const COMMIT_LEAST: Duration = Duration::from_secs(1);

/// Time given to ROLLBACK before the connection is closed instead, which rolls back as well.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(1);

/// A write transaction. Dropping it rolls it back.
///
/// After the first error nothing more can be done with it but to roll it back, on both engines:
/// PostgreSQL refuses, and answers COMMIT with success nevertheless.
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Tx(Open);

enum Open {
    Sqlite(Transaction<Sqlite>),
    Postgres(Transaction<Postgres>),
}

impl Tx {
    pub(crate) fn sqlite(transaction: Transaction<Sqlite>) -> Tx {
        Tx(Open::Sqlite(transaction))
    }

    pub(crate) fn postgres(transaction: Transaction<Postgres>) -> Tx {
        Tx(Open::Postgres(transaction))
    }

    /// Which engine runs it.
    pub fn engine(&self) -> Engine {
        match &self.0 {
            Open::Sqlite(_) => Engine::Sqlite,
            Open::Postgres(_) => Engine::Postgres,
        }
    }

    /// All rows of a statement.
    pub async fn all<T: Row>(&mut self, statement: Statement) -> Result<Vec<T>, Error> {
        match &mut self.0 {
            Open::Sqlite(transaction) => transaction.all(statement).await,
            Open::Postgres(transaction) => transaction.all(statement).await,
        }
    }

    /// The first row of a statement, if there is one.
    pub async fn optional<T: Row>(&mut self, statement: Statement) -> Result<Option<T>, Error> {
        Ok(self.all(statement).await?.into_iter().next())
    }

    /// The row of a statement that always has one.
    pub async fn one<T: Row>(&mut self, statement: Statement) -> Result<T, Error> {
        self.optional(statement).await?.ok_or_else(no_row)
    }

    /// Runs a statement and returns the number of rows it changed.
    pub async fn run(&mut self, statement: Statement) -> Result<u64, Error> {
        match &mut self.0 {
            Open::Sqlite(transaction) => transaction.run(statement).await,
            Open::Postgres(transaction) => transaction.run(statement).await,
        }
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// [`Error::Indeterminate`] when the answer did not come, also to a caller that stops
    /// waiting; any other error means that nothing is written.
    pub async fn commit(self) -> Result<(), Error> {
        #[cfg(feature = "testing")]
        let trouble = crate::testing::trouble::next();
        #[cfg(feature = "testing")]
        trouble.before().await?;
        let outcome = match self.0 {
            Open::Sqlite(transaction) => transaction.commit().await,
            Open::Postgres(transaction) => transaction.commit().await,
        };
        #[cfg(feature = "testing")]
        let outcome = trouble.after(outcome).await;
        outcome
    }

    /// Undoes everything and waits until that is done. Dropping the transaction does the same
    /// without waiting.
    pub async fn rollback(self) {
        match self.0 {
            Open::Sqlite(transaction) => transaction.rollback().await,
            Open::Postgres(transaction) => transaction.rollback().await,
        }
    }
}

/// The answer to a statement that should have had a row.
pub(crate) fn no_row() -> Error {
    Error::Internal("a statement that always has a row had none".to_owned())
}

/// A transaction on one engine.
pub(crate) struct Transaction<D: Driver> {
    /// Empty once the connection has been given back or thrown away.
    lease: Option<Lease<D>>,
    deadline: Instant,
    /// A call is under way. When it is abandoned, the connection is in an unknown state.
    busy: bool,
    failed: bool,
}

impl<D: Driver> Transaction<D> {
    /// Begins on a lent connection.
    pub(crate) async fn begin(
        mut lease: Lease<D>,
        deadline: Instant,
        lock_wait: Option<Duration>,
    ) -> Result<Self, Failure> {
        match timeout_at(deadline, D::begin(lease.connection(), lock_wait)).await {
            Ok(Ok(())) => Ok(Transaction { lease: Some(lease), deadline, busy: false, failed: false }),
            Ok(Err(error)) => {
                let failure = D::failure(error);
                if !failure.lost {
                    lease.release();
                }
                Err(failure)
            }
            Err(_) => Err(Failure::late()),
        }
    }

    async fn all<T: Row>(&mut self, statement: Statement) -> Result<Vec<T>, Error> {
        let (connection, deadline) = self.start(&statement)?;
        let outcome = timeout_at(deadline, D::all(connection, &statement)).await;
        self.end(outcome.map(|answer| answer.map_err(D::failure)).unwrap_or(Err(Failure::late())))
    }

    async fn run(&mut self, statement: Statement) -> Result<u64, Error> {
        let (connection, deadline) = self.start(&statement)?;
        let outcome = timeout_at(deadline, D::run(connection, &statement)).await;
        self.end(outcome.map(|answer| answer.map_err(D::failure)).unwrap_or(Err(Failure::late())))
    }

    fn start(&mut self, statement: &Statement) -> Result<(&mut D::Connection, Instant), Error> {
        let usable = self.lease.as_mut().filter(|_| !self.failed && !self.busy);
        let Some(lease) = usable else {
            return Err(Error::Internal("a failed transaction was used again".to_owned()));
        };
        if statement.binds_nul() {
            self.failed = true;
            return Err(Error::NulInText);
        }
        self.busy = true;
        Ok((lease.connection(), self.deadline))
    }

    fn end<T>(&mut self, outcome: Result<T, Failure>) -> Result<T, Error> {
        match outcome {
            Ok(answer) => {
                self.busy = false;
                Ok(answer)
            }
            Err(failure) => {
                if let Some(lease) = &self.lease {
                    lease.note(&failure);
                }
                self.failed = true;
                self.busy = failure.lost;
                // Before COMMIT nothing is written, however the statement ended.
                Err(failure.error)
            }
        }
    }

    async fn commit(mut self) -> Result<(), Error> {
        if self.failed || self.busy {
            return Err(Error::Internal("a failed transaction was to be committed".to_owned()));
        }
        let Some(mut lease) = self.lease.take() else {
            return Err(Error::Internal("a transaction was committed twice".to_owned()));
        };
        let deadline = self.deadline.max(Instant::now() + COMMIT_LEAST);
        match timeout_at(deadline, D::control(lease.connection(), "COMMIT")).await {
            Ok(Ok(())) => {
                lease.release();
                Ok(())
            }
            Ok(Err(error)) => {
                let failure = D::failure(error);
                lease.note(&failure);
                if !failure.lost {
                    // SQLite leaves the transaction open when it cannot commit.
                    roll_back(lease).await;
                }
                Err(failure.of_write())
            }
            Err(_) => Err(Error::Indeterminate),
        }
    }

    async fn rollback(mut self) {
        if let Some(lease) = self.lease.take()
            && !self.busy
        {
            roll_back(lease).await;
        }
    }
}

impl<D: Driver> Drop for Transaction<D> {
    fn drop(&mut self) {
        // In the middle of a call, and when the runtime is ending, closing the connection is the
        // roll-back.
        if let Some(lease) = self.lease.take()
            && !self.busy
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(roll_back(lease));
        }
    }
}

async fn roll_back<D: Driver>(mut lease: Lease<D>) {
    let outcome = timeout(ROLLBACK_LIMIT, D::control(lease.connection(), "ROLLBACK")).await;
    // SQLite has sometimes rolled back by itself and then refuses; a connection that is not in a
    // known state is closed.
    if let Ok(Ok(())) = outcome {
        lease.release();
    }
}
