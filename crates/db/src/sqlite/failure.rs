//! What SQLite's result codes mean (<https://www.sqlite.org/rescode.html>).

use std::path::Path;

use crate::driver::{ConnectError, Failure, Outlook};
use crate::error::{Error, OpenError};

const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const INTERRUPT: u32 = 9;
const IOERR: u32 = 10;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANTOPEN: u32 = 14;
const NOTADB: u32 = 26;
/// Extended codes.
const CONSTRAINT_PRIMARYKEY: u32 = 1555;
const CONSTRAINT_UNIQUE: u32 = 2067;

/// The primary code is the low byte of the extended one.
const PRIMARY: u32 = 0xff;

/// The error of a statement, BEGIN, COMMIT or ROLLBACK.
pub(super) fn of_call(error: &sqlx::Error) -> Failure {
    let sqlx::Error::Database(refusal) = error else {
        return of_driver(error);
    };
    let code = code_of(refusal.as_ref());
    if matches!(code, CONSTRAINT_UNIQUE | CONSTRAINT_PRIMARYKEY) {
        let constraint = constraint_name(refusal.message(), code == CONSTRAINT_PRIMARYKEY);
        return Failure::refused(Error::Unique { constraint });
    }
    match code & PRIMARY {
        BUSY | LOCKED => Failure::refused(Error::Retry),
        FULL => Failure::refused(Error::Full),
        INTERRUPT => Failure::refused(Error::Timeout),
        READONLY | CANTOPEN => {
            tracing::error!(error = %refusal, "the database file cannot be written");
            Failure::refused(Error::Unavailable)
        }
        IOERR => {
            // A failed flush leaves the frames of the transaction, commit mark included, in the
            // WAL until the next transaction overwrites them: a crash before that brings it to
            // life. So the answer to a COMMIT that ends like this is "unknown".
            tracing::error!(error = %refusal, "the disk of the database reports an error");
            Failure { error: Error::Unavailable, lost: true, definite: false }
        }
        CORRUPT | NOTADB => {
            tracing::error!(error = %refusal, "the database file is damaged");
            Failure { error: Error::Unavailable, lost: true, definite: true }
        }
        _ => Failure::refused(Error::Internal(format!("SQLite {code}: {}", refusal.message()))),
    }
}

/// Errors that come from the driver, not from the engine.
fn of_driver(error: &sqlx::Error) -> Failure {
    match error {
        sqlx::Error::WorkerCrashed | sqlx::Error::Io(_) => Failure::broken(),
        // Reading a row failed after the statement was done: for a write, that is too late.
        other => Failure { error: Error::Internal(other.to_string()), lost: false, definite: false },
    }
}

/// The error of opening the file.
pub(super) fn of_open(path: &Path, error: &sqlx::Error) -> ConnectError {
    let file = |reason: String| OpenError::File { path: path.to_owned(), reason };
    let sqlx::Error::Database(refusal) = error else {
        return file(error.to_string()).into();
    };
    let reason = match code_of(refusal.as_ref()) & PRIMARY {
        BUSY | LOCKED => {
            let reason = file("is locked by another program".to_owned());
            return ConnectError { reason, outlook: Outlook::Transient };
        }
        READONLY => "the file or its directory is read-only".to_owned(),
        CANTOPEN => "cannot be opened: it is missing, a directory, or not ours to read and write".to_owned(),
        NOTADB => "is not a SQLite database".to_owned(),
        CORRUPT => {
            "is damaged; restore a backup, or recover what is left with `sqlite3 FILE .recover`".to_owned()
        }
        FULL => "the disk is full".to_owned(),
        _ => refusal.to_string(),
    };
    file(reason).into()
}

fn code_of(refusal: &dyn sqlx::error::DatabaseError) -> u32 {
    refusal.code().and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// SQLite names the columns, PostgreSQL the constraint. This gives both the name that PostgreSQL
/// makes up by default: `users_pkey`, `messages_room_id_seq_key`.
fn constraint_name(message: &str, primary_key: bool) -> String {
    let columns = message.strip_prefix("UNIQUE constraint failed: ").unwrap_or(message);
    // An index on expressions is named outright: index 'name'.
    if let Some(name) = columns.strip_prefix("index '") {
        return name.trim_end_matches('\'').to_owned();
    }
    let mut name = String::new();
    for column in columns.split(", ") {
        let (table, column) = column.split_once('.').unwrap_or(("", column));
        if name.is_empty() {
            name.push_str(table);
        }
        if !primary_key {
            name.push('_');
            name.push_str(column);
        }
    }
    name.push_str(if primary_key { "_pkey" } else { "_key" });
    name
}

#[cfg(test)]
mod tests {
    use super::constraint_name;

    #[test]
    fn names_are_those_of_postgresql() {
        let name = |message, primary_key| constraint_name(message, primary_key);
        assert_eq!(name("UNIQUE constraint failed: users.id", true), "users_pkey");
        assert_eq!(name("UNIQUE constraint failed: members.room_id, members.user_id", true), "members_pkey");
        assert_eq!(name("UNIQUE constraint failed: users.username", false), "users_username_key");
        assert_eq!(
            name("UNIQUE constraint failed: messages.room_id, messages.seq", false),
            "messages_room_id_seq_key"
        );
        assert_eq!(name("UNIQUE constraint failed: index 'users_folded_key'", false), "users_folded_key");
    }
}
