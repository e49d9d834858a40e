//! Statements on `sessions`.

use fireside_db::{Db, Error, Statement, Tx, batches, sql, values_list};
use fireside_protocol::{SessionId, Time, UserId};

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sessions) enum Kind {
    /// A device that someone signed in on.
    Login,
    /// A token made by the command line.
    Service,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Service => "service",
        }
    }
}

/// A session to be made.
#[derive(Debug)]
pub(in crate::sessions) struct NewSession {
    /// Its id.
    pub(in crate::sessions) id: SessionId,
    /// Whose it is.
    pub(in crate::sessions) user: UserId,
    /// What it is for.
    pub(in crate::sessions) kind: Kind,
    /// Name of a service token.
    pub(in crate::sessions) name: Option<String>,
    /// Now.
    pub(in crate::sessions) at: Time,
    /// When it ends, however often it is refreshed.
    pub(in crate::sessions) expires_at: Time,
    /// What the device calls itself.
    pub(in crate::sessions) user_agent: Option<String>,
    /// Where it is.
    pub(in crate::sessions) address: Option<String>,
}

fireside_db::row! {
    /// A session as the list shows it.
    #[derive(Debug)]
    pub(in crate::sessions) struct ListedRow {
        pub(in crate::sessions) id: String,
        pub(in crate::sessions) kind: String,
        pub(in crate::sessions) name: Option<String>,
        pub(in crate::sessions) created_at: i64,
        pub(in crate::sessions) last_used_at: i64,
        pub(in crate::sessions) user_agent: Option<String>,
        pub(in crate::sessions) address: Option<String>,
    }
}

fireside_db::row! {
    struct EndedStored {
        id: String,
        user_id: String,
        kind: String,
        ended_at: i64,
        expires_at: i64,
    }
}

/// A session that was ended before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sessions) struct Ended {
    /// The session.
    pub(in crate::sessions) id: SessionId,
    /// Whose it was.
    pub(in crate::sessions) user: UserId,
    /// When it would have been over by itself.
    pub(in crate::sessions) expires_at: Time,
    /// Until when a token of it may still be around; none for as long as an access token lives.
    pub(in crate::sessions) token_ends_at: Option<Time>,
    /// When it was ended.
    pub(in crate::sessions) ended_at: Time,
}

impl EndedStored {
    fn into_ended(self) -> Ended {
        let is_service = self.kind == Kind::Service.as_str();
        Ended {
            id: SessionId::trusted(self.id),
            user: UserId::trusted(self.user_id),
            expires_at: Time::from_micros(self.expires_at),
            token_ends_at: is_service.then(|| Time::from_micros(self.expires_at)),
            ended_at: Time::from_micros(self.ended_at),
        }
    }
}

/// Makes a session.
pub(in crate::sessions) async fn insert(tx: &mut Tx, session: &NewSession) -> Result<(), Error> {
    let statement = sql("INSERT INTO sessions \
         (id, user_id, kind, name, created_at, last_used_at, expires_at, user_agent, address) \
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)")
    .bind(session.id.as_str())
    .bind(session.user.as_str())
    .bind(session.kind.as_str())
    .bind(session.name.as_deref())
    .bind(session.at.as_micros())
    .bind(session.expires_at.as_micros())
    .bind(session.user_agent.as_deref())
    .bind(session.address.as_deref());
    tx.run(statement).await.map(drop)
}

/// Whose a live session is, and when it ends.
pub(in crate::sessions) async fn find_live(
    tx: &mut Tx,
    id: &SessionId,
    at: Time,
) -> Result<Option<(UserId, Time)>, Error> {
    let statement = sql(
        "SELECT user_id, expires_at FROM sessions WHERE id = $1 AND ended_at IS NULL AND expires_at > $2",
    );
    let row: Option<(String, i64)> = tx.optional(statement.bind(id.as_str()).bind(at.as_micros())).await?;
    Ok(row.map(|(user, expires_at)| (UserId::trusted(user), Time::from_micros(expires_at))))
}

/// Whether a bot or a back end has a token that opens something.
pub(in crate::sessions) async fn has_service(db: &Db, at: Time) -> Result<bool, Error> {
    let statement = sql(
        "SELECT id FROM sessions WHERE kind = 'service' AND ended_at IS NULL AND expires_at > $1 LIMIT 1",
    );
    let found: Option<(String,)> = db.optional(statement.bind(at.as_micros())).await?;
    Ok(found.is_some())
}

/// The newest `limit` live sessions of a user.
pub(in crate::sessions) async fn list(
    db: &Db,
    user: &UserId,
    at: Time,
    limit: i64,
) -> Result<Vec<ListedRow>, Error> {
    let statement = sql(
        "SELECT id, kind, name, created_at, last_used_at, user_agent, address FROM sessions \
         WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY created_at DESC, id DESC LIMIT $3",
    );
    db.all(statement.bind(user.as_str()).bind(at.as_micros()).bind(limit)).await
}

/// Ends one session of a user, if it is live.
pub(in crate::sessions) async fn end(
    tx: &mut Tx,
    id: &SessionId,
    user: &UserId,
    at: Time,
) -> Result<Option<Ended>, Error> {
    let statement = sql("UPDATE sessions SET ended_at = $3 \
         WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $3 \
         RETURNING id, user_id, kind, ended_at, expires_at");
    let statement = statement.bind(id.as_str()).bind(user.as_str()).bind(at.as_micros());
    let row: Option<EndedStored> = tx.optional(statement).await?;
    Ok(row.map(EndedStored::into_ended))
}

/// Ends a session, whoever's it is, if it is live.
pub(in crate::sessions) async fn end_in(
    tx: &mut Tx,
    id: &SessionId,
    at: Time,
) -> Result<Option<Ended>, Error> {
    let statement = sql("UPDATE sessions SET ended_at = $2 \
         WHERE id = $1 AND ended_at IS NULL RETURNING id, user_id, kind, ended_at, expires_at");
    let row: Option<EndedStored> = tx.optional(statement.bind(id.as_str()).bind(at.as_micros())).await?;
    Ok(row.map(EndedStored::into_ended))
}

/// Ends all live sessions of a user but for one.
pub(in crate::sessions) async fn end_all(
    tx: &mut Tx,
    user: &UserId,
    except: Option<&SessionId>,
    at: Time,
) -> Result<Vec<Ended>, Error> {
    let statement = sql("UPDATE sessions SET ended_at = $3 \
         WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL RETURNING id, user_id, kind, ended_at, expires_at");
    // No id is empty.
    let except = except.map_or("", SessionId::as_str);
    let rows: Vec<EndedStored> =
        tx.all(statement.bind(user.as_str()).bind(except).bind(at.as_micros())).await?;
    Ok(rows.into_iter().map(EndedStored::into_ended).collect())
}

/// Ends the sign-ins of a user beyond the newest `kept`, a thousand at most.
pub(in crate::sessions) async fn end_oldest(
    tx: &mut Tx,
    user: &UserId,
    kept: i64,
    at: Time,
) -> Result<Vec<Ended>, Error> {
    let statement = sql("UPDATE sessions SET ended_at = $3 WHERE id IN \
         (SELECT id FROM sessions WHERE user_id = $1 AND kind = 'login' AND ended_at IS NULL AND expires_at > $3 \
         ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET $2) RETURNING id, user_id, kind, ended_at, expires_at");
    let rows: Vec<EndedStored> =
        tx.all(statement.bind(user.as_str()).bind(kept).bind(at.as_micros())).await?;
    Ok(rows.into_iter().map(EndedStored::into_ended).collect())
}

/// The sessions that were ended after `since`.
pub(in crate::sessions) async fn list_ended_since(db: &Db, since: Time) -> Result<Vec<Ended>, Error> {
    let statement = sql("SELECT id, user_id, kind, ended_at, expires_at FROM sessions WHERE ended_at > $1");
    let rows: Vec<EndedStored> = db.all(statement.bind(since.as_micros())).await?;
    Ok(rows.into_iter().map(EndedStored::into_ended).collect())
}

/// The service tokens that were ended before their time, which is not over.
pub(in crate::sessions) async fn list_ended_services(db: &Db, at: Time) -> Result<Vec<Ended>, Error> {
    let statement = sql("SELECT id, user_id, kind, ended_at, expires_at FROM sessions \
         WHERE ended_at IS NOT NULL AND kind = 'service' AND expires_at > $1");
    let rows: Vec<EndedStored> = db.all(statement.bind(at.as_micros())).await?;
    Ok(rows.into_iter().map(EndedStored::into_ended).collect())
}

/// Says of sessions that they were used.
pub(in crate::sessions) async fn set_last_used(db: &Db, ids: &[SessionId], at: Time) -> Result<(), Error> {
    let mut rest = ids;
    for size in batches(ids.len()) {
        let (batch, others) = rest.split_at(size);
        let text = format!(
            "UPDATE sessions SET last_used_at = $1 WHERE last_used_at < $1 AND id IN (VALUES {})",
            values_list(size, 1, 2)
        );
        let statement = Statement::generated(text).bind(at.as_micros());
        db.run(statement.bind_all(batch.iter().map(|id| id.as_str().into()))).await?;
        rest = others;
    }
    Ok(())
}

/// Deletes up to `limit` sessions that are over; how many there were. Those that ran out before `before`, and
/// sign-ins that were ended before it. A service token that was ended stays known until it would have run out,
/// because that is what tells that it was ended.
pub(in crate::sessions) async fn delete_old(db: &Db, before: Time, limit: i64) -> Result<u64, Error> {
    let statement = sql("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
         WHERE expires_at < $1 OR (kind = 'login' AND ended_at < $1) LIMIT $2)");
    db.run(statement.bind(before.as_micros()).bind(limit)).await
}
