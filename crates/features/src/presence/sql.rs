//! The one statement of presence. It reads members, which belong to the room log.

use fireside_db::{Db, Error, LARGEST_BATCH, Statement, Value, values_list};
use fireside_protocol::UserId;

/// Those of `users` who share a room or conversation with `me`.
pub(super) async fn sharing(db: &Db, me: &UserId, users: &[UserId]) -> Result<Vec<UserId>, Error> {
    let mut found = Vec::new();
    for chunk in users.chunks(LARGEST_BATCH) {
        // Filled up with repeats, so that there are few different texts to prepare.
        let rows = chunk.len().next_power_of_two();
        let text = format!(
            "SELECT DISTINCT theirs.user_id FROM members theirs \
             JOIN members mine ON mine.room_id = theirs.room_id AND mine.user_id = $1 \
             WHERE theirs.user_id IN (VALUES {})",
            values_list(rows, 1, 2)
        );
        let filled = chunk.iter().chain(chunk.last().into_iter().cycle()).take(rows);
        let statement = Statement::generated(text).bind(me.as_str());
        let statement = statement.bind_all(filled.map(|user| Value::from(user.as_str())));
        found.extend(db.all::<(String,)>(statement).await?.into_iter().map(|(user,)| UserId::trusted(user)));
    }
    Ok(found)
}
