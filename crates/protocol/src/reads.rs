//! Read positions, and what they leave unread.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{MessageId, RoomId, RoomRef, UserId};
use crate::request::{Operation, Reply, Request};
use crate::rooms::RoomKind;
use crate::time::Time;

/// Marks a room as read up to a message. This moves a position only forward.
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

/// Marks a room as unread from a message on: the only way back. Nothing from before one's joining becomes
/// unread.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarkUnread {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// Unread from this position on …
    #[serde(default)]
    pub seq: Option<i64>,
    /// … or from this message on.
    #[serde(default)]
    pub message_id: Option<MessageId>,
}

impl Request for MarkUnread {
    type Response = ReadPosition;
    const OPERATION: Operation = Operation::new("reads.unmark", "Mark a room as unread from a message on")
        .event("room:unread")
        .put("/chat/rooms/{roomId}/unread");
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

/// Mutes a room or conversation for oneself: what is said there does not count as unread; mentions do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MuteRoom {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// Whether it is to be muted.
    pub muted: bool,
}

impl Request for MuteRoom {
    type Response = Muted;
    const OPERATION: Operation = Operation::new("reads.mute", "Mute a room for yourself, or no longer")
        .event("room:mute")
        .put("/chat/rooms/{roomId}/mute");
}

/// Whether one has muted a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Muted {
    /// The room or conversation.
    pub room_id: RoomId,
    /// Whether it is muted.
    pub muted: bool,
}

impl Reply for Muted {}

/// Most unread messages, and most mentions, that are counted of one room: this many means this many or more.
pub const UNREAD_MAX: i64 = 1_000;

/// Lists what is unread in each of one's rooms and direct conversations.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListUnread {}

impl Request for ListUnread {
    type Response = Vec<Unread>;
    const OPERATION: Operation =
        Operation::new("reads.list", "What is unread in your rooms and conversations")
            .event("unread:list")
            .get("/chat/unread");
}

/// What is unread in a room or conversation. Counted from positions when asked for, never added up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// The room or conversation.
    pub room_id: RoomId,
    /// Which of the two it is.
    pub kind: RoomKind,
    /// The other person of a conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Everything up to here is read.
    pub read_seq: i64,
    /// The log's epoch.
    pub epoch: Arc<str>,
    /// The head of the log; with `epoch` it is a position to resume from.
    pub head_seq: i64,
    /// Messages of others behind `readSeq` that are not deleted; 0 where the room is muted. 1,000 means 1,000
    /// or more.
    pub unread_count: i64,
    /// Those messages of others behind `readSeq` that mention one, muted or not. 1,000 means 1,000 or more.
    pub mention_count: i64,
    /// Whether one has muted it.
    pub muted: bool,
    /// Place of the first message of others behind `readSeq` that is not deleted, muted or not.
    pub first_unread_seq: Option<i64>,
}

impl Reply for Vec<Unread> {}

/// Explains what is unread in a room: of its newest messages, which count and why.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainUnread {
    /// The room or conversation, by id or slug.
    pub room_id: RoomRef,
}

impl Request for ExplainUnread {
    type Response = UnreadExplained;
    const OPERATION: Operation =
        Operation::new("reads.explain", "Which messages of a room count as unread, and why")
            .event("unread:explain")
            .get("/chat/rooms/{roomId}/unread");
}

/// Most messages that are explained.
pub const EXPLAINED_MAX: i64 = 200;

/// What is unread in a room, message by message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnreadExplained {
    /// The room or conversation.
    pub room_id: RoomId,
    /// Everything up to here is read.
    pub read_seq: i64,
    /// The head of the log.
    pub head_seq: i64,
    /// As in the list of what is unread.
    pub unread_count: i64,
    /// As in the list of what is unread.
    pub mention_count: i64,
    /// Whether one has muted it.
    pub muted: bool,
    /// The newest 200 messages, the newest first, tombstones included.
    pub messages: Vec<MessageExplained>,
}

impl Reply for UnreadExplained {}

/// Whether a message counts as unread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageExplained {
    /// The message.
    pub message_id: MessageId,
    /// Its place.
    pub seq: i64,
    /// Whether it is among `unreadCount`.
    pub counts: bool,
    /// Why it counts, or the first reason why not.
    pub reason: UnreadReason,
    /// Whether it mentions one.
    pub mention: bool,
}

/// Why a message counts as unread, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnreadReason {
    /// It was said before one's membership began.
    BeforeJoining,
    /// It is deleted.
    Deleted,
    /// One said it oneself.
    Own,
    /// One has read it.
    Read,
    /// One has muted the room.
    Muted,
    /// It counts.
    Unread,
}
