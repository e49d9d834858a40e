//! Which rooms somebody else keeps locked, and which changes are about them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use fireside_db::{Db, Error, Tx};
use fireside_protocol::{MessageId, RoomId};

use super::change::{MessageRoom, Needs, Pending};
use super::load;

/// The rooms of messages that changes name.
pub(super) type Homes = HashMap<MessageId, RoomId>;

/// Whether a change is about a room of these names: an id, a slug, the key of a conversation.
pub(super) fn is_about(pending: &dyn Pending, names: &HashSet<String>, homes: &Homes) -> bool {
    let mut needs = Needs::default();
    pending.needs(&mut needs);
    let of_message = needs.messages.iter().filter_map(|message| homes.get(message)).map(RoomId::as_str);
    let by_name = needs.rooms.iter().chain(&needs.pair_keys).map(String::as_str);
    by_name.chain(of_message).any(|name| names.contains(name))
}

/// Finds the rooms of messages that changes name.
pub(super) async fn homes(db: &Db, needs: &Needs, lock_wait: Duration) -> Result<Homes, Error> {
    if needs.messages.is_empty() {
        return Ok(Homes::new());
    }
    let mut tx = db.begin_waiting(lock_wait).await?;
    let found = load::message_rooms(&mut tx, needs).await?;
    tx.rollback().await;
    Ok(by_message(found))
}

/// All names of the rooms of these changes that cannot be locked at this moment.
pub(super) async fn rooms(
    db: &Db,
    needs: &Needs,
    lock_wait: Duration,
) -> Result<(HashSet<String>, Homes), Error> {
    let mut tx = db.begin_waiting(lock_wait).await?;
    let homes = load::message_rooms(&mut tx, needs).await?;
    let free = found(&mut tx, needs, &homes, " FOR UPDATE SKIP LOCKED").await?;
    let mut held = found(&mut tx, needs, &homes, "").await?;
    tx.rollback().await;
    held.retain(|room, _| !free.contains_key(room));
    let names = held.into_iter().flat_map(|(room, others)| others.into_iter().flatten().chain([room]));
    Ok((names.collect(), by_message(homes)))
}

/// The ids of the rooms asked for, with their other names.
async fn found(
    tx: &mut Tx,
    needs: &Needs,
    homes: &HashSet<MessageRoom>,
    lock: &str,
) -> Result<HashMap<String, [Option<String>; 2]>, Error> {
    let mut found = HashMap::new();
    for (condition, keys) in load::room_lookups(needs, homes) {
        let text =
            format!("SELECT id, slug, pair_key FROM rooms WHERE {condition} AND deleted_at IS NULL{lock}");
        let rows: Vec<(String, Option<String>, Option<String>)> = load::in_list(tx, &text, 1, keys).await?;
        found.extend(rows.into_iter().map(|(id, slug, pair_key)| (id, [slug, pair_key])));
    }
    Ok(found)
}

fn by_message(homes: HashSet<MessageRoom>) -> Homes {
    homes.into_iter().map(|home| (home.message, home.room)).collect()
}
