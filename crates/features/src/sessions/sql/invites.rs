//! Statements on `invites`.

use fireside_db::{Db, Error, Tx, sql};
use fireside_protocol::{RoomId, Time, UserId};

fireside_db::row! {
    /// What is left of an invite.
    #[derive(Debug)]
    pub(in crate::sessions) struct InviteRow {
        /// When it ends.
        pub(in crate::sessions) expires_at: i64,
        /// How many may still use it.
        pub(in crate::sessions) uses_left: i64,
        /// Who made it.
        pub(in crate::sessions) created_by: String,
        /// Where whoever uses it begins.
        pub(in crate::sessions) room_id: Option<String>,
    }
}

/// An invite to be made.
#[derive(Debug)]
pub(in crate::sessions) struct NewInvite<'a> {
    /// Hash of its code.
    pub(in crate::sessions) code_hash: &'a str,
    /// Who made it.
    pub(in crate::sessions) created_by: &'a UserId,
    /// Now.
    pub(in crate::sessions) at: Time,
    /// When it ends.
    pub(in crate::sessions) expires_at: Time,
    /// How many may use it.
    pub(in crate::sessions) uses: i64,
    /// Where they begin.
    pub(in crate::sessions) room: Option<&'a RoomId>,
}

/// Makes an invite.
pub(in crate::sessions) async fn insert(db: &Db, invite: &NewInvite<'_>) -> Result<(), Error> {
    let statement =
        sql("INSERT INTO invites (code_hash, created_by, created_at, expires_at, uses_left, room_id) \
         VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(invite.code_hash)
        .bind(invite.created_by.as_str())
        .bind(invite.at.as_micros())
        .bind(invite.expires_at.as_micros())
        .bind(invite.uses)
        .bind(invite.room.map(RoomId::as_str));
    db.run(statement).await.map(drop)
}

/// The invite of a code.
pub(in crate::sessions) async fn find(db: &Db, code_hash: &str) -> Result<Option<InviteRow>, Error> {
    let statement =
        sql("SELECT expires_at, uses_left, created_by, room_id FROM invites WHERE code_hash = $1");
    db.optional(statement.bind(code_hash)).await
}

/// Whether there is an invite, used up or not.
pub(in crate::sessions) async fn any(db: &Db) -> Result<bool, Error> {
    let found: Option<(String,)> = db.optional(sql("SELECT code_hash FROM invites LIMIT 1")).await?;
    Ok(found.is_some())
}

/// Uses an invite once; whether that could be done.
pub(in crate::sessions) async fn take(tx: &mut Tx, code_hash: &str, at: Time) -> Result<bool, Error> {
    let statement = sql("UPDATE invites SET uses_left = uses_left - 1 \
         WHERE code_hash = $1 AND uses_left > 0 AND expires_at > $2");
    Ok(tx.run(statement.bind(code_hash).bind(at.as_micros())).await? == 1)
}

/// Undoes [`take`], when nothing came of it.
pub(in crate::sessions) async fn give_back(db: &Db, code_hash: &str) -> Result<(), Error> {
    let statement = sql("UPDATE invites SET uses_left = uses_left + 1 WHERE code_hash = $1");
    db.run(statement.bind(code_hash)).await.map(drop)
}

/// Deletes up to `limit` invites that ended before `before`; how many there were.
pub(in crate::sessions) async fn delete_old(db: &Db, before: Time, limit: i64) -> Result<u64, Error> {
    let statement = sql("DELETE FROM invites WHERE code_hash IN \
         (SELECT code_hash FROM invites WHERE expires_at < $1 LIMIT $2)");
    db.run(statement.bind(before.as_micros()).bind(limit)).await
}
