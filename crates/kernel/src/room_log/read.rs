//! Reading the log back: for a hole in what a node has delivered, and for whoever was away.

use std::collections::HashMap;

use fireside_db::{Db, Statement, sql};
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
        seq: i64,
        kind: String,
        actor_id: String,
        subject_id: Option<String>,
        message_id: Option<String>,
        data: Option<String>,
        at: i64,
    }
}

/// The events of a room with `after < seq`, in order, at most `limit`. What they tell of a message or the
/// room is what is true now, which may already include what a later event says.
///
/// For delivery inside the server: whoever gets them must have checked who may hear them.
pub async fn events_after(db: &Db, room: &RoomId, after: i64, limit: i64) -> Result<Vec<Committed>> {
    let text = format!("SELECT {ROOM_COLUMNS} FROM rooms WHERE id = $1");
    let state: Option<RoomRow> = db.optional(Statement::generated(text).bind(room.as_str())).await?;
    let Some(state) = state.map(RoomRow::into_state) else { return Ok(Vec::new()) };
    let text = "SELECT seq, kind, actor_id, subject_id, message_id, data, at FROM room_events \
                WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let rows: Vec<LogRow> = db.all(sql(text).bind(room.as_str()).bind(after).bind(limit)).await?;
    let text = format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages m LEFT JOIN users u ON u.id = m.sender_id WHERE m.id IN \
         (SELECT message_id FROM room_events WHERE room_id = $1 AND seq > $2 AND seq <= $3)"
    );
    let last = rows.last().map_or(after, |row| row.seq);
    let statement = Statement::generated(text).bind(room.as_str()).bind(after).bind(last);
    let messages: HashMap<MessageId, MessageState> = db
        .all::<MessageRow>(statement)
        .await?
        .into_iter()
        .map(|row| row.into_state())
        .map(|message| (message.id.clone(), message))
        .collect();
    rows.into_iter().map(|row| committed(&state, row, &messages)).collect()
}

fn committed(
    room: &RoomState,
    row: LogRow,
    messages: &HashMap<MessageId, MessageState>,
) -> Result<Committed> {
    let seq = row.seq;
    let effect = effect(&row);
    let actor = UserId::trusted(row.actor_id.as_str());
    let event = event(room, row, messages)
        .ok_or_else(|| Error::internal(format!("event {seq} of room {} cannot be read back", room.id)))?;
    Ok(Committed { room: room.id.clone(), epoch: room.epoch.clone(), seq, actor, event, effect })
}

fn effect(row: &LogRow) -> Effect {
    let subject = row.subject_id.as_deref().map(UserId::trusted);
    match (row.kind.as_str(), subject) {
        ("room:user-joined", Some(user)) => Effect::Enter(vec![user]),
        ("room:user-left", Some(user)) => Effect::Exit(user),
        ("room:created", _) => Effect::Enter(vec![UserId::trusted(row.actor_id.as_str())]),
        ("room:deleted", _) => Effect::Close,
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
