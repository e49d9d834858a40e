//! Direct messages: between two people, on all devices of both.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, Ignored, MessageId, RoomId, UserId, UserRef};
use crate::messages::{Metadata, Sender, Sent};
use crate::page::{Cursor, Limit, Page};
use crate::reads::ReadPosition;
use crate::request::{Operation, Rate, Reply, Request};
use crate::text::{MessageKind, MessageText};
use crate::time::Time;
use crate::users::User;

/// A message between two people.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DirectMessage {
    /// The message.
    pub id: MessageId,
    /// When it was accepted.
    pub created_at: Time,
    /// When it last changed.
    pub modified_at: Time,
    /// Who wrote it.
    pub sender_id: UserId,
    /// To whom.
    pub receiver_id: UserId,
    /// What it says; empty once deleted.
    pub content: String,
    /// `text` unless the client chose another.
    #[serde(rename = "type")]
    pub kind: String,
    /// What a client stored beside it.
    pub metadata: Option<Metadata>,
    /// When the receiver had read it.
    pub read_at: Option<Time>,
    /// When it was deleted; then this is a tombstone.
    pub deleted_at: Option<Time>,
    /// Who deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<UserId>,
    /// When its content last changed.
    pub edited_at: Option<Time>,
    /// The conversation, usable wherever a room's id is.
    pub room_id: RoomId,
    /// Its place in the conversation's log; in `dm:edited` the place of the edit.
    pub seq: i64,
    /// The message's own place, where `seq` is the place of a later event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_seq: Option<i64>,
    /// Place of the last event that changed it.
    pub rev: i64,
    /// The name its sender's client gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Who wrote it, as shown.
    pub sender: Sender,
}

/// A direct message as an event carries it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DirectMessageEvent {
    /// The message, flat.
    #[serde(flatten)]
    pub message: DirectMessage,
    /// The conversation's epoch.
    pub epoch: Arc<str>,
}

/// Sends a message to one person.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendDirectMessage {
    /// The receiver, by id or username.
    pub receiver_id: UserRef,
    /// What to say.
    pub content: MessageText,
    /// `text` where none is given.
    #[serde(rename = "type", default)]
    pub kind: Option<MessageKind>,
    /// Stored beside it.
    #[serde(default)]
    pub metadata: Option<Metadata>,
    /// A unique name for this message: sending it again is then the same message.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// Ignored.
    #[serde(default)]
    pub user_id: Ignored,
}

impl Request for SendDirectMessage {
    type Response = Sent<DirectMessage>;
    const OPERATION: Operation = Operation::new("direct_messages.send", "Send a message to one person")
        .event("dm:send")
        .create("/chat/dm/{receiverId}")
        .fails("DM_FAILED")
        .rate(Rate::Send);
}

/// Reads a conversation, newest first. At most one of `before`, `after` and `around`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListDirectMessages {
    /// The other person, by id or username.
    pub user_id: UserRef,
    /// Rows wanted.
    #[serde(default)]
    pub limit: Limit,
    /// Only messages before this one; tombstones are left out.
    #[serde(default)]
    pub before: Option<Cursor>,
    /// Only messages after this one; tombstones included.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// Messages on both sides of this one; tombstones included.
    #[serde(default)]
    pub around: Option<Cursor>,
}

impl Request for ListDirectMessages {
    type Response = Page<DirectMessage>;
    const OPERATION: Operation = Operation::new("direct_messages.list", "Read a conversation, newest first")
        .event("dm:list")
        .get("/chat/dm/{userId}");
}

/// Lists the people one has exchanged direct messages with, the latest first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListConversations {}

impl Request for ListConversations {
    type Response = Vec<User>;
    const OPERATION: Operation =
        Operation::new("direct_messages.conversations", "People you have direct messages with")
            .event("conversation:list")
            .get("/chat/conversations");
}

impl Reply for Vec<User> {}

/// Marks a conversation as read up to a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadDirectMessages {
    /// The other person, by id or username.
    pub user_id: UserRef,
    /// Read up to this position …
    #[serde(default)]
    pub seq: Option<i64>,
    /// … or up to this message.
    #[serde(default)]
    pub message_id: Option<MessageId>,
}

impl Request for ReadDirectMessages {
    type Response = ReadPosition;
    const OPERATION: Operation = Operation::new("direct_messages.read", "Mark a conversation as read")
        .event("dm:read")
        .put("/chat/dm/{userId}/read");
}
