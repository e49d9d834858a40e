//! What the log knows of rooms, members and messages while it decides a batch.

use std::sync::Arc;

use fireside_protocol::direct_messages::DirectMessage;
use fireside_protocol::members::{Member, Role};
use fireside_protocol::messages::{Message, Metadata, Sender};
use fireside_protocol::rooms::Room;
pub use fireside_protocol::rooms::RoomKind;
use fireside_protocol::{ClientId, MessageId, RoomId, Time, UserId};

/// A room and where its log stands.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of the wire's room and of the table, documented there")]
pub struct RoomState {
    pub id: RoomId,
    pub kind: RoomKind,
    pub slug: Option<String>,
    pub pair_key: Option<String>,
    pub name: String,
    pub description: Option<String>,
    pub is_private: bool,
    pub created_by: UserId,
    pub created_at: Time,
    pub modified_at: Time,
    pub epoch: Arc<str>,
    pub head_seq: i64,
    pub member_count: i64,
    /// Stamp of the newest event; the next one is never earlier.
    pub last_at: Time,
}

impl RoomState {
    /// As clients see it.
    pub fn to_wire(&self) -> Room {
        Room {
            id: self.id.clone(),
            created_at: self.created_at,
            modified_at: self.modified_at,
            name: self.name.clone(),
            description: self.description.clone(),
            is_private: self.is_private,
            created_by: self.created_by.clone(),
            slug: self.slug.clone().unwrap_or_default(),
            member_count: self.member_count,
            epoch: self.epoch.clone(),
            seq: self.head_seq,
        }
    }

    /// The people of a direct conversation: two, or one who writes to themselves.
    pub fn pair(&self) -> Vec<UserId> {
        let mut pair: Vec<UserId> =
            self.pair_key.iter().flat_map(|key| key.split(' ')).map(UserId::trusted).collect();
        pair.dedup();
        pair
    }

    /// The other person of a direct conversation; oneself in a conversation with oneself.
    pub fn partner(&self, user: &UserId) -> Option<UserId> {
        partner_in(self.pair_key.as_deref()?, user)
    }
}

/// The other person in the key of a conversation; oneself in a conversation with oneself.
pub fn partner_in(pair_key: &str, user: &UserId) -> Option<UserId> {
    let (first, second) = pair_key.split_once(' ')?;
    Some(UserId::trusted(if first == user.as_str() { second } else { first }))
}

/// The one key of a conversation, whoever began it. A space cannot be part of an id.
pub fn pair_key(one: &UserId, other: &UserId) -> String {
    let (first, second) = if one <= other { (one, other) } else { (other, one) };
    format!("{first} {second}")
}

/// A membership.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the fields are those of the wire's member and of the table, documented there"
)]
pub struct MemberState {
    pub id: String,
    pub role: Role,
    pub created_at: Time,
    pub modified_at: Time,
    pub joined_at: Time,
    pub joined_seq: i64,
    pub read_seq: i64,
    pub last_read_at: Option<Time>,
    pub muted: bool,
}

impl MemberState {
    /// As clients see it.
    pub fn to_wire(&self, room: &RoomId, user: &UserId) -> Member {
        Member {
            id: self.id.clone(),
            created_at: self.created_at,
            modified_at: self.modified_at,
            room_id: room.clone(),
            user_id: user.clone(),
            role: self.role,
            joined_at: self.joined_at,
            last_read_at: self.last_read_at,
            user: None,
        }
    }
}

/// A stored message.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the fields are those of the wire's message and of the table, documented there"
)]
pub struct MessageState {
    pub id: MessageId,
    pub room_id: RoomId,
    pub seq: i64,
    pub rev: i64,
    pub sender: Arc<Sender>,
    pub content: String,
    pub kind: String,
    pub metadata: Option<Metadata>,
    pub client_id: Option<ClientId>,
    /// Digest of what was sent under `client_id`, to tell a repeat from another message.
    pub client_digest: Option<i64>,
    pub created_at: Time,
    pub modified_at: Time,
    pub edited_at: Option<Time>,
    pub deleted_at: Option<Time>,
    pub deleted_by: Option<UserId>,
}

impl MessageState {
    /// As clients see it in a room.
    pub fn to_wire(&self) -> Message {
        Message {
            id: self.id.clone(),
            created_at: self.created_at,
            modified_at: self.modified_at,
            room_id: self.room_id.clone(),
            sender_id: self.sender.id.clone(),
            content: self.content.clone(),
            kind: self.kind.clone(),
            metadata: self.metadata.clone(),
            edited_at: self.edited_at,
            deleted_at: self.deleted_at,
            deleted_by: self.deleted_by.clone(),
            seq: self.seq,
            message_seq: None,
            rev: self.rev,
            client_id: self.client_id.clone(),
            sender: (*self.sender).clone(),
        }
    }

    /// As clients see it in a direct conversation. `read_at` is when the receiver had read it.
    pub fn to_direct(&self, receiver: &UserId, read_at: Option<Time>) -> DirectMessage {
        DirectMessage {
            id: self.id.clone(),
            created_at: self.created_at,
            modified_at: self.modified_at,
            sender_id: self.sender.id.clone(),
            receiver_id: receiver.clone(),
            content: self.content.clone(),
            kind: self.kind.clone(),
            metadata: self.metadata.clone(),
            read_at,
            deleted_at: self.deleted_at,
            deleted_by: self.deleted_by.clone(),
            edited_at: self.edited_at,
            room_id: self.room_id.clone(),
            seq: self.seq,
            message_seq: None,
            rev: self.rev,
            client_id: self.client_id.clone(),
            sender: (*self.sender).clone(),
        }
    }
}

/// A user, as far as the log needs to know them.
#[derive(Debug, Clone)]
pub struct UserState {
    /// The profile shown beside their messages.
    pub profile: Arc<Sender>,
    /// Shut out by an administrator.
    pub is_disabled: bool,
}
