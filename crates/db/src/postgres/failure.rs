//! What PostgreSQL's error codes mean
//! (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::driver::{ConnectError, Failure, Outlook};
use crate::error::{Error, OpenError};

/// The error of a statement, BEGIN, COMMIT or ROLLBACK.
pub(super) fn of_call(error: &sqlx::Error) -> Failure {
    let Some(refusal) = refusal(error) else {
        return of_driver(error);
    };
    let meaning = match refusal.code() {
        "23505" => Error::Unique { constraint: refusal.constraint().unwrap_or_default().to_owned() },
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Error::Retry,
        // lock_not_available
        "55P03" => Error::Locked,
        // query_canceled, idle_in_transaction_session_timeout: our limits
        "57014" | "25P03" => Error::Timeout,
        // disk_full
        "53100" => Error::Full,
        // The schema moved on while a statement was cached: gone with the connection.
        "26000" => return Failure { error: Error::Retry, lost: true, definite: true },
        "0A000" if refusal.message().contains("cached plan") => {
            return Failure { error: Error::Retry, lost: true, definite: true };
        }
        // read_only_sql_transaction: the server we are connected to became a standby
        "25006" => {
            tracing::warn!(error = %refusal, "the database refuses to write");
            return Failure { error: Error::Unavailable, lost: true, definite: true };
        }
        // statement_completion_unknown, transaction_resolution_unknown
        "40003" | "08007" => return Failure::broken(),
        // connection exceptions, insufficient resources, system errors, operator intervention
        code if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            tracing::warn!(error = %refusal, code, "the database cannot do its work");
            Error::Unavailable
        }
        code => Error::Internal(format!("PostgreSQL {code}: {}", refusal.message())),
    };
    // With FATAL or PANIC the session is over. It may have come between the commit and our
    // getting to know of it, so it says nothing about what is written.
    let ended = matches!(refusal.severity(), PgSeverity::Fatal | PgSeverity::Panic);
    Failure { error: meaning, lost: ended, definite: !ended }
}

/// Errors that come from the driver or the network, not from the server.
fn of_driver(error: &sqlx::Error) -> Failure {
    match error {
        sqlx::Error::Encode(_) => Failure::refused(Error::Internal(error.to_string())),
        // Reading a row failed after the statement was done: for a write, that is too late.
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => {
            Failure { error: Error::Internal(error.to_string()), lost: false, definite: false }
        }
        other => {
            tracing::warn!(error = %other, "the connection to the database broke");
            Failure::broken()
        }
    }
}

/// The error of an attempt to connect.
pub(super) fn of_connect(error: &sqlx::Error) -> ConnectError {
    let outlook = match (error, refusal(error)) {
        // too_many_connections, cannot_connect_now, admin_shutdown, crash_shutdown
        (_, Some(refusal)) if matches!(refusal.code(), "53300" | "57P03" | "57P01" | "57P02") => {
            Outlook::Transient
        }
        (_, Some(_)) => Outlook::Lasting,
        (sqlx::Error::Io(_), None) => Outlook::Transient,
        (_, None) => Outlook::Lasting,
    };
    ConnectError { reason: OpenError::Unreachable(error.to_string()), outlook }
}

fn refusal(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    match error {
        sqlx::Error::Database(refusal) => refusal.try_downcast_ref::<PgDatabaseError>(),
        _ => None,
    }
}
