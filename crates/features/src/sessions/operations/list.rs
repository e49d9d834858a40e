//! `sessions.list`: the devices one is signed in on.

use std::sync::Arc;

use fireside_kernel::{Ctx, Result};
use fireside_protocol::sessions::{ListSessions, Session};
use fireside_protocol::{SessionId, Time};

use crate::sessions::{Sessions, sql};

/// Most rows of one answer: all sign-ins there can be, and as many service tokens.
const LISTED_MAX: i64 = 200;

pub(in crate::sessions) async fn list(
    sessions: Arc<Sessions>,
    ctx: Ctx,
    _: ListSessions,
) -> Result<Vec<Session>> {
    let identity = ctx.identity()?;
    let rows = sql::sessions::list(&sessions.kernel.db, &identity.user, sessions.now(), LISTED_MAX).await?;
    let shown = rows.into_iter().map(|row| {
        let id = SessionId::trusted(row.id);
        Session {
            current: identity.session.as_ref() == Some(&id),
            id,
            kind: row.kind,
            name: row.name,
            created_at: Time::from_micros(row.created_at),
            last_used_at: Time::from_micros(row.last_used_at),
            user_agent: row.user_agent,
            address: row.address,
        }
    });
    Ok(shown.collect())
}
