//! Where the logs of many rooms stand, and what is in them behind where somebody stands: for a node that looks
//! by itself whether it has missed anything.

use std::collections::HashMap;
use std::sync::Arc;

use fireside_db::{Db, Statement, Tx, Value, sql, values_list};
use fireside_protocol::RoomId;

use super::read::{self, Stretch};
use crate::error::Result;
use crate::relay::Committed;
use crate::rows::{ROOM_COLUMNS, RoomRow};

/// Rooms asked for at once: few questions for a node that hears many rooms.
const ROOMS_AT_ONCE: usize = 1024;
/// Rooms read at once.
const READ_AT_ONCE: usize = 128;

/// Where a room's log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The epoch that the place is in.
    pub epoch: Arc<str>,
    /// Place of the newest event.
    pub seq: i64,
}

/// Where these rooms stand. One that is not there is absent.
///
/// # Errors
/// When the database does not answer.
pub async fn heads(db: &Db, rooms: &[RoomId]) -> Result<HashMap<RoomId, Head>> {
    let mut heads = HashMap::with_capacity(rooms.len());
    for rooms in rooms.chunks(ROOMS_AT_ONCE) {
        let ids = filled(rooms);
        let text = format!(
            "SELECT id, epoch, head_seq FROM rooms WHERE id IN (VALUES {})",
            values_list(ids.len(), 1, 1)
        );
        let found: Vec<(String, String, i64)> = db.all(Statement::generated(text).bind_all(ids)).await?;
        let head = |(id, epoch, seq): (String, String, i64)| {
            (RoomId::trusted(id), Head { epoch: epoch.into(), seq })
        };
        heads.extend(found.into_iter().map(head));
    }
    Ok(heads)
}

/// What is in these rooms' logs behind a place of each, in order, at most `limit` events of each room. For
/// delivery inside the server: whoever gets them must have checked who may hear them.
///
/// # Errors
/// When the database does not answer.
pub async fn behind(
    db: &Db,
    places: &[(RoomId, i64)],
    limit: i64,
) -> Result<HashMap<RoomId, Vec<Committed>>> {
    let mut found = HashMap::with_capacity(places.len());
    for places in places.chunks(READ_AT_ONCE) {
        let after: HashMap<&RoomId, i64> = places.iter().map(|(room, after)| (room, *after)).collect();
        let ids = filled(&places.iter().map(|(room, _)| room.clone()).collect::<Vec<_>>());
        let text =
            format!("SELECT {ROOM_COLUMNS} FROM rooms WHERE id IN (VALUES {})", values_list(ids.len(), 1, 1));
        let rooms: Vec<RoomRow> = db.all(Statement::generated(text).bind_all(ids)).await?;
        let stretch = |room: RoomRow| {
            let room = room.into_state();
            let after = after.get(&room.id).copied()?;
            Some(Stretch { upto: room.head_seq.min(after.saturating_add(limit)), after, room })
        };
        let stretches: Vec<Stretch> = rooms.into_iter().filter_map(stretch).collect();
        found.extend(read::stretches(db, &stretches).await?);
    }
    read::hide_from_leavers(db, &mut found).await?;
    Ok(found)
}

/// Puts all rooms into this epoch; how many there are.
pub(crate) async fn set_epochs(tx: &mut Tx, epoch: &str) -> std::result::Result<u64, fireside_db::Error> {
    tx.run(sql("UPDATE rooms SET epoch = $1").bind(epoch)).await
}

/// Ids as values, filled up with the last one to a power of two, so that there are few different statements.
fn filled(rooms: &[RoomId]) -> Vec<Value> {
    let ids = rooms.iter().map(|room| Value::from(room.as_str()));
    let filling = rooms.last().into_iter().cycle().map(|room| Value::from(room.as_str()));
    ids.chain(filling).take(rooms.len().next_power_of_two()).collect()
}
