//! Read positions: how far a person has read in a room.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{MessageId, RoomId, RoomRef, UserId};
use crate::request::{Operation, Reply, Request};
use crate::time::Time;

/// Marks a room as read up to a message. A position only moves forward.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadRoom {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// Read up to this position …
    #[serde(default)]
    pub seq: Option<i64>,
    /// … or up to this message.
    #[serde(default)]
    pub message_id: Option<MessageId>,
}

impl Request for ReadRoom {
    type Response = ReadPosition;
    const OPERATION: Operation = Operation::new("reads.mark", "Mark a room as read")
        .event("room:read")
        .put("/chat/rooms/{roomId}/read");
}

/// How far someone has read: the answer to marking, and the signal `read:updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadPosition {
    /// The room or conversation.
    pub room_id: RoomId,
    /// Who has read.
    pub user_id: UserId,
    /// Everything up to here.
    pub seq: i64,
    /// When the position last moved.
    pub last_read_at: Option<Time>,
}

impl Reply for ReadPosition {}
