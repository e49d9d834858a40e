//! The one statement of reads. It moves positions in `members`, inside the room log's transaction.

use fireside_db::{Error, Tx, sql};
use fireside_protocol::{RoomId, Time, UserId};

/// Moves someone's position forward to `seq`, and stamps it. Leaves one that is there already or further;
/// the position and its stamp as they are then, or none for who is not a member.
pub(super) async fn advance(
    tx: &mut Tx,
    room: &RoomId,
    user: &UserId,
    seq: i64,
    at: Time,
) -> Result<Option<(i64, Option<i64>)>, Error> {
    let text = "UPDATE members SET read_seq = CASE WHEN read_seq < $3 THEN $3 ELSE read_seq END, \
                last_read_at = CASE WHEN read_seq < $3 THEN $4 ELSE last_read_at END \
                WHERE room_id = $1 AND user_id = $2 RETURNING read_seq, last_read_at";
    let statement = sql(text).bind(room.as_str()).bind(user.as_str()).bind(seq).bind(at.as_micros());
    tx.optional(statement).await
}
