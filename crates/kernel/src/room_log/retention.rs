//! How long the log is kept. Messages stay; what goes is the record of what happened when, from which those
//! who were away catch up.

use std::time::Duration;

use fireside_db::{Db, Error, sql};
use fireside_protocol::Time;

use crate::clock::Clock;

/// Time between two rounds.
const EVERY: Duration = Duration::from_secs(3600);
/// Events looked at and deleted at once, so that no message waits long for the database.
const CHUNK: i64 = 500;
/// Rooms looked up at once.
const ROOMS: i64 = 500;

/// Deletes events once an hour that are older than `kept`, for as long as it is polled.
pub async fn run(db: Db, clock: Clock, kept: Duration) {
    let kept_ms = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
    loop {
        tokio::time::sleep(EVERY).await;
        match trim(&db, clock.now().plus_ms(-kept_ms)).await {
            Ok(deleted) => tracing::debug!(deleted, "old events of the room logs were deleted"),
            Err(error) => tracing::warn!(%error, "old events of the room logs stay for now"),
        }
    }
}

/// Deletes what happened before `until`; how many events that were. The cost
/// depends on what is deleted and on the number of rooms, not on what stays: stamps never go back in a
/// room, so the old ones are the first.
///
/// # Errors
/// When the database does not answer; what was deleted until then is gone, the next round goes on.
pub async fn trim(db: &Db, until: Time) -> Result<u64, Error> {
    let mut deleted = 0;
    let mut last = String::new();
    loop {
        let text = "SELECT id FROM rooms WHERE id > $1 ORDER BY id LIMIT $2";
        let rooms: Vec<(String,)> = db.all(sql(text).bind(&last).bind(ROOMS)).await?;
        let Some((newest,)) = rooms.last() else { return Ok(deleted) };
        last.clone_from(newest);
        for (room,) in &rooms {
            deleted += trim_room(db, until, room).await?;
        }
    }
}

async fn trim_room(db: &Db, until: Time, room: &str) -> Result<u64, Error> {
    let mut deleted = 0;
    loop {
        let text = "SELECT MAX(seq) FROM (SELECT seq, at FROM room_events WHERE room_id = $1 \
                    ORDER BY seq LIMIT $2) oldest WHERE at < $3";
        let statement = sql(text).bind(room).bind(CHUNK).bind(until.as_micros());
        let Some((Some(last),)) = db.optional::<(Option<i64>,)>(statement).await? else { return Ok(deleted) };
        let text = "DELETE FROM room_events WHERE room_id = $1 AND seq <= $2";
        deleted += db.run(sql(text).bind(room).bind(last)).await?;
    }
}
