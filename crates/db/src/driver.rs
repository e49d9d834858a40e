//! What the pool and the transactions need of an engine's driver; implemented once for each.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, OpenError};
use crate::row::Row;
use crate::statement::Statement;

/// An engine's driver, together with everything needed to open one more connection.
pub(crate) trait Driver: Send + Sync + 'static {
    /// A connection, used by one call or transaction at a time.
    type Connection: Send + 'static;

    /// Opens a connection and makes sure that its settings are safe.
    fn connect(&self) -> impl Future<Output = Result<Self::Connection, ConnectError>> + Send;

    /// A cheap check before each use of a connection, of what may have happened underneath it.
    fn intact(&self) -> Result<(), Error>;

    /// What is to happen to a connection that has been idle, before it is used again.
    fn recheck(opened_at: Instant, idle_since: Instant) -> Recheck;

    /// Asks the other side for a sign of life.
    fn ping(connection: &mut Self::Connection) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Says goodbye.
    fn close(connection: Self::Connection) -> impl Future<Output = ()> + Send;

    /// Runs a statement to its end and returns its rows.
    fn all<T: Row>(
        connection: &mut Self::Connection,
        statement: &Statement,
    ) -> impl Future<Output = Result<Vec<T>, sqlx::Error>> + Send;

    /// Runs a statement to its end and returns the number of rows it changed.
    fn run(
        connection: &mut Self::Connection,
        statement: &Statement,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Starts a write transaction, which waits for each lock no longer than `lock_wait` where that is given.
    fn begin(
        connection: &mut Self::Connection,
        lock_wait: Option<Duration>,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Runs COMMIT or ROLLBACK.
    fn control(
        connection: &mut Self::Connection,
        sql: &'static str,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// What an error of the driver means.
    fn failure(error: sqlx::Error) -> Failure;
}

/// Why no connection could be opened.
#[derive(Debug)]
pub(crate) struct ConnectError {
    /// The reason, for the operator.
    pub(crate) reason: OpenError,
    /// Whether it pays to wait.
    pub(crate) outlook: Outlook,
}

/// Whether a failed attempt to connect may succeed when repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It may pass by itself within seconds, such as a server that is starting.
    Transient,
    /// Somebody has to change something.
    Lasting,
    /// The other side said nothing until the time was over.
    Silent,
}

impl From<OpenError> for ConnectError {
    fn from(reason: OpenError) -> Self {
        ConnectError { reason, outlook: Outlook::Lasting }
    }
}

/// What is to happen to an idle connection before its next use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recheck {
    /// Use it.
    Fresh,
    /// Ask for a sign of life first.
    Ping,
    /// Close it and open another.
    Retire,
}

/// A failed call, seen from the connection.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the caller gets to know.
    pub(crate) error: Error,
    /// The connection is not to be used again.
    pub(crate) lost: bool,
    /// The engine has said that nothing was written. Without that, a write that was sent may
    /// have been done.
    pub(crate) definite: bool,
}

impl Failure {
    /// A refusal by the engine; the connection goes on.
    pub(crate) fn refused(error: Error) -> Failure {
        Failure { error, lost: false, definite: true }
    }

    /// The connection broke: nobody can say how far the call came.
    pub(crate) fn broken() -> Failure {
        Failure { error: Error::Unavailable, lost: true, definite: false }
    }

    /// No answer in time. The connection is in the middle of something and cannot be reused.
    pub(crate) fn late() -> Failure {
        Failure { error: Error::Timeout, lost: true, definite: false }
    }

    /// The error of a call that writes and was sent.
    pub(crate) fn of_write(self) -> Error {
        if self.definite { self.error } else { Error::Indeterminate }
    }
}
