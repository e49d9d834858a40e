//! What can go wrong, in the terms a caller decides by. No error carries SQL outward.

use std::path::PathBuf;

/// Why a statement or transaction did not succeed.
///
/// Every variant but [`Error::Indeterminate`] is definite: nothing of the call was or will be
/// written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The deadline passed before the answer came.
    #[error("the database did not answer in time")]
    Timeout,
    /// Somebody else kept a lock for longer than it was to be waited for.
    #[error("somebody else holds a lock")]
    Locked,
    /// No connection could be had, or it broke.
    #[error("the database is not available")]
    Unavailable,
    /// The answer to a write or COMMIT never came: it is written or it is not.
    #[error("the database did not say whether it has written")]
    Indeterminate,
    /// A unique constraint or primary key refused the row.
    #[error("the value is already taken")]
    Unique {
        /// Name of the constraint, the same on both engines: `users_username_key`, `users_pkey`.
        constraint: String,
    },
    /// Concurrent work got in the way (serialization failure, deadlock, SQLITE_BUSY); the whole
    /// transaction may be tried again.
    #[error("concurrent work got in the way")]
    Retry,
    /// The disk of the database is full.
    #[error("the disk of the database is full")]
    Full,
    /// A bound text holds U+0000, which PostgreSQL cannot store.
    #[error("text with a NUL character cannot be stored")]
    NulInText,
    /// A mistake of ours. The text is for the log only.
    #[error("internal database error")]
    Internal(String),
}

/// Why the database could not be opened or migrated. The texts are for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the data directory open.
    #[error(
        "{} is in use by another process{}",
        path.display(),
        holder.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The lock file.
        path: PathBuf,
        /// Process that holds it, when it said so.
        holder: Option<u32>,
    },
    /// The schema was written by a newer version of this program.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}: \
         start the newer program, or restore the backup made before the upgrade"
    )]
    NewerSchema {
        /// Version the database has.
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// A migration failed, or one that was applied has since been changed.
    #[error("the schema could not be migrated: {0}")]
    Migration(String),
    /// A setting under which acknowledged messages could be lost or damaged.
    #[error("unsafe database setting: {0}")]
    Unsafe(String),
    /// The engine is older than we support.
    #[error("{engine} {found} is too old, {required} or newer is required")]
    TooOld {
        /// Name of the engine.
        engine: &'static str,
        /// Version found.
        found: String,
        /// Oldest version accepted.
        required: &'static str,
    },
    /// The server could not be reached, or refused us.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// Another server has taken the place of the one that this process began with, and continues another past.
    #[error("the database's server continues another past ({found}) than the one at the start ({first})")]
    Superseded {
        /// Lineage of the first connection.
        first: String,
        /// That of the server there now.
        found: String,
    },
    /// A file or directory cannot be used.
    #[error("{}: {reason}", path.display())]
    File {
        /// What cannot be used.
        path: PathBuf,
        /// Why, in words.
        reason: String,
    },
}
