//! Reading the log back: for a hole in what a node has delivered, and for whoever was away.

use std::collections::HashMap;

use fireside_db::{Db, Statement, Value, sql, values_list};
use fireside_protocol::direct_messages::DirectMessageEvent;
use fireside_protocol::members::{MemberEvent, Role};
use fireside_protocol::messages::{MessageDeleted, MessageEvent};
use fireside_protocol::rooms::{RoomDeleted, RoomEvent};
use fireside_protocol::{Event, MessageId, RoomId, Time, UserId};

use super::state::{MessageState, RoomState};
use crate::error::{Error, Result};
use crate::relay::{Committed, Effect};
use crate::rows::{MESSAGE_COLUMNS, MessageRow, ROOM_COLUMNS, RoomRow};

fireside_db::row! {
    /// A row of `room_events`.
    #[derive(Debug)]
    struct LogRow {
        room_id: String,
        seq: i64,
        kind: String,
        actor_id: String,
        subject_id: Option<String>,
        message_id: Option<String>,
        data: Option<String>,
        at: i64,
    }
}

const LOG_COLUMNS: &str = "e.room_id, e.seq, e.kind, e.actor_id, e.subject_id, e.message_id, e.data, e.at";

/// A part of a room's log.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// The room as it is now.
    pub room: RoomState,
    /// Behind this place.
    pub after: i64,
    /// Up to this one.
    pub upto: i64,
}

/// The events of a room with `after < seq`, in order, at most `limit`. What they tell of a message or the
/// room is what is true now, which may already include what a later event says.
///
/// For delivery inside the server: whoever gets them must have checked who may hear them.
pub async fn events_after(db: &Db, room: &RoomId, after: i64, limit: i64) -> Result<Vec<Committed>> {
    let text = format!("SELECT {ROOM_COLUMNS} FROM rooms WHERE id = $1");
    let state: Option<RoomRow> = db.optional(Statement::generated(text).bind(room.as_str())).await?;
    let Some(room) = state.map(RoomRow::into_state) else { return Ok(Vec::new()) };
    let upto = room.head_seq.min(after.saturating_add(limit));
    let id = room.id.clone();
    let mut found = stretches(db, &[Stretch { room, after, upto }]).await?;
    hide_from_leavers(db, &mut found).await?;
    Ok(found.remove(&id).unwrap_or_default())
}

/// An event of the log tells what is true now, which may have been written after some of those had left who heard the
/// room when it happened: notes who is not to be told which.
pub(super) async fn hide_from_leavers(db: &Db, found: &mut HashMap<RoomId, Vec<Committed>>) -> Result<()> {
    for (room, events) in found {
        let Some(first) = events.iter().find(|event| tells_later(event).is_some()) else { continue };
        let text = "SELECT seq, subject_id FROM room_events \
                    WHERE room_id = $1 AND seq > $2 AND kind = 'room:user-left' AND subject_id IS NOT NULL";
        let leaving: Vec<(i64, String)> = db.all(sql(text).bind(room.as_str()).bind(first.seq)).await?;
        for event in &mut *events {
            let seq = event.seq;
            let Some(written) = tells_later(event) else { continue };
            let hidden = leaving.iter().filter(|(left, _)| seq < *left && *left < written);
            event.hidden_from = hidden.map(|(_, user)| UserId::trusted(user.as_str())).collect();
        }
    }
    Ok(())
}

/// The place at which was written what an event tells, if that is behind its own.
fn tells_later(event: &Committed) -> Option<i64> {
    let written = match &event.event {
        Event::MessageNew(told) | Event::MessageEdited(told) => told.message.rev,
        // Nobody notes when a room was changed last.
        Event::RoomCreated(_) | Event::RoomUpdated(_) => i64::MAX,
        _ => event.seq,
    };
    (written > event.seq).then_some(written)
}

/// The events of these parts of logs, each room's in order. They tell what is true now, as in
/// [`events_after`], and the same care is asked of whoever gets them.
pub async fn stretches(db: &Db, stretches: &[Stretch]) -> Result<HashMap<RoomId, Vec<Committed>>> {
    let wanted: Vec<_> = stretches.iter().filter(|stretch| stretch.upto > stretch.after).collect();
    let Some(last) = wanted.last() else { return Ok(HashMap::new()) };
    // Filled up to a power of two, so that there are few different statements to remember.
    let rows = wanted.len().next_power_of_two();
    // The last one again with nothing in it: the same room twice would give its events twice.
    let filling = std::iter::repeat_n((&last.room.id, last.upto, last.upto), rows - wanted.len());
    let asked = wanted.iter().map(|stretch| (&stretch.room.id, stretch.after, stretch.upto)).chain(filling);
    let values =
        asked.flat_map(|(room, after, upto)| [Value::from(room.as_str()), after.into(), upto.into()]);
    let asked = format!("WITH asked (room_id, low, high) AS (VALUES {})", values_list(rows, 3, 1));
    let part = "asked a JOIN room_events e ON e.room_id = a.room_id AND e.seq > a.low AND e.seq <= a.high";
    let values: Vec<Value> = values.collect();
    let text = format!("{asked} SELECT {LOG_COLUMNS} FROM {part} ORDER BY e.room_id, e.seq");
    let rows: Vec<LogRow> = db.all(Statement::generated(text).bind_all(values.clone())).await?;
    let text = format!(
        "{asked} SELECT {MESSAGE_COLUMNS} FROM messages m LEFT JOIN users u ON u.id = m.sender_id \
         WHERE m.id IN (SELECT e.message_id FROM {part})"
    );
    let messages: Vec<MessageRow> = match rows.iter().any(|row| row.message_id.is_some()) {
        true => db.all(Statement::generated(text).bind_all(values)).await?,
        false => Vec::new(),
    };
    let messages: HashMap<MessageId, MessageState> = messages
        .into_iter()
        .map(MessageRow::into_state)
        .map(|message| (message.id.clone(), message))
        .collect();
    let rooms: HashMap<&str, &RoomState> =
        wanted.iter().map(|stretch| (stretch.room.id.as_str(), &stretch.room)).collect();
    let mut found: HashMap<RoomId, Vec<Committed>> = HashMap::new();
    for row in rows {
        let Some(room) = rooms.get(row.room_id.as_str()) else { continue };
        found.entry(room.id.clone()).or_default().push(committed(room, row, &messages)?);
    }
    Ok(found)
}

fn committed(
    room: &RoomState,
    row: LogRow,
    messages: &HashMap<MessageId, MessageState>,
) -> Result<Committed> {
    let seq = row.seq;
    let effect = effect(room, &row);
    let actor = UserId::trusted(row.actor_id.as_str());
    let event = event(room, row, messages)
        .ok_or_else(|| Error::internal(format!("event {seq} of room {} cannot be read back", room.id)))?;
    let (room, epoch) = (room.id.clone(), room.epoch.clone());
    Ok(Committed { room, epoch, seq, actor, event, effect, hidden_from: Vec::new() })
}

fn effect(room: &RoomState, row: &LogRow) -> Effect {
    let subject = row.subject_id.as_deref().map(UserId::trusted);
    match (row.kind.as_str(), subject) {
        ("room:user-joined", Some(user)) => Effect::Enter(vec![user]),
        ("room:user-left", Some(user)) => Effect::Exit(user),
        ("room:created", _) => Effect::Enter(vec![UserId::trusted(row.actor_id.as_str())]),
        ("room:deleted", _) => Effect::Close,
        // A conversation begins with its first message, and is for both for ever.
        ("dm:new", _) if row.seq == 1 => Effect::Enter(room.pair()),
        _ => Effect::None,
    }
}

fn event(room: &RoomState, row: LogRow, messages: &HashMap<MessageId, MessageState>) -> Option<Event> {
    let message = row.message_id.as_deref().and_then(|id| messages.get(&MessageId::trusted(id)));
    Some(match row.kind.as_str() {
        "message:new" => Event::MessageNew(message_event(room, message?, row.seq)),
        "message:edited" => Event::MessageEdited(message_event(room, message?, row.seq)),
        "dm:new" => Event::DirectMessageNew(direct_event(room, message?, row.seq)?),
        "dm:edited" => Event::DirectMessageEdited(direct_event(room, message?, row.seq)?),
        "message:deleted" => Event::MessageDeleted(deleted_event(room, message?, &row)),
        "dm:deleted" => Event::DirectMessageDeleted(deleted_event(room, message?, &row)),
        "room:user-joined" => Event::MemberJoined(member_event(room, &row)?),
        "room:user-left" => Event::MemberLeft(member_event(room, &row)?),
        "member:updated" => Event::MemberUpdated(member_event(room, &row)?),
        "room:created" => Event::RoomCreated(room_event(room, row.seq)),
        "room:updated" => Event::RoomUpdated(room_event(room, row.seq)),
        "room:deleted" => Event::RoomDeleted(RoomDeleted {
            room_id: room.id.clone(),
            seq: row.seq,
            epoch: room.epoch.clone(),
        }),
        _ => return None,
    })
}

fn message_event(room: &RoomState, message: &MessageState, seq: i64) -> MessageEvent {
    let mut wire = message.to_wire();
    wire.message_seq = (wire.seq != seq).then_some(wire.seq);
    wire.seq = seq;
    MessageEvent { message: wire, epoch: room.epoch.clone() }
}

fn direct_event(room: &RoomState, message: &MessageState, seq: i64) -> Option<DirectMessageEvent> {
    let receiver = room.partner(&message.sender.id)?;
    let mut wire = message.to_direct(&receiver, None);
    wire.message_seq = (wire.seq != seq).then_some(wire.seq);
    wire.seq = seq;
    Some(DirectMessageEvent { message: wire, epoch: room.epoch.clone() })
}

fn deleted_event(room: &RoomState, message: &MessageState, row: &LogRow) -> MessageDeleted {
    MessageDeleted {
        message_id: message.id.clone(),
        room_id: room.id.clone(),
        deleted_at: message.deleted_at.unwrap_or(Time::from_micros(row.at)),
        deleted_by: UserId::trusted(row.actor_id.as_str()),
        message_seq: message.seq,
        seq: row.seq,
        epoch: room.epoch.clone(),
    }
}

fn member_event(room: &RoomState, row: &LogRow) -> Option<MemberEvent> {
    let user = UserId::trusted(row.subject_id.as_deref()?);
    Some(MemberEvent {
        room_id: room.id.clone(),
        by: (row.actor_id != user.as_str()).then(|| UserId::trusted(row.actor_id.as_str())),
        user_id: user,
        role: row.data.as_deref().and_then(Role::parse),
        seq: row.seq,
        epoch: room.epoch.clone(),
    })
}

fn room_event(room: &RoomState, seq: i64) -> RoomEvent {
    let mut room = room.to_wire();
    room.seq = seq;
    RoomEvent { room }
}
