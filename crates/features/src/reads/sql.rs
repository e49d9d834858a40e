//! Statements that count what is unread. Positions and mentions are written by the room log only.

use fireside_db::{Db, Error, Statement, sql};
use fireside_kernel::permission::RoomPass;
use fireside_kernel::room_log::state::partner_in;
use fireside_protocol::reads::{UNREAD_MAX, Unread};
use fireside_protocol::rooms::RoomKind;
use fireside_protocol::{RoomId, UserId};

/// So many messages behind a position are looked at: others' messages are counted to the cap unless more
/// than nine thousand of one's own lie before them. It bounds what a count can cost a bot that never reads.
const LOOKED_AT_MAX: i64 = 10_000;

/// Counts by the index `messages_unread` and the key of `mentions`: at most [`LOOKED_AT_MAX`] and
/// [`UNREAD_MAX`] of their entries for each room, however much the room holds. `$1` is the user.
fn counts() -> String {
    let ahead = format!(
        "(SELECT seq, sender_id FROM messages WHERE room_id = r.id AND seq > m.read_seq \
         AND deleted_at IS NULL ORDER BY seq LIMIT {LOOKED_AT_MAX}) AS ahead WHERE sender_id <> $1"
    );
    format!(
        "SELECT r.id, r.pair_key, r.epoch, r.head_seq, m.joined_seq, m.read_seq, m.muted, \
         CASE WHEN m.muted THEN 0 ELSE \
         (SELECT COUNT(*) FROM (SELECT seq FROM {ahead} LIMIT {UNREAD_MAX}) AS unread) END AS unread_count, \
         (SELECT COUNT(*) FROM (SELECT seq FROM mentions WHERE room_id = r.id AND username = u.username \
         AND seq > m.read_seq LIMIT {UNREAD_MAX}) AS named) AS mention_count, \
         (SELECT seq FROM {ahead} ORDER BY seq LIMIT 1) AS first_unread_seq \
         FROM members m JOIN rooms r ON r.id = m.room_id LEFT JOIN users u ON u.id = m.user_id \
         WHERE m.user_id = $1 AND r.deleted_at IS NULL"
    )
}

fireside_db::row! {
    /// What is unread in a room.
    #[derive(Debug)]
    pub(super) struct UnreadRow {
        id: String,
        pair_key: Option<String>,
        epoch: String,
        pub(super) head_seq: i64,
        pub(super) joined_seq: i64,
        pub(super) read_seq: i64,
        pub(super) muted: bool,
        pub(super) unread_count: i64,
        pub(super) mention_count: i64,
        first_unread_seq: Option<i64>,
    }
}

impl UnreadRow {
    /// As `user` sees it.
    pub(super) fn into_wire(self, user: &UserId) -> Unread {
        Unread {
            kind: if self.pair_key.is_some() { RoomKind::Direct } else { RoomKind::Room },
            user_id: self.pair_key.as_deref().and_then(|key| partner_in(key, user)),
            room_id: RoomId::trusted(self.id),
            read_seq: self.read_seq,
            epoch: self.epoch.into(),
            head_seq: self.head_seq,
            unread_count: self.unread_count,
            mention_count: self.mention_count,
            muted: self.muted,
            first_unread_seq: self.first_unread_seq,
        }
    }
}

/// What is unread in every room and conversation of a user.
pub(super) async fn list(db: &Db, user: &UserId) -> Result<Vec<UnreadRow>, Error> {
    db.all(Statement::generated(format!("{} ORDER BY r.id", counts())).bind(user.as_str())).await
}

/// What is unread in one room; none for who is not a member any more.
pub(super) async fn find(db: &Db, pass: &RoomPass) -> Result<Option<UnreadRow>, Error> {
    let statement = Statement::generated(format!("{} AND m.room_id = $2", counts()));
    db.optional(statement.bind(pass.user().as_str()).bind(pass.room().as_str())).await
}

/// How SQLite finds what is unread.
#[cfg(test)]
pub(super) fn plan(user: &str) -> Statement {
    Statement::generated(format!("EXPLAIN QUERY PLAN {}", counts())).bind(user)
}

fireside_db::row! {
    /// A message, as far as it may count.
    #[derive(Debug)]
    pub(super) struct CandidateRow {
        pub(super) id: String,
        pub(super) seq: i64,
        pub(super) sender_id: String,
        pub(super) is_deleted: bool,
        pub(super) is_mention: bool,
    }
}

/// The newest messages of a room, the newest first, tombstones included.
pub(super) async fn newest(db: &Db, pass: &RoomPass, limit: i64) -> Result<Vec<CandidateRow>, Error> {
    let text = "SELECT x.id, x.seq, x.sender_id, x.deleted_at IS NOT NULL AS is_deleted, \
                EXISTS (SELECT 1 FROM mentions n JOIN users u ON u.username = n.username \
                WHERE u.id = $2 AND n.room_id = x.room_id AND n.seq = x.seq) AS is_mention \
                FROM messages x WHERE x.room_id = $1 ORDER BY x.seq DESC LIMIT $3";
    let statement = sql(text).bind(pass.room().as_str()).bind(pass.user().as_str()).bind(limit);
    db.all(statement).await
}
