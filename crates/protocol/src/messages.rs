//! Messages of rooms: the entity, and the requests on it.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, Ignored, MessageId, RoomId, RoomRef, UserId};
use crate::page::{Cursor, Limit, Page};
use crate::request::{Once, Operation, Rate, Reply, Request, Rest, RestPath};
use crate::text::{MessageKind, MessageText};
use crate::time::Time;

mod metadata;

pub use metadata::{METADATA_MAX_BYTES, METADATA_MAX_DEPTH, METADATA_MAX_KEYS, Metadata};

/// Who wrote a message, as shown beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// The user.
    pub id: UserId,
    /// Unique name.
    pub username: String,
    /// Name as shown.
    pub display_name: Option<String>,
    /// URL of a picture.
    pub avatar: Option<String>,
}

/// A message of a room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The message.
    pub id: MessageId,
    /// When it was accepted; never earlier than the message before it.
    pub created_at: Time,
    /// When it last changed.
    pub modified_at: Time,
    /// Its room.
    pub room_id: RoomId,
    /// Who wrote it.
    pub sender_id: UserId,
    /// What it says; empty once deleted.
    pub content: String,
    /// `text` unless the client chose another; `system` from the server itself.
    #[serde(rename = "type")]
    pub kind: String,
    /// What a client stored beside it.
    pub metadata: Option<Metadata>,
    /// When its content last changed.
    pub edited_at: Option<Time>,
    /// When it was deleted; then this is a tombstone.
    pub deleted_at: Option<Time>,
    /// Who deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<UserId>,
    /// Its place in the room's log. In `message:edited` the place of the edit; `messageSeq` then has the
    /// message's own.
    pub seq: i64,
    /// The message's own place, where `seq` is the place of a later event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_seq: Option<i64>,
    /// Place of the last event that changed it; a higher one is newer.
    pub rev: i64,
    /// The name its sender's client gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Who wrote it, as shown.
    pub sender: Sender,
}

/// A message as an event carries it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MessageEvent {
    /// The message, flat.
    #[serde(flatten)]
    pub message: Message,
    /// The room's epoch.
    pub epoch: Arc<str>,
}

/// `message:deleted`: what is left of a message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageDeleted {
    /// The deleted message.
    pub message_id: MessageId,
    /// Its room.
    pub room_id: RoomId,
    /// When.
    pub deleted_at: Time,
    /// By whom: its sender or an admin of the room.
    pub deleted_by: UserId,
    /// The message's own place in the log.
    pub message_seq: i64,
    /// Place of the deletion.
    pub seq: i64,
    /// The room's epoch.
    pub epoch: Arc<str>,
}

/// Sends a message to a room one is a member of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendMessage {
    /// The room, by id or slug.
    pub room_id: RoomRef,
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

impl Request for SendMessage {
    type Response = Sent;
    const OPERATION: Operation = Operation::new("messages.send", "Send a message to a room")
        .event("message:send")
        .create("/chat/rooms/{roomId}/messages")
        .fails("SEND_FAILED")
        .rate(Rate::Send);
}

/// What was stored for a send. Over REST the body is the message with `epoch` and `duplicate`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Sent{M}")]
pub struct Sent<M = Message> {
    /// The message.
    pub id: MessageId,
    /// Its room.
    pub room_id: RoomId,
    /// Its place in the room's log.
    pub seq: i64,
    /// The room's epoch.
    pub epoch: Arc<str>,
    /// When it was accepted.
    pub created_at: Time,
    /// True if it had been sent before under the same `clientId`; this is then the first answer.
    pub duplicate: bool,
    /// The whole message.
    pub message: M,
}

/// The REST body of a send.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Stored{M}")]
struct SentBody<'a, M> {
    #[serde(flatten)]
    message: &'a M,
    epoch: &'a str,
    duplicate: bool,
}

impl<M: Serialize + JsonSchema + Send + 'static> Reply for Sent<M> {
    fn rest(&self, _: &RestPath<'_>) -> Result<Rest, serde_json::Error> {
        let body = SentBody { message: &self.message, epoch: &self.epoch, duplicate: self.duplicate };
        let status = self.duplicate.then_some(200);
        let rest = Rest { body: serde_json::to_vec(&body)?, headers: Vec::new(), status };
        Ok(rest.replayed(self.duplicate))
    }

    fn rest_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<SentBody<'static, M>>()
    }
}

/// Changes the text of one's own message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditMessage {
    /// The message.
    pub message_id: MessageId,
    /// What it says from now on.
    pub content: MessageText,
    /// A unique name for this change: asked for again under it, it is not done again.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// Ignored.
    #[serde(default)]
    pub user_id: Ignored,
}

impl Request for EditMessage {
    type Response = Once<Edited>;
    const OPERATION: Operation = Operation::new("messages.edit", "Change the text of your message")
        .event("message:edit")
        .patch("/chat/messages/{messageId}")
        .fails("EDIT_FAILED")
        .rate(Rate::Edit);
}

/// A changed message, of a room or of a direct conversation. Over REST the body is the message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Edited {
    /// Place of the edit in the log.
    pub seq: i64,
    /// The room's epoch.
    pub epoch: Arc<str>,
    /// The message as it is now.
    pub message: AnyMessage,
}

impl Reply for Edited {
    fn rest(&self, _: &RestPath<'_>) -> Result<Rest, serde_json::Error> {
        Ok(Rest { body: serde_json::to_vec(&self.message)?, headers: Vec::new(), status: None })
    }

    fn rest_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<AnyMessage>()
    }
}

/// A message of either kind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AnyMessage {
    /// Of a direct conversation. The first, because what has a receiver is one.
    Direct(crate::direct_messages::DirectMessage),
    /// Of a room.
    Room(Message),
}

/// Deletes one's own message, or as an admin of the room anyone's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteMessage {
    /// The message.
    pub message_id: MessageId,
    /// A unique name for this change: asked for again under it, it is not done again.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// Ignored.
    #[serde(default)]
    pub user_id: Ignored,
}

impl Request for DeleteMessage {
    type Response = Once<Deleted>;
    const OPERATION: Operation = Operation::new("messages.delete", "Delete a message")
        .event("message:delete")
        .delete("/chat/messages/{messageId}")
        .fails("DELETE_FAILED")
        .rate(Rate::Edit);
}

/// A deletion. Deleting twice is one deletion: the answer is the same.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    /// The deleted message.
    pub message_id: MessageId,
    /// Its room.
    pub room_id: RoomId,
    /// Place of the deletion in the log.
    pub seq: i64,
    /// The room's epoch.
    pub epoch: Arc<str>,
    /// When.
    pub deleted_at: Time,
}

impl Reply for Deleted {}

/// Reads a room's history, newest first. At most one of `before`, `after` and `around`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListMessages {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// Rows wanted.
    #[serde(default)]
    pub limit: Limit,
    /// Only messages before this one; tombstones are left out.
    #[serde(default)]
    pub before: Option<Cursor>,
    /// Only messages after this one, the nearest first in time; tombstones included.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// Messages on both sides of this one; tombstones included.
    #[serde(default)]
    pub around: Option<Cursor>,
}

impl Request for ListMessages {
    type Response = Page<Message>;
    const OPERATION: Operation = Operation::new("messages.list", "Read a room's history, newest first")
        .event("message:list")
        .get("/chat/rooms/{roomId}/messages");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_or_unknown_field_is_refused() {
        for bad in [
            r#"{"roomId":"a","roomId":"b","content":"x"}"#,
            r#"{"roomId":"a","content":"x","extra":1}"#,
            r#"{"roomId":["a"],"content":"x"}"#,
            r#"{"roomId":"a","content":{"$ne":1}}"#,
        ] {
            assert!(serde_json::from_str::<SendMessage>(bad).is_err(), "{bad}");
        }
        serde_json::from_str::<SendMessage>(r#"{"roomId":"general","content":"x","userId":{"any":1}}"#)
            .unwrap();
    }
}
