//! Resume: what happened in rooms since the positions that a client had reached (`GUARANTEES.md` G5).
//!
//! Per room everything or nothing, said honestly. The cost depends on what was missed, never on how long
//! one was away or how much the room holds: one query for where the rooms stand, one for the events, one
//! for the messages they are about.

use std::collections::{HashMap, HashSet};

use fireside_db::{Db, Statement, Value, values_list};
use fireside_protocol::resume::{
    Hindrance, MissedEvent, NotRecovered, Payload, RESUME_MAX_BYTES, RESUME_MAX_EVENTS, RESUME_MAX_ROOMS,
    Recovered, Resume, Resumed, ResumedRoom, RoomPosition,
};
use fireside_protocol::{Event, MessageId, RoomId, UserId};

use super::read::{self, Stretch};
use super::state::RoomState;
use crate::error::{Error, Result};
use crate::planted::{self, Bug};
use crate::relay::Committed;
use crate::rows::{ROOM_COLUMNS, RoomRow};
use crate::user_changes;

/// Most events of one answer, over all its rooms.
const EVENTS_MAX: i64 = 4 * RESUME_MAX_EVENTS;

/// Answers a client that comes back.
///
/// # Errors
/// `validation` for a request out of bounds; `overloaded` if the database does not say where the rooms or the
/// user stand.
pub async fn resume(db: &Db, user: &UserId, request: &Resume) -> Result<Resumed> {
    check(request)?;
    let mut standing = standing(db, user, &request.rooms).await?;
    let mut events_left = EVENTS_MAX;
    let mut stretches = Vec::new();
    let rooms: Vec<_> = request
        .rooms
        .iter()
        .map(|position| {
            let found = standing.remove(&position.room_id);
            judge(position, found, &mut events_left).inspect(|stretch| stretches.push(stretch.clone()))
        })
        .collect();
    let missed = read::stretches(db, &stretches).await;
    if let Err(error) = &missed {
        tracing::warn!(error = ?error.internal, "missed events could not be read");
    }
    let mut missed = missed.ok();
    let mut bytes_left = RESUME_MAX_BYTES;
    let answer = |outcome: Result<Stretch, NotRecovered>| match outcome {
        Err(refused) => ResumedRoom::NotRecovered(refused),
        Ok(stretch) => {
            let events = missed.as_mut().map(|missed| missed.remove(&stretch.room.id).unwrap_or_default());
            recovered(stretch, events, &mut bytes_left)
        }
    };
    let rooms = rooms.into_iter().map(answer).collect();
    let user = match &request.user {
        Some(known) => Some(user_changes::read::resume(db, user, known).await?),
        None => None,
    };
    Ok(Resumed { rooms, user })
}

/// Whether the request is within bounds.
///
/// # Errors
/// `validation` if it is not.
pub fn check(request: &Resume) -> Result<()> {
    if request.rooms.len() > RESUME_MAX_ROOMS {
        return Err(Error::validation("rooms", format!("more than {RESUME_MAX_ROOMS} rooms")));
    }
    if request.user.as_ref().is_some_and(|position| position.seq < 0) {
        return Err(Error::validation("user.seq", "a position is not negative"));
    }
    let mut seen = HashSet::new();
    for position in &request.rooms {
        if position.seq < 0 {
            return Err(Error::validation("rooms.seq", "a position is not negative"));
        }
        if !seen.insert(&position.room_id) {
            return Err(Error::validation("rooms.roomId", "a room is named twice"));
        }
    }
    Ok(())
}

/// Where those of the rooms stand that the user is a member of.
async fn standing(db: &Db, user: &UserId, positions: &[RoomPosition]) -> Result<HashMap<RoomId, RoomState>> {
    let Some(last) = positions.last() else { return Ok(HashMap::new()) };
    // Filled up to a power of two, so that there are few different statements to remember.
    let rows = positions.len().next_power_of_two();
    let ids = positions.iter().chain(std::iter::repeat_n(last, rows - positions.len()));
    let text = format!(
        "SELECT {ROOM_COLUMNS} FROM rooms WHERE id IN (VALUES {}) AND deleted_at IS NULL \
         AND EXISTS (SELECT 1 FROM members m WHERE m.room_id = rooms.id AND m.user_id = $1)",
        values_list(rows, 1, 2)
    );
    let statement = Statement::generated(text)
        .bind(user.as_str())
        .bind_all(ids.map(|at| Value::from(at.room_id.as_str())));
    let found = db.all::<RoomRow>(statement).await?;
    Ok(found.into_iter().map(RoomRow::into_state).map(|room| (room.id.clone(), room)).collect())
}

/// What has to be read for a room, or why it does not go on.
fn judge(
    position: &RoomPosition,
    room: Option<RoomState>,
    events_left: &mut i64,
) -> Result<Stretch, NotRecovered> {
    let Some(room) = room else {
        return Err(NotRecovered::unseen(position.room_id.clone(), Hindrance::NotFound));
    };
    let missed = room.head_seq - position.seq;
    let is_other_epoch = *room.epoch != *position.epoch && !planted::is(Bug::ResumeIgnoresEpoch);
    let hindrance = if is_other_epoch {
        Some(Hindrance::Epoch)
    } else if missed < 0 {
        Some(Hindrance::Ahead)
    } else if missed > RESUME_MAX_EVENTS.min(*events_left) {
        Some(Hindrance::TooMany)
    } else {
        *events_left -= missed;
        None
    };
    match hindrance {
        Some(reason) => Err(NotRecovered::at(room.id, reason, room.epoch, room.head_seq)),
        None => Ok(Stretch { after: position.seq, upto: room.head_seq, room }),
    }
}

fn recovered(stretch: Stretch, events: Option<Vec<Committed>>, bytes_left: &mut usize) -> ResumedRoom {
    let Stretch { room, after, upto } = stretch;
    let refused = |room: RoomState, reason| {
        ResumedRoom::NotRecovered(NotRecovered::at(room.id, reason, room.epoch, room.head_seq))
    };
    let Some(events) = events else { return refused(room, Hindrance::Unavailable) };
    // Every place of the stretch is in the log, or nothing of it is told.
    if i64::try_from(events.len()) != Ok(upto - after) {
        return refused(room, Hindrance::TooMany);
    }
    let mut missed = Vec::new();
    let mut bytes = 0;
    for committed in coalesced(events) {
        let Ok(data) = serde_json::value::to_raw_value(&committed.event) else {
            return refused(room, Hindrance::Unavailable);
        };
        bytes += data.get().len();
        if bytes > *bytes_left {
            return refused(room, Hindrance::TooMany);
        }
        missed.push(MissedEvent { name: committed.event.name(), data: Payload(data) });
    }
    *bytes_left -= bytes;
    ResumedRoom::Recovered(Recovered::new(room.id, room.epoch, upto, missed))
}

/// Leaves out what is told anyway. The events tell what is true now: of a message that was sent and changed
/// the sending is enough, of one changed several times the last change, of one deleted the deletion.
fn coalesced(events: Vec<Committed>) -> Vec<Committed> {
    let mut kept: HashMap<MessageId, (Kind, i64)> = HashMap::new();
    let mut room_change = None;
    for committed in &events {
        match about(&committed.event) {
            About::Message(message, kind) => {
                let told = kept.entry(message.clone()).or_insert((kind, committed.seq));
                if !(told.0 == Kind::New && kind == Kind::Edited) {
                    *told = (kind, committed.seq);
                }
            }
            About::Room => room_change = Some(committed.seq),
            About::Other => {}
        }
    }
    let mut events = events;
    events.retain(|committed| match about(&committed.event) {
        About::Message(message, _) => kept.get(message).is_some_and(|(_, seq)| *seq == committed.seq),
        About::Room => room_change == Some(committed.seq),
        About::Other => true,
    });
    events
}

/// What an event says something new about.
enum About<'a> {
    Message(&'a MessageId, Kind),
    /// The room's own fields.
    Room,
    /// Something that no other event repeats.
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    New,
    Edited,
    Deleted,
}

fn about(event: &Event) -> About<'_> {
    match event {
        Event::MessageNew(event) => About::Message(&event.message.id, Kind::New),
        Event::DirectMessageNew(event) => About::Message(&event.message.id, Kind::New),
        Event::MessageEdited(event) => About::Message(&event.message.id, Kind::Edited),
        Event::DirectMessageEdited(event) => About::Message(&event.message.id, Kind::Edited),
        Event::MessageDeleted(event) | Event::DirectMessageDeleted(event) => {
            About::Message(&event.message_id, Kind::Deleted)
        }
        Event::RoomUpdated(_) => About::Room,
        Event::RoomCreated(_)
        | Event::RoomDeleted(_)
        | Event::MemberJoined(_)
        | Event::MemberLeft(_)
        | Event::MemberUpdated(_) => About::Other,
    }
}
