//! The database floor: SQLite (embedded, the default) and PostgreSQL behind one small interface.
//!
//! A statement is written once, with `$1` placeholders, and runs on both engines: see [`sql`],
//! [`Db`] and [`Tx`]. Times are BIGINT microseconds since the epoch, identifiers TEXT.
//!
//! What both engines understand alike: `ON CONFLICT … DO UPDATE`, `RETURNING`, common table
//! expressions, `UPDATE … FROM`, partial indexes, `CASE`. What they do not, and is avoided:
//! `now()`, arrays, `ILIKE`, `GREATEST`/`LEAST`, `SERIAL`, `FOR UPDATE`, `SUM` of BIGINT without
//! a CAST to BIGINT.

mod database;
mod driver;
mod error;
mod migrate;
mod options;
mod pool;
mod postgres;
mod retry;
mod row;
mod sqlite;
mod statement;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;

pub use database::{Db, PoolStats};
pub use error::{Error, OpenError};
pub use migrate::Migrated;
pub use options::{DatabaseUrl, Engine, InvalidDatabaseUrl, Options};
pub use pool::Connections;
pub use retry::{LostRace, RETRY_PAUSES, retried};
pub use row::Row;
pub use sqlite::backup::backup;
pub use sqlite::planted::SYNCHRONOUS_NORMAL;
pub use sqlx::FromRow;
pub use statement::{LARGEST_BATCH, Statement, Value, batches, sql, values_list};
pub use transaction::Tx;

/// For the expansion of [`row!`].
#[doc(hidden)]
pub use sqlx;
