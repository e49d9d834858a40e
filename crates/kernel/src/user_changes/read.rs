//! Reading users' streams: where they stand, and what changed behind a position.

use std::collections::HashMap;
use std::sync::Arc;

use fireside_db::{Db, Statement, Tx, sql, values_list};
use fireside_protocol::members::Role;
use fireside_protocol::rooms::RoomKind;
use fireside_protocol::user_changes::{
    NotRecoveredUser, RecoveredUser, ResumedUser, RoomStanding, SessionStanding, UserChange, UserHindrance,
    UserPosition,
};
use fireside_protocol::{RoomId, SessionId, Time, UserId};

use super::Standing;
use crate::error::{Error, Result};
use crate::names::Names;
use crate::room_log::state::partner_in;

/// Streams asked for at once.
const USERS_AT_ONCE: usize = 1024;

/// Where a user's stream stands, if anything has ever changed in it or somebody has asked.
///
/// # Errors
/// When the database does not answer.
pub async fn head(db: &Db, user: &UserId) -> Result<Option<UserPosition>> {
    let text = "SELECT epoch, head_seq FROM user_streams WHERE user_id = $1";
    let row: Option<(String, i64)> = db.optional(sql(text).bind(user.as_str())).await?;
    Ok(row.map(|(epoch, seq)| UserPosition { epoch: epoch.into(), seq }))
}

/// Where these users' streams stand. One in which nothing has ever changed is absent.
///
/// # Errors
/// When the database does not answer.
pub async fn heads(db: &Db, users: &[UserId]) -> Result<HashMap<UserId, UserPosition>> {
    let mut heads = HashMap::with_capacity(users.len());
    for users in users.chunks(USERS_AT_ONCE) {
        // Filled up to a power of two, so that there are few different statements to remember.
        let rows = users.len().next_power_of_two();
        let ids = users.iter().chain(users.last().into_iter().cycle()).take(rows);
        let text = format!(
            "SELECT user_id, epoch, head_seq FROM user_streams WHERE user_id IN (VALUES {})",
            values_list(rows, 1, 1)
        );
        let statement = Statement::generated(text).bind_all(ids.map(|user| user.as_str().into()));
        let found: Vec<(String, String, i64)> = db.all(statement).await?;
        let head = |(user, epoch, seq): (String, String, i64)| {
            (UserId::trusted(user), UserPosition { epoch: epoch.into(), seq })
        };
        heads.extend(found.into_iter().map(head));
    }
    Ok(heads)
}

/// What a socket of someone hears, and where each of it stands.
#[derive(Debug, Default)]
pub struct Hearing {
    /// The rooms and conversations they are a member of.
    pub rooms: Vec<(RoomId, Head)>,
    /// Their own stream, if it has begun.
    pub stream: Head,
}

/// Where a log stands.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// Its epoch, where that is known.
    pub epoch: Option<Arc<str>>,
    /// The position of its newest event; 0 where there is none.
    pub seq: i64,
}

/// What a socket of someone hears: one statement, since it is asked at every connect.
///
/// # Errors
/// When the database does not answer.
pub async fn hearing(db: &Db, user: &UserId) -> Result<Hearing> {
    let text = "SELECT r.id, r.epoch, r.head_seq FROM members m JOIN rooms r ON r.id = m.room_id \
                WHERE m.user_id = $1 AND r.deleted_at IS NULL \
                UNION ALL SELECT CAST(NULL AS TEXT), epoch, head_seq FROM user_streams WHERE user_id = $1";
    let rows: Vec<(Option<String>, String, i64)> = db.all(sql(text).bind(user.as_str())).await?;
    let mut hearing = Hearing { rooms: Vec::with_capacity(rows.len()), stream: Head::default() };
    for (room, epoch, seq) in rows {
        let head = Head { epoch: Some(epoch.into()), seq };
        match room {
            Some(room) => hearing.rooms.push((RoomId::trusted(room), head)),
            None => hearing.stream = head,
        }
    }
    Ok(hearing)
}

/// Where a user's stream stands. One that is not there yet begins: its epoch is told, and must last.
///
/// # Errors
/// When the database does not answer.
pub async fn position(db: &Db, names: &Names, user: &UserId) -> Result<UserPosition> {
    if let Some(position) = head(db, user).await? {
        return Ok(position);
    }
    let text =
        "INSERT INTO user_streams (user_id, epoch, head_seq) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING";
    db.run(sql(text).bind(user.as_str()).bind(names.word())).await?;
    head(db, user).await?.ok_or_else(|| Error::internal(format!("user {user} has no stream")))
}

/// What changed in a user's stream since a position that a client has reached.
///
/// # Errors
/// When the database does not answer.
pub async fn resume(db: &Db, user: &UserId, known: &UserPosition) -> Result<ResumedUser> {
    let refused = |reason| Ok(ResumedUser::NotRecovered(NotRecoveredUser::new(reason)));
    let Some(mut now) = head(db, user).await?.filter(|now| now.epoch == known.epoch) else {
        return refused(UserHindrance::Epoch);
    };
    if known.seq > now.seq {
        return refused(UserHindrance::Ahead);
    }
    let changes = changes_after(db, user, known.seq).await?;
    // What came after the head was looked at is part of the answer.
    now.seq = changes.last().map_or(now.seq, |last| last.seq.max(now.seq));
    Ok(ResumedUser::Recovered(RecoveredUser::new(now, changes)))
}

fireside_db::row! {
    struct ChangeRow {
        kind: String,
        subject_id: String,
        seq: i64,
        ended: Option<bool>,
        expires_at: Option<i64>,
        pair_key: Option<String>,
        role: Option<String>,
        joined_at: Option<i64>,
        read_seq: Option<i64>,
        last_read_at: Option<i64>,
        muted: Option<bool>,
    }
}

/// How everything stands that changed behind a place in a user's stream, in the order of the stream.
///
/// # Errors
/// When the database does not answer.
pub async fn changes_after(db: &Db, user: &UserId, after: i64) -> Result<Vec<UserChange>> {
    let text = "SELECT c.kind, c.subject_id, c.seq, c.ended, c.expires_at, r.pair_key, m.role, m.joined_at, \
                m.read_seq, m.last_read_at, m.muted FROM user_changes c \
                LEFT JOIN rooms r ON c.kind = 'room' AND r.id = c.subject_id \
                LEFT JOIN members m ON m.room_id = r.id AND m.user_id = c.user_id \
                WHERE c.user_id = $1 AND c.seq > $2 ORDER BY c.seq";
    let rows: Vec<ChangeRow> = db.all(sql(text).bind(user.as_str()).bind(after)).await?;
    Ok(rows.into_iter().map(|row| row.into_change(user)).collect())
}

impl ChangeRow {
    fn into_change(self, user: &UserId) -> UserChange {
        let seq = self.seq;
        let standing = match self.kind.as_str() {
            "session" => Standing::Session(SessionStanding {
                id: SessionId::trusted(self.subject_id),
                ended: self.ended.unwrap_or(true),
                expires_at: Time::from_micros(self.expires_at.unwrap_or_default()),
            }),
            _ => Standing::Room(self.into_room(user)),
        };
        standing.at(seq)
    }

    fn into_room(self, user: &UserId) -> RoomStanding {
        let partner = self.pair_key.as_deref().and_then(|key| partner_in(key, user));
        RoomStanding {
            room_id: RoomId::trusted(self.subject_id),
            kind: if self.pair_key.is_some() { RoomKind::Direct } else { RoomKind::Room },
            user_id: partner,
            member: self.role.is_some(),
            role: self.role.as_deref().and_then(Role::parse),
            joined_at: self.joined_at.map(Time::from_micros),
            read_seq: self.read_seq.unwrap_or_default(),
            last_read_at: self.last_read_at.map(Time::from_micros),
            muted: self.muted.unwrap_or_default(),
        }
    }
}

/// Gives every stream a new epoch, after things have changed that no stream tells: whoever knows an older one
/// fetches afresh.
///
/// # Errors
/// When the database does not answer.
pub async fn renew_epochs(db: &Db, names: &Names) -> Result<(), fireside_db::Error> {
    let mut tx = db.begin_long().await?;
    set_epochs(&mut tx, &names.word()).await?;
    tx.commit().await
}

/// Puts all streams into this epoch; how many there are.
pub(crate) async fn set_epochs(tx: &mut Tx, epoch: &str) -> Result<u64, fireside_db::Error> {
    tx.run(sql("UPDATE user_streams SET epoch = $1").bind(epoch)).await
}

/// Forgets up to `limit` sessions that have run out; how many there were. Who knew of one knows when it ended.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_sessions(db: &Db, before: Time, limit: i64) -> Result<u64, fireside_db::Error> {
    let text = "DELETE FROM user_changes WHERE (user_id, kind, subject_id) IN \
                (SELECT user_id, kind, subject_id FROM user_changes WHERE expires_at < $1 LIMIT $2)";
    db.run(sql(text).bind(before.as_micros()).bind(limit)).await
}
