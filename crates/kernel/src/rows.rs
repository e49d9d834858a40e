//! The rows of the log's tables, as the database has them.

use std::sync::Arc;

use fireside_protocol::members::Role;
use fireside_protocol::messages::{Metadata, Sender};
use fireside_protocol::{ClientId, MessageId, RoomId, Time, UserId};

use crate::room_log::state::{MemberState, MessageState, RoomKind, RoomState};

/// Columns of [`RoomRow`].
pub const ROOM_COLUMNS: &str = "id, kind, slug, pair_key, name, description, is_private, created_by, \
     created_at, modified_at, epoch, head_seq, member_count, last_at";

fireside_db::row! {
    /// A row of `rooms`.
    #[derive(Debug)]
    pub struct RoomRow {
        id: String,
        kind: String,
        slug: Option<String>,
        pair_key: Option<String>,
        name: String,
        description: Option<String>,
        is_private: bool,
        created_by: String,
        created_at: i64,
        modified_at: i64,
        epoch: String,
        head_seq: i64,
        member_count: i64,
        last_at: i64,
    }
}

impl RoomRow {
    /// As the log works with it.
    pub fn into_state(self) -> RoomState {
        RoomState {
            id: RoomId::trusted(self.id),
            kind: if self.kind == "direct" { RoomKind::Direct } else { RoomKind::Room },
            slug: self.slug,
            pair_key: self.pair_key,
            name: self.name,
            description: self.description,
            is_private: self.is_private,
            created_by: UserId::trusted(self.created_by),
            created_at: Time::from_micros(self.created_at),
            modified_at: Time::from_micros(self.modified_at),
            epoch: self.epoch.into(),
            head_seq: self.head_seq,
            member_count: self.member_count,
            last_at: Time::from_micros(self.last_at),
        }
    }
}

/// Columns of [`MemberRow`].
pub const MEMBER_COLUMNS: &str = "room_id, user_id, id, role, created_at, modified_at, joined_at, joined_seq, read_seq, last_read_at, muted";

fireside_db::row! {
    /// A row of `members`.
    #[derive(Debug)]
    pub struct MemberRow {
        /// Its room.
        pub room_id: String,
        /// The person.
        pub user_id: String,
        id: String,
        role: String,
        created_at: i64,
        modified_at: i64,
        joined_at: i64,
        joined_seq: i64,
        read_seq: i64,
        last_read_at: Option<i64>,
        muted: bool,
    }
}

impl MemberRow {
    /// As the log works with it.
    pub fn into_state(self) -> MemberState {
        MemberState {
            id: self.id,
            role: Role::parse(&self.role).unwrap_or(Role::Member),
            created_at: Time::from_micros(self.created_at),
            modified_at: Time::from_micros(self.modified_at),
            joined_at: Time::from_micros(self.joined_at),
            joined_seq: self.joined_seq,
            read_seq: self.read_seq,
            last_read_at: self.last_read_at.map(Time::from_micros),
            muted: self.muted,
        }
    }
}

/// Columns of [`MessageRow`], of `messages m` joined with `users u` on the sender.
pub const MESSAGE_COLUMNS: &str = "m.id, m.room_id, m.seq, m.rev, m.sender_id, m.content, m.type AS kind, \
     m.metadata, m.client_id, m.client_digest, m.created_at, m.modified_at, m.edited_at, m.deleted_at, \
     m.deleted_by, u.username AS sender_username, u.display_name AS sender_display_name, u.avatar AS sender_avatar";

fireside_db::row! {
    /// A row of `messages` with its sender's profile.
    #[derive(Debug)]
    pub struct MessageRow {
        id: String,
        room_id: String,
        seq: i64,
        rev: i64,
        sender_id: String,
        content: String,
        kind: String,
        metadata: Option<String>,
        client_id: Option<String>,
        client_digest: Option<i64>,
        created_at: i64,
        modified_at: i64,
        edited_at: Option<i64>,
        deleted_at: Option<i64>,
        deleted_by: Option<String>,
        sender_username: Option<String>,
        sender_display_name: Option<String>,
        sender_avatar: Option<String>,
    }
}

impl MessageRow {
    /// As the log works with it.
    pub fn into_state(self) -> MessageState {
        let sender_id = UserId::trusted(self.sender_id);
        MessageState {
            id: MessageId::trusted(self.id),
            room_id: RoomId::trusted(self.room_id),
            seq: self.seq,
            rev: self.rev,
            sender: Arc::new(Sender {
                username: self.sender_username.unwrap_or_else(|| sender_id.to_string()),
                id: sender_id,
                display_name: self.sender_display_name,
                avatar: self.sender_avatar,
            }),
            content: self.content,
            kind: self.kind,
            metadata: self.metadata.and_then(|text| Metadata::parse(&text).ok()),
            client_id: self.client_id.and_then(|text| ClientId::parse(&text)),
            client_digest: self.client_digest,
            created_at: Time::from_micros(self.created_at),
            modified_at: Time::from_micros(self.modified_at),
            edited_at: self.edited_at.map(Time::from_micros),
            deleted_at: self.deleted_at.map(Time::from_micros),
            deleted_by: self.deleted_by.map(UserId::trusted),
        }
    }
}
