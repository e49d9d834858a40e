//! Where the database is and how it is to be used.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

/// Which engine is in use, for the few places where the two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// PostgreSQL 14 or newer.
    Postgres,
}

/// Where the database is.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// Path of the SQLite file. Its directory belongs to one process at a time.
    Sqlite(PathBuf),
    /// Server, credentials and database name.
    Postgres(Box<PgConnectOptions>),
}

impl DatabaseUrl {
    /// The engine this address belongs to.
    pub fn engine(&self) -> Engine {
        match self {
            DatabaseUrl::Sqlite(_) => Engine::Sqlite,
            DatabaseUrl::Postgres(_) => Engine::Postgres,
        }
    }
}

/// The text is neither a `postgres://` URL nor a `sqlite:` path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a database address: {0}; expected postgres://user@host/name or sqlite:/path/to/file.db")]
pub struct InvalidDatabaseUrl(String);

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    /// Reads `postgres://…`, `postgresql://…`, `sqlite:path` or `sqlite://path`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains(['?', '\0']) || path == ":memory:" {
                return Err(InvalidDatabaseUrl("sqlite: needs the path of a file".to_owned()));
            }
            return Ok(DatabaseUrl::Sqlite(path.into()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            // The driver's message may quote the URL, and with it the password.
            let options = text
                .parse::<PgConnectOptions>()
                .map_err(|_| InvalidDatabaseUrl("the postgres:// URL cannot be read".to_owned()))?;
            return Ok(DatabaseUrl::Postgres(Box::new(options)));
        }
        Err(InvalidDatabaseUrl("unknown scheme".to_owned()))
    }
}

/// Shows the address without its password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            DatabaseUrl::Postgres(options) => {
                let database = options.get_database().unwrap_or(options.get_username());
                let host =
                    options.get_socket().map_or(options.get_host().into(), |path| path.to_string_lossy());
                write!(f, "postgres://{}@{host}:{}/{database}", options.get_username(), options.get_port())
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How the database is to be used. [`Options::new`] fills in what suits the engine.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the database is.
    pub url: DatabaseUrl,
    /// Connections for reads. Reads have their own so that a rush on history never keeps a
    /// message from being written.
    pub read_connections: u32,
    /// Connections for writes. SQLite has one writer, whatever this says.
    pub write_connections: u32,
    /// Longest time a call may take, waiting for a connection included.
    pub deadline: Duration,
    /// How long [`Db::open`](crate::Db::open) waits for a PostgreSQL server that is not up yet.
    pub startup_wait: Duration,
}

impl Options {
    /// The defaults for the engine of `url`.
    pub fn new(url: DatabaseUrl) -> Options {
        let (read_connections, write_connections) = match url.engine() {
            Engine::Sqlite => (4, 1),
            Engine::Postgres => (8, 8),
        };
        Options {
            url,
            read_connections,
            write_connections,
            deadline: Duration::from_secs(4),
            startup_wait: Duration::from_secs(10),
        }
    }
}
