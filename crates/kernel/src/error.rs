//! What an operation answers when it cannot be done. Two texts that cannot be mixed up: one for the
//! client, one for the log.

use std::borrow::Cow;

use fireside_protocol::error::ErrorBody;
use fireside_protocol::{Operation, Reason};

/// An answer that is not the one hoped for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason:?}: {message}")]
pub struct Error {
    /// Why, from the closed list.
    pub reason: Reason,
    /// For the client; never carries SQL, paths or internals.
    pub message: Cow<'static, str>,
    /// The field at fault.
    pub field: Option<Cow<'static, str>>,
    /// When to try again, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// For the log only.
    pub internal: Option<String>,
    /// Whether the transaction lost against concurrent work and was rolled back: it may be run again as a whole.
    pub is_lost_race: bool,
}

impl fireside_db::LostRace for Error {
    fn is_lost_race(&self) -> bool {
        self.is_lost_race
    }
}

/// The result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with this reason and text.
    pub fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Error {
        Error {
            reason,
            message: message.into(),
            field: None,
            retry_after_ms: None,
            internal: None,
            is_lost_race: false,
        }
    }

    /// There is no such thing, or not for whoever asks: one answer for both.
    pub fn not_found(what: &'static str) -> Error {
        Error::new(Reason::NotFound, format!("{what} not found"))
    }

    /// Not allowed for whoever asks.
    pub fn forbidden(message: &'static str) -> Error {
        Error::new(Reason::Forbidden, message)
    }

    /// A field has a value that is not allowed.
    pub fn validation(field: &'static str, message: impl Into<Cow<'static, str>>) -> Error {
        Error { field: Some(field.into()), ..Error::new(Reason::Validation, message) }
    }

    /// No valid credentials.
    pub fn unauthenticated(message: &'static str) -> Error {
        Error::new(Reason::Unauthenticated, message)
    }

    /// It contradicts what is there already.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Reason::Conflict, message)
    }

    /// Nothing was done; later it may work.
    pub fn overloaded() -> Error {
        Error {
            retry_after_ms: Some(1000),
            ..Error::new(Reason::Overloaded, "The server is busy; nothing was done")
        }
    }

    /// Our own mistake; `internal` goes to the log.
    pub fn internal(internal: impl Into<String>) -> Error {
        Error {
            internal: Some(internal.into()),
            ..Error::new(Reason::Internal, "Something went wrong on the server")
        }
    }

    /// It may or may not have been done.
    pub fn indeterminate() -> Error {
        Error::new(Reason::Indeterminate, "It is not known whether this was stored; retry with the same id")
    }

    /// The wire form, with the operation's own code where the tutorial had one.
    pub fn body(&self, operation: Option<&Operation>) -> ErrorBody {
        let own = operation.and_then(|operation| operation.failure);
        ErrorBody {
            code: own.map_or_else(|| self.reason.as_str().to_uppercase(), str::to_owned),
            reason: self.reason,
            message: self.message.to_string(),
            retryable: self.reason.is_retryable(),
            retry_after_ms: self.retry_after_ms,
            field: self.field.as_ref().map(ToString::to_string),
        }
    }
}

impl From<fireside_db::Error> for Error {
    /// For reads and for writes that failed before their commit: nothing was or will be written, except
    /// where the database itself does not know.
    fn from(error: fireside_db::Error) -> Error {
        use fireside_db::Error as Db;
        match error {
            Db::Indeterminate => Error::indeterminate(),
            Db::Timeout | Db::Locked | Db::Unavailable | Db::Retry | Db::Full => Error {
                is_lost_race: error == Db::Retry,
                internal: Some(error.to_string()),
                ..Error::overloaded()
            },
            Db::Unique { constraint } => Error {
                internal: Some(format!("unique: {constraint}")),
                ..Error::conflict("This is there already")
            },
            Db::NulInText => Error::new(Reason::Validation, "Text must not contain U+0000"),
            other => Error::internal(format!("{other:?}")),
        }
    }
}
