//! Which PostgreSQL servers we refuse, because what they acknowledge can be lost.

use sqlx::postgres::PgConnection;

use crate::driver::{ConnectError, Outlook};
use crate::error::OpenError;

/// Oldest supported server, as written and as `server_version_num` counts.
const OLDEST: (&str, i32) = ("14", 140_000);

/// Asks for everything in one round trip.
const SETTINGS: &str = "SELECT current_setting('server_version_num')::int, current_setting('server_version'),
    current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
    current_setting('server_encoding'), pg_is_in_recovery()";

/// Checks every new connection and not only the first: after a failover there is another server
/// at the same address.
pub(super) async fn verify(connection: &mut PgConnection) -> Result<(), ConnectError> {
    let (number, version, fsync, full_page_writes, synchronous_commit, encoding, standby) =
        sqlx::query_as::<_, (i32, String, String, String, String, String, bool)>(SETTINGS)
            .persistent(false)
            .fetch_one(connection)
            .await
            .map_err(|error| super::failure::of_connect(&error))?;
    if number < OLDEST.1 {
        return Err(OpenError::TooOld { engine: "PostgreSQL", found: version, required: OLDEST.0 }.into());
    }
    let unsafe_setting = |text: &str| Err(OpenError::Unsafe(text.to_owned()).into());
    if fsync != "on" {
        return unsafe_setting("PostgreSQL runs with fsync=off, a power cut would destroy the database");
    }
    if full_page_writes != "on" {
        return unsafe_setting("PostgreSQL runs with full_page_writes=off, a power cut would damage pages");
    }
    if synchronous_commit == "off" {
        return unsafe_setting("PostgreSQL runs with synchronous_commit=off, which could not be overridden");
    }
    if encoding != "UTF8" {
        return unsafe_setting("the PostgreSQL database is not encoded in UTF8");
    }
    if standby {
        // While a failover is under way this lasts for seconds.
        let reason = OpenError::Unreachable("the server is a standby that only reads".to_owned());
        return Err(ConnectError { reason, outlook: Outlook::Transient });
    }
    Ok(())
}
