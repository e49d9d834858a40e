//! Resuming: what a client missed, from the positions it had reached (`GUARANTEES.md` G5).

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ids::RoomId;
use crate::request::{Operation, Reply, Request};

/// Most rooms of one request.
pub const RESUME_MAX_ROOMS: usize = 200;
/// Most events of one room that are brought; who missed more fetches pages.
pub const RESUME_MAX_EVENTS: i64 = 1_000;
/// Most bytes of events in one answer; who missed more fetches pages.
pub const RESUME_MAX_BYTES: usize = 1 << 20;

/// Asks for everything that happened in rooms after the positions that a client has reached.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resume {
    /// The rooms, the most wanted first; each at most once, at most 200.
    #[serde(default)]
    pub rooms: Vec<RoomPosition>,
}

impl Request for Resume {
    type Response = Resumed;
    const OPERATION: Operation =
        Operation::new("rooms.resume", "Get what you missed in rooms since the positions you had reached")
            .event("resume")
            .post("/chat/resume");
}

/// How far a client has come in a room.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoomPosition {
    /// The room or direct conversation, by id.
    pub room_id: RoomId,
    /// The room's epoch as the client knows it.
    pub epoch: String,
    /// Place of the last event that the client has applied; 0 for none.
    pub seq: i64,
}

/// What was missed, a room each in the order they were asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Resumed {
    /// The rooms.
    pub rooms: Vec<ResumedRoom>,
}

impl Reply for Resumed {}

/// What became of one room: everything, or honestly nothing.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ResumedRoom {
    /// Everything up to `seq` is here. On a socket, live events go on behind it.
    Recovered(Recovered),
    /// Nothing is here; fetch the room afresh, or page on with `after`.
    NotRecovered(NotRecovered),
}

impl ResumedRoom {
    /// The room.
    pub fn room(&self) -> &RoomId {
        match self {
            Self::Recovered(room) => &room.room_id,
            Self::NotRecovered(room) => &room.room_id,
        }
    }
}

/// A room that goes on where the client was.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recovered {
    /// The room.
    pub room_id: RoomId,
    /// `true`.
    recovered: bool,
    /// The room's epoch.
    pub epoch: Arc<str>,
    /// The client is here once it has applied the events.
    pub seq: i64,
    /// What happened, in the order of the log. What was changed several times comes once, as it is now; what
    /// was sent and deleted comes as `message:deleted`.
    pub events: Vec<MissedEvent>,
}

impl Recovered {
    /// A room that is brought up to `seq`.
    pub fn new(room_id: RoomId, epoch: Arc<str>, seq: i64, events: Vec<MissedEvent>) -> Recovered {
        Recovered { room_id, recovered: true, epoch, seq, events }
    }
}

/// An event that was missed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MissedEvent {
    /// Its name, as on a socket.
    pub name: &'static str,
    /// Its payload, as on a socket.
    pub data: Payload,
}

/// The payload of an event, already in the form of the wire.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Payload(pub Box<RawValue>);

impl JsonSchema for Payload {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Payload".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": true, "description": "The event's own payload." })
    }
}

/// A room that does not go on where the client was.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotRecovered {
    /// The room.
    pub room_id: RoomId,
    /// `false`.
    recovered: bool,
    /// Why not.
    pub reason: Hindrance,
    /// The room's epoch now, where it may be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Arc<str>>,
    /// The head of its log now, where it may be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
}

impl NotRecovered {
    /// A room that may be seen: its epoch and head now.
    pub fn at(room_id: RoomId, reason: Hindrance, epoch: Arc<str>, seq: i64) -> NotRecovered {
        NotRecovered { room_id, recovered: false, reason, epoch: Some(epoch), seq: Some(seq) }
    }

    /// A room of which nothing can be said.
    pub fn unseen(room_id: RoomId, reason: Hindrance) -> NotRecovered {
        NotRecovered { room_id, recovered: false, reason, epoch: None, seq: None }
    }
}

/// Why a room does not go on where the client was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hindrance {
    /// Its history was restored or cut since: positions of before mean nothing.
    Epoch,
    /// The client says to have seen more than there is.
    Ahead,
    /// More than 1,000 events of the room or 1 MiB of the answer, or further back than the log is kept; page
    /// on with `after`.
    TooMany,
    /// The log could not be read; ask again.
    Unavailable,
    /// There is no such room, or one is not a member.
    NotFound,
}
