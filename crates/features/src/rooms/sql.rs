//! Statements that read rooms. Rooms are written by the room log only.

use fireside_db::{Db, Error, sql};
use fireside_kernel::room_log::state::RoomState;
use fireside_kernel::rows::{ROOM_COLUMNS, RoomRow};
use fireside_protocol::UserId;

fn states(rows: Vec<RoomRow>) -> Vec<RoomState> {
    rows.into_iter().map(RoomRow::into_state).collect()
}

/// The rooms (not conversations) someone is a member of, by name.
pub(crate) async fn of_member(db: &Db, user: &UserId) -> Result<Vec<RoomState>, Error> {
    let text = format!(
        "SELECT {ROOM_COLUMNS} FROM rooms WHERE kind = 'room' AND deleted_at IS NULL \
         AND id IN (SELECT room_id FROM members WHERE user_id = $1) ORDER BY name, id"
    );
    db.all::<RoomRow>(fireside_db::Statement::generated(text).bind(user.as_str())).await.map(states)
}

/// Public rooms whose name contains what one of the patterns says, with a slug after `after`. SQLite folds A–Z only, so one
/// of them has capitals.
pub(crate) async fn public(
    db: &Db,
    patterns: &[String; 2],
    after: &str,
    limit: i64,
) -> Result<Vec<RoomState>, Error> {
    let [lower, capitalized] = patterns;
    let text = format!(
        "SELECT {ROOM_COLUMNS} FROM rooms WHERE kind = 'room' AND is_private = FALSE AND deleted_at IS NULL \
         AND slug > $1 AND (LOWER(name) LIKE $2 ESCAPE '\\' OR LOWER(name) LIKE LOWER($4) ESCAPE '\\') \
         ORDER BY slug LIMIT $3"
    );
    let statement =
        fireside_db::Statement::generated(text).bind(after).bind(lower).bind(limit).bind(capitalized);
    db.all::<RoomRow>(statement).await.map(states)
}

/// Whether there is any room.
pub(crate) async fn any(db: &Db) -> Result<bool, Error> {
    let found: Option<(String,)> =
        db.optional(sql("SELECT id FROM rooms WHERE kind = 'room' LIMIT 1")).await?;
    Ok(found.is_some())
}
