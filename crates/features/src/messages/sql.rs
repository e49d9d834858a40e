//! Statements that read messages, each for a room one has a pass for. Messages are written by the room
//! log only.

use fireside_db::{Db, Error, Statement, sql};
use fireside_kernel::permission::RoomPass;
use fireside_kernel::room_log::state::MessageState;
use fireside_kernel::rows::{MESSAGE_COLUMNS, MessageRow};
use fireside_protocol::MessageId;

/// At most `limit` messages with a position under `before`, newest first.
pub(crate) async fn before(
    db: &Db,
    pass: &RoomPass,
    before: i64,
    limit: i64,
    with_tombstones: bool,
) -> Result<Vec<MessageState>, Error> {
    let condition = if with_tombstones { "" } else { "AND m.deleted_at IS NULL" };
    let text = format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages m LEFT JOIN users u ON u.id = m.sender_id \
         WHERE m.room_id = $1 AND m.seq < $2 {condition} ORDER BY m.seq DESC LIMIT $3"
    );
    list(db, text, pass, before, limit).await
}

/// At most `limit` messages with a position over `after`, oldest first, tombstones included.
pub(crate) async fn after(
    db: &Db,
    pass: &RoomPass,
    after: i64,
    limit: i64,
) -> Result<Vec<MessageState>, Error> {
    let text = format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages m LEFT JOIN users u ON u.id = m.sender_id \
         WHERE m.room_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3"
    );
    list(db, text, pass, after, limit).await
}

async fn list(
    db: &Db,
    text: String,
    pass: &RoomPass,
    seq: i64,
    limit: i64,
) -> Result<Vec<MessageState>, Error> {
    let statement = Statement::generated(text).bind(pass.room().as_str()).bind(seq).bind(limit);
    let rows: Vec<MessageRow> = db.all(statement).await?;
    Ok(rows.into_iter().map(MessageRow::into_state).collect())
}

/// Where a message stands in the room.
pub(crate) async fn seq_of(db: &Db, pass: &RoomPass, message: &MessageId) -> Result<Option<i64>, Error> {
    let statement = sql("SELECT seq FROM messages WHERE id = $1 AND room_id = $2")
        .bind(message.as_str())
        .bind(pass.room().as_str());
    let row: Option<(i64,)> = db.optional(statement).await?;
    Ok(row.map(|(seq,)| seq))
}
