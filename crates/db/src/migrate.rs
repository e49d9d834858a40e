//! The schema, step by step, and how it is brought up to date.
//!
//! A step is a file in `migrations/`: `NNNN_name.sql` for both engines, `NNNN_name.sqlite.sql`
//! and `NNNN_name.postgres.sql` where they must differ. Each runs in one transaction together
//! with the note that it ran, so a step that is interrupted has not happened. A step that has
//! been released is never edited: databases remember its checksum.

use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType};
use tokio::time::Instant;

use crate::driver::Driver as _;
use crate::error::{Error, OpenError};
use crate::options::{DatabaseUrl, Engine, Options};
use crate::pool::Pool;
use crate::postgres::lineage::Lineage;
use crate::postgres::{Postgres, Purpose};
use crate::sqlite::Sqlite;

/// Table in which applied steps are noted, in the layout of sqlx's own tools.
const TABLE: &str = "_sqlx_migrations";

/// How long a migration waits for the only writer of SQLite.
const WRITER_PATIENCE: Duration = Duration::from_secs(60);

/// A step of the schema.
struct Step {
    version: i64,
    name: &'static str,
    /// Text for SQLite, if it has a part in this step.
    sqlite: Option<&'static str>,
    /// Text for PostgreSQL, likewise.
    postgres: Option<&'static str>,
}

/// A step written once for both engines.
const fn shared(version: i64, name: &'static str, text: &'static str) -> Step {
    Step { version, name, sqlite: Some(text), postgres: Some(text) }
}

/// Every step, oldest first.
const STEPS: &[Step] = &[
    Step {
        version: 0,
        name: "byte order",
        sqlite: None,
        postgres: Some(include_str!("../migrations/0000_byte_order.postgres.sql")),
    },
    shared(1, "core", include_str!("../migrations/0001_core.sql")),
    Step {
        version: 2,
        name: "room events",
        sqlite: Some(include_str!("../migrations/0002_room_events.sqlite.sql")),
        postgres: Some(include_str!("../migrations/0002_room_events.postgres.sql")),
    },
    shared(3, "unread", include_str!("../migrations/0003_unread.sql")),
    shared(4, "user changes", include_str!("../migrations/0004_user_changes.sql")),
    shared(5, "nodes", include_str!("../migrations/0005_nodes.sql")),
    shared(6, "invite room", include_str!("../migrations/0006_invite_room.sql")),
];

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Version of the schema before; none when the database was empty.
    pub from: Option<i64>,
    /// Version of the schema now.
    pub to: i64,
    /// Number of steps applied by this call.
    pub steps: usize,
}

/// Migrates through the writer, which no one else uses meanwhile.
pub(crate) async fn sqlite(writer: &Pool<Sqlite>) -> Result<Migrated, OpenError> {
    let mut lease = writer
        .acquire(Instant::now() + WRITER_PATIENCE)
        .await
        .map_err(|error: Error| OpenError::Migration(error.to_string()))?;
    let migrated = bring_up_to_date(&mut lease.connection().inner, &migrations(Engine::Sqlite)).await?;
    lease.release();
    Ok(migrated)
}

/// Migrates on a connection of its own, which is not bound by the time limits of calls. The lock
/// goes with the connection, whatever becomes of us.
pub(crate) async fn postgres(options: &Options, lineage: &Arc<Lineage>) -> Result<Migrated, OpenError> {
    let DatabaseUrl::Postgres(url) = &options.url else {
        return Err(OpenError::Migration("not a PostgreSQL address".to_owned()));
    };
    let driver = Postgres::new(url, Purpose::Migrate, options.deadline, Arc::clone(lineage));
    let mut connection = driver.connect().await.map_err(|error| error.reason)?;
    let outcome = bring_up_to_date(&mut connection, &migrations(Engine::Postgres)).await;
    Postgres::close(connection).await;
    outcome
}

/// Version of the newest migration.
pub(crate) fn newest(engine: Engine) -> i64 {
    migrations(engine).iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn migrations(engine: Engine) -> Vec<Migration> {
    let texts = STEPS.iter().map(|step| match engine {
        Engine::Sqlite => (step, step.sqlite),
        Engine::Postgres => (step, step.postgres),
    });
    texts
        .filter_map(|(step, text)| text.map(|text| (step, text)))
        .map(|(step, text)| {
            let text = text.into_sql_str();
            Migration::new(step.version, step.name.into(), MigrationType::Simple, text, false)
        })
        .collect()
}

/// The texts of all steps, which together are the schema.
#[cfg(feature = "testing")]
pub(crate) fn texts(engine: Engine) -> Vec<String> {
    migrations(engine).iter().map(|migration| migration.sql.as_str().to_owned()).collect()
}

async fn bring_up_to_date<C: Migrate>(
    connection: &mut C,
    migrations: &[Migration],
) -> Result<Migrated, OpenError> {
    // Locks on PostgreSQL; on SQLite we already are alone.
    connection.lock().await.map_err(failed)?;
    connection.ensure_migrations_table(TABLE).await.map_err(failed)?;
    let applied = connection.list_applied_migrations(TABLE).await.map_err(failed)?;
    let known = migrations.iter().map(|migration| migration.version).max().unwrap_or_default();
    let from = applied.iter().map(|migration| migration.version).max();
    if let Some(found) = from
        && found > known
    {
        return Err(OpenError::NewerSchema { found, known });
    }
    let mut steps = 0;
    for migration in migrations {
        match applied.iter().find(|done| done.version == migration.version) {
            Some(done) if done.checksum == migration.checksum => {}
            Some(_) => {
                let text = format!("step {} was applied with another text", migration.version);
                return Err(OpenError::Migration(text));
            }
            None => {
                connection.apply(TABLE, migration).await.map_err(failed)?;
                steps += 1;
                tracing::info!(version = migration.version, step = %migration.description, "schema migrated");
            }
        }
    }
    connection.unlock().await.map_err(failed)?;
    Ok(Migrated { from, to: known, steps })
}

fn failed(error: MigrateError) -> OpenError {
    OpenError::Migration(error.to_string())
}
