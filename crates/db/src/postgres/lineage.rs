//! Which past a PostgreSQL server continues: a promoted replica, or a server whose data was put back, continues another
//! one than its clients may know, and nothing in a connection says so.

use std::sync::OnceLock;

use sqlx::postgres::PgConnection;
use tokio::sync::watch;

use crate::driver::{ConnectError, Outlook};
use crate::error::OpenError;

/// The cluster's identifier, new with every `initdb`, and the timeline, new with every promotion and every recovery to a
/// point in time: the first eight digits of a WAL file's name are the timeline of what is written now. (The control
/// file tells it only from the next checkpoint on.)
const LINEAGE: &str = "SELECT CAST(system_identifier AS TEXT) || '/' || \
                       LEFT(pg_walfile_name(pg_current_wal_lsn()), 8) FROM pg_control_system()";

/// The word that the data itself carries, drawn anew with every past that is known to have begun. Two replicas of one
/// server that are promoted one after the other, each without having seen the other one, are on timelines of the same
/// number: this word tells them apart.
const PAST: &str = "SELECT value FROM settings WHERE key = 'database.past'";

/// The lineage that all connections of one database must have.
#[derive(Default)]
pub(crate) struct Lineage {
    /// That of the first connection; none where the server does not tell it.
    first: OnceLock<Option<String>>,
    /// The word of its past, from when it is known on.
    past: OnceLock<String>,
    superseded: watch::Sender<bool>,
}

impl Lineage {
    /// See [`crate::Db::lineage`].
    pub(crate) fn get(&self) -> Option<&str> {
        self.first.get()?.as_deref()
    }

    /// See [`crate::Db::superseded`].
    pub(crate) async fn superseded(&self) {
        // It cannot fail: the sender is ours.
        let mut superseded = self.superseded.subscribe();
        drop(superseded.wait_for(|superseded| *superseded).await);
    }

    /// See [`crate::Db::recognise`].
    pub(crate) fn recognise(&self, past: &str) {
        // Who names two pasts for one database has begun anew, with another one of these.
        let _first = self.past.set(past.to_owned());
    }

    /// Refuses a connection to a server with another past than that of the first.
    pub(super) async fn verify(&self, connection: &mut PgConnection) -> Result<(), ConnectError> {
        self.verify_timeline(connection).await?;
        let Some(past) = self.past.get() else { return Ok(()) };
        let answer = sqlx::query_scalar(PAST).persistent(false).fetch_optional(connection).await;
        let found: Option<String> = answer.map_err(|error| super::failure::of_connect(&error))?;
        self.compare(Some(past), found)
    }

    async fn verify_timeline(&self, connection: &mut PgConnection) -> Result<(), ConnectError> {
        let answer = sqlx::query_scalar(LINEAGE).persistent(false).fetch_one(connection).await;
        let found: Option<String> = match answer {
            Ok(lineage) => Some(lineage),
            // A service may keep these functions to itself.
            Err(sqlx::Error::Database(error)) if is_kept_back(&*error) => {
                tracing::debug!(%error, "the server does not tell its timeline");
                None
            }
            Err(error) => return Err(super::failure::of_connect(&error)),
        };
        let first = self.first.get_or_init(|| found.clone());
        self.compare(first.as_ref(), found)
    }

    /// Whether what was found is what it was at first, where that is known.
    fn compare(&self, first: Option<&String>, found: Option<String>) -> Result<(), ConnectError> {
        let Some(first) = first.filter(|first| Some(*first) != found.as_ref()) else { return Ok(()) };
        self.superseded.send_replace(true);
        let found = found.unwrap_or_else(|| "one that does not tell".to_owned());
        let reason = OpenError::Superseded { first: first.clone(), found };
        Err(ConnectError { reason, outlook: Outlook::Lasting })
    }
}

/// Whether the server does not have these functions, or not for us. Anything else that goes wrong says nothing about its
/// past, and must not be taken for silence.
fn is_kept_back(error: &dyn sqlx::error::DatabaseError) -> bool {
    // undefined_function, insufficient_privilege: PostgreSQL's documentation, appendix A.
    matches!(error.code().as_deref(), Some("42883" | "42501"))
}
