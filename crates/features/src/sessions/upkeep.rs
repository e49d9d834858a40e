//! What has to be done from time to time: looking for sessions that ended elsewhere, writing down which were
//! used, looking for new keys of the host application, and clearing away what is over.

use std::sync::Weak;
use std::time::Duration;

use fireside_db::Error;
use fireside_kernel::relay::Closing;
use fireside_kernel::user_changes;
use fireside_protocol::Time;

use super::ended::NODES_DIFFER_MS;
use super::{Sessions, sql};
use crate::users;

/// Time between two looks for sessions that ended elsewhere.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Time between two rounds of clearing away.
const CLEAN_EVERY: Duration = Duration::from_secs(3600);
/// What is over is kept for so long, for whoever wants to know what happened.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// Rows deleted at once, so that no message waits long for the database.
const DELETED_AT_ONCE: i64 = 500;

/// Looks for sessions that ended and users who were shut out elsewhere, once a second, as long as there is anybody to look for.
pub(super) async fn watch(sessions: Weak<Sessions>) {
    let mut looked_at: Option<Time> = None;
    let mut is_failing = false;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(sessions) = sessions.upgrade() else { return };
        let now = sessions.now();
        // From the last look that was answered, further back by what the clocks of two nodes may differ.
        let since = looked_at.unwrap_or(now).min(now).plus_ms(-NODES_DIFFER_MS);
        match sessions.look(since, now).await {
            Ok(()) => {
                looked_at = Some(now);
                is_failing = false;
            }
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::warn!(%error, "cannot tell which sessions ended on other nodes");
            }
            Err(_) => {}
        }
    }
}

/// Clears away once an hour, and looks for new keys of the host application every minute if it is time to.
pub(super) async fn clean(sessions: Weak<Sessions>) {
    let minutes = CLEAN_EVERY.as_secs() / 60;
    for minute in 1.. {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let Some(sessions) = sessions.upgrade() else { return };
        if let Some(keys) = sessions.host.keys() {
            keys.refresh().await;
        }
        if minute % minutes == 0
            && let Err(error) = sessions.clear_away().await
        {
            tracing::warn!(%error, "old sessions stay for now");
        }
    }
}

impl Sessions {
    pub(super) async fn look(&self, since: Time, now: Time) -> Result<(), Error> {
        let db = &self.kernel.db;
        let used = self.last_used.take();
        sql::sessions::set_last_used(db, &used, now).await?;
        let ended = sql::sessions::list_ended_since(db, since).await?;
        for session in self.ended.add(&ended) {
            self.kernel.relay.close_here(&Closing::Session(session), "revoked");
        }
        self.ended.prune(now);
        // Tokens of a host application have no session that could end.
        for user in users::list_disabled_since(db, since).await? {
            self.accounts.forget(&user);
            self.kernel.relay.close_here(&Closing::User(user), "disabled");
        }
        Ok(())
    }

    pub(super) async fn clear_away(&self) -> Result<(), Error> {
        let db = &self.kernel.db;
        let before = self.now().plus_ms(-KEPT_MS);
        while sql::sessions::delete_old(db, before, DELETED_AT_ONCE).await? > 0 {}
        while user_changes::read::forget_sessions(db, before, DELETED_AT_ONCE).await? > 0 {}
        while sql::refresh_tokens::delete_old(db, before, DELETED_AT_ONCE).await? > 0 {}
        while sql::invites::delete_old(db, before, DELETED_AT_ONCE).await? > 0 {}
        Ok(())
    }
}
