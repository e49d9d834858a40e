//! Statements on `refresh_tokens`.

use fireside_db::{Db, Error, Tx, sql};
use fireside_protocol::{SessionId, Time};

use crate::sessions::rules::Presented;

fireside_db::row! {
    struct Stored {
        session_id: String,
        expires_at: i64,
        used_at: Option<i64>,
        successor_used_at: Option<i64>,
    }
}

/// Makes a refresh token.
pub(in crate::sessions) async fn insert(
    tx: &mut Tx,
    token_hash: &str,
    session: &SessionId,
    at: Time,
    expires_at: Time,
) -> Result<(), Error> {
    let statement = sql("INSERT INTO refresh_tokens (token_hash, session_id, created_at, expires_at) \
         VALUES ($1, $2, $3, $4)")
    .bind(token_hash)
    .bind(session.as_str())
    .bind(at.as_micros())
    .bind(expires_at.as_micros());
    tx.run(statement).await.map(drop)
}

/// Uses a token that has not been used and has not ended; its session. Of two at once one gets it.
pub(in crate::sessions) async fn spend(
    tx: &mut Tx,
    token_hash: &str,
    successor_hash: &str,
    at: Time,
) -> Result<Option<SessionId>, Error> {
    let statement = sql("UPDATE refresh_tokens SET used_at = $2, successor_hash = $3 \
         WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING session_id");
    let statement = statement.bind(token_hash).bind(at.as_micros()).bind(successor_hash);
    let row: Option<(String,)> = tx.optional(statement).await?;
    Ok(row.map(|(session,)| SessionId::trusted(session)))
}

/// A token and its session. What has become of its successor is looked up by the hash that was stored.
pub(in crate::sessions) async fn find(
    tx: &mut Tx,
    token_hash: &str,
) -> Result<Option<(SessionId, Presented)>, Error> {
    let statement = sql("SELECT t.session_id, t.expires_at, t.used_at, s.used_at AS successor_used_at \
         FROM refresh_tokens t LEFT JOIN refresh_tokens s ON s.token_hash = t.successor_hash \
         WHERE t.token_hash = $1");
    let row: Option<Stored> = tx.optional(statement.bind(token_hash)).await?;
    Ok(row.map(|row| {
        let presented = Presented {
            expires_at: Time::from_micros(row.expires_at),
            used_at: row.used_at.map(Time::from_micros),
            successor_used: row.successor_used_at.is_some(),
        };
        (SessionId::trusted(row.session_id), presented)
    }))
}

/// Deletes up to `limit` tokens that ended before `before`; how many there were.
pub(in crate::sessions) async fn delete_old(db: &Db, before: Time, limit: i64) -> Result<u64, Error> {
    let statement = sql("DELETE FROM refresh_tokens WHERE token_hash IN \
         (SELECT token_hash FROM refresh_tokens WHERE expires_at < $1 LIMIT $2)");
    db.run(statement.bind(before.as_micros()).bind(limit)).await
}
