//! Statements that find conversations. They are written by the room log only.

use fireside_db::{Db, Error, sql};
use fireside_protocol::UserId;

/// The conversation of a pair.
pub(crate) async fn find(db: &Db, pair_key: &str) -> Result<Option<String>, Error> {
    let row: Option<(String,)> =
        db.optional(sql("SELECT id FROM rooms WHERE pair_key = $1").bind(pair_key)).await?;
    Ok(row.map(|(id,)| id))
}

/// The pair keys of someone's conversations, the latest first.
pub(crate) async fn pair_keys(db: &Db, user: &UserId) -> Result<Vec<String>, Error> {
    let text = "SELECT pair_key FROM rooms WHERE kind = 'direct' AND pair_key IS NOT NULL \
                AND id IN (SELECT room_id FROM members WHERE user_id = $1) ORDER BY last_at DESC, id LIMIT 1000";
    let rows: Vec<(String,)> = db.all(sql(text).bind(user.as_str())).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}
