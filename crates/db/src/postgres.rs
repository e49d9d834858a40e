//! PostgreSQL: connections that give up when the server does not, and only to a safe server.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection};
use sqlx::{Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::time::Instant;

use crate::driver::{ConnectError, Driver, Failure, Recheck};
use crate::error::Error;
use crate::row::Row;
use crate::statement::{Statement, Text, Value};

use lineage::Lineage;

mod failure;
pub(crate) mod lineage;
mod safety;

/// After this long without work a connection is asked for a sign of life before it is used.
const PING_AFTER: Duration = Duration::from_secs(1);

/// After this long without work a connection is closed.
const IDLE_LIMIT: Duration = Duration::from_secs(600);

/// After this long a connection is closed whatever it does, so that a changed address, role or
/// server setting takes effect everywhere within the hour.
const LIFETIME: Duration = Duration::from_secs(1800);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Reads and writes.
    Write,
    /// Refuses statements that write, as SQLite's readers do.
    Read,
    /// Changes the schema, which may take as long as it takes.
    Migrate,
}

/// Opens connections to one server.
pub(crate) struct Postgres {
    options: PgConnectOptions,
    lineage: Arc<Lineage>,
}

impl Postgres {
    /// `deadline` is the time after which our own side gives up. The limits set on the server
    /// only clean up behind it: of a frozen server they say nothing.
    /// All connections of one `lineage` must be to a server with the same past.
    pub(crate) fn new(
        url: &PgConnectOptions,
        purpose: Purpose,
        deadline: Duration,
        lineage: Arc<Lineage>,
    ) -> Postgres {
        let ms = |limit: Duration| limit.as_millis().to_string();
        let mut settings = vec![
            // Pinned for the session: a reload that turns it off does not reach us.
            ("synchronous_commit", "on".to_owned()),
            // Whoever waits for a row then sees what its last holder did, instead of losing to it.
            ("default_transaction_isolation", "read committed".to_owned()),
        ];
        match purpose {
            Purpose::Migrate => {
                settings.push(("statement_timeout", "0".to_owned()));
                settings.push(("lock_timeout", "0".to_owned()));
                settings.push(("idle_in_transaction_session_timeout", "0".to_owned()));
            }
            Purpose::Read | Purpose::Write => {
                // Only after ours: it would also end a COMMIT's wait for a synchronous standby,
                // which PostgreSQL then reports as success.
                settings.push(("statement_timeout", ms(deadline + Duration::from_secs(1))));
                // Well before our own deadline, so that waiting behind a lock ends with a clear
                // answer and the connection is kept.
                settings.push(("lock_timeout", ms(deadline * 5 / 8)));
                // A frozen process of ours must not hold a room's row for ever.
                settings.push(("idle_in_transaction_session_timeout", ms(deadline + Duration::from_secs(1))));
                if purpose == Purpose::Read {
                    settings.push(("default_transaction_read_only", "on".to_owned()));
                }
            }
        }
        let options = url
            .clone()
            .application_name("fireside")
            .statement_cache_capacity(256)
            .options(settings)
            .disable_statement_logging();
        Postgres { options, lineage }
    }
}

impl Driver for Postgres {
    type Connection = PgConnection;

    async fn connect(&self) -> Result<PgConnection, ConnectError> {
        let mut connection = self.options.connect().await.map_err(|error| failure::of_connect(&error))?;
        safety::verify(&mut connection).await?;
        self.lineage.verify(&mut connection).await?;
        Ok(connection)
    }

    fn intact(&self) -> Result<(), Error> {
        Ok(())
    }

    fn recheck(opened_at: Instant, idle_since: Instant) -> Recheck {
        if opened_at.elapsed() > LIFETIME || idle_since.elapsed() > IDLE_LIMIT {
            Recheck::Retire
        } else if idle_since.elapsed() > PING_AFTER {
            Recheck::Ping
        } else {
            Recheck::Fresh
        }
    }

    async fn ping(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        connection.ping().await
    }

    async fn close(connection: PgConnection) {
        if let Err(error) = connection.close().await {
            tracing::debug!(%error, "closing a PostgreSQL connection");
        }
    }

    async fn all<T: Row>(
        connection: &mut PgConnection,
        statement: &Statement,
    ) -> Result<Vec<T>, sqlx::Error> {
        let rows = query(statement)?.fetch_all(connection).await?;
        rows.iter().map(T::from_row).collect()
    }

    async fn run(connection: &mut PgConnection, statement: &Statement) -> Result<u64, sqlx::Error> {
        Ok(query(statement)?.execute(connection).await?.rows_affected())
    }

    async fn begin(connection: &mut PgConnection, lock_wait: Option<Duration>) -> Result<(), sqlx::Error> {
        let Some(lock_wait) = lock_wait else { return Self::control(connection, "BEGIN").await };
        // Both in one message: the limit costs no round trip.
        let text = format!("BEGIN; SET LOCAL lock_timeout = {}", lock_wait.as_millis());
        sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await.map(drop)
    }

    async fn control(connection: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
        // The simple protocol: one message each way, nothing to prepare.
        sqlx::raw_sql(sql).execute(connection).await.map(drop)
    }

    fn failure(error: sqlx::Error) -> Failure {
        failure::of_call(&error)
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, PgArguments>;

fn query(statement: &Statement) -> Result<Query<'_>, sqlx::Error> {
    let mut arguments = PgArguments::default();
    arguments.reserve(statement.values.len(), statement.values.len() * 24);
    for value in &statement.values {
        match value {
            Value::Text(text) => arguments.add(text.as_deref()),
            Value::Bigint(number) => arguments.add(*number),
            Value::Boolean(truth) => arguments.add(*truth),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(match &statement.text {
        Text::Written(text) => sqlx::query_with(*text, arguments),
        Text::Generated(text) => sqlx::query_with(AssertSqlSafe(Arc::clone(text)), arguments),
    })
}
