//! Statements that read members. Memberships are written by the room log, read positions by
//! [`crate::reads`].

use fireside_db::{Db, Error, Statement};
use fireside_kernel::room_log::state::MemberState;
use fireside_kernel::rows::{MEMBER_COLUMNS, MemberRow};
use fireside_protocol::{RoomId, UserId};

/// A room's members, the first ones first.
pub(crate) async fn list(db: &Db, room: &RoomId) -> Result<Vec<(UserId, MemberState)>, Error> {
    let text =
        format!("SELECT {MEMBER_COLUMNS} FROM members WHERE room_id = $1 ORDER BY joined_seq, user_id");
    let rows: Vec<MemberRow> = db.all(Statement::generated(text).bind(room.as_str())).await?;
    Ok(rows.into_iter().map(|row| (UserId::trusted(row.user_id.as_str()), row.into_state())).collect())
}
