//! Statements that read members. Members are written by the room log only.

use fireside_db::{Db, Error, sql};
use fireside_kernel::room_log::state::MemberState;
use fireside_kernel::rows::MemberRow;
use fireside_protocol::{RoomId, UserId};

/// A room's members, the first ones first.
pub(crate) async fn list(db: &Db, room: &RoomId) -> Result<Vec<(UserId, MemberState)>, Error> {
    let text = "SELECT room_id, user_id, id, role, created_at, modified_at, joined_at, joined_seq, read_seq, \
                last_read_at FROM members WHERE room_id = $1 ORDER BY joined_seq, user_id";
    let rows: Vec<MemberRow> = db.all(sql(text).bind(room.as_str())).await?;
    Ok(rows.into_iter().map(|row| (UserId::trusted(row.user_id.as_str()), row.into_state())).collect())
}

/// Someone's membership of a room.
pub(crate) async fn find(db: &Db, room: &RoomId, user: &UserId) -> Result<Option<MemberState>, Error> {
    let text = "SELECT room_id, user_id, id, role, created_at, modified_at, joined_at, joined_seq, read_seq, \
                last_read_at FROM members WHERE room_id = $1 AND user_id = $2";
    let row: Option<MemberRow> = db.optional(sql(text).bind(room.as_str()).bind(user.as_str())).await?;
    Ok(row.map(MemberRow::into_state))
}
