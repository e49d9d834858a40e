//! What a batch writes: new messages and rooms as features hand them in, and the rows they become.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use fireside_protocol::members::MemberEvent;
use fireside_protocol::messages::Metadata;
use fireside_protocol::{ClientId, Event, MessageId, RoomId, Time, UserId};

use super::change::ExtraWrite;
use super::once::Repeat;

/// The place an event takes in its room's log.
#[derive(Debug, Clone)]
pub struct Place {
    /// Position.
    pub seq: i64,
    /// The room's epoch.
    pub epoch: Arc<str>,
    /// Stamp; never earlier than that of the event before.
    pub at: Time,
}

/// A message to be appended.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of the wire's message, documented there")]
pub struct NewMessage {
    pub content: String,
    pub kind: String,
    pub metadata: Option<Metadata>,
    pub client_id: Option<ClientId>,
    pub client_digest: Option<i64>,
}

/// A room to be made.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of the wire's room, documented there")]
pub struct NewRoom {
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    pub is_private: bool,
}

/// Whether a conversation was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// It was.
    Before,
    /// It was made just now.
    Now,
}

/// What has to be written, in terms of the maps of [`super::batch::Batch`].
#[derive(Default)]
pub(super) struct Writes {
    pub(super) new_rooms: Vec<RoomId>,
    /// Rooms whose head moved.
    pub(super) moved_rooms: HashSet<RoomId>,
    /// Rooms whose name, description, privacy or existence changed.
    pub(super) changed_rooms: HashSet<RoomId>,
    pub(super) deleted_rooms: HashSet<RoomId>,
    pub(super) members: HashSet<(RoomId, UserId)>,
    /// Who stands otherwise in which room.
    pub(super) standings: BTreeSet<(UserId, RoomId)>,
    pub(super) new_messages: Vec<MessageId>,
    pub(super) changed_messages: HashSet<MessageId>,
    /// Whether a name is mentioned at a place, where that may have changed.
    pub(super) mentions: HashMap<Mention, bool>,
    pub(super) events: Vec<EventRow>,
    pub(super) repeats: Vec<(Repeat, String)>,
    pub(super) extra: Vec<Box<dyn ExtraWrite>>,
}

impl Writes {
    /// A membership is new, different or gone, and so is how its user stands in the room.
    pub(super) fn changed_member(&mut self, key: (RoomId, UserId)) {
        self.standings.insert((key.1.clone(), key.0.clone()));
        self.members.insert(key);
    }

    /// Whether nothing has to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.members.is_empty() && self.repeats.is_empty() && self.extra.is_empty()
    }
}

/// A row of `mentions`: someone is named in a message.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Mention {
    pub(super) room: RoomId,
    pub(super) username: String,
    /// Place of the message.
    pub(super) seq: i64,
}

/// A row of `room_events`.
#[derive(Debug)]
pub(super) struct EventRow {
    pub(super) room: RoomId,
    pub(super) seq: i64,
    pub(super) kind: &'static str,
    pub(super) actor: UserId,
    pub(super) subject: Option<UserId>,
    pub(super) message: Option<MessageId>,
    pub(super) data: Option<String>,
    pub(super) at: Time,
}

/// What a row of the log keeps to make the event again: the message or the user it is about.
pub(super) fn references(event: &Event) -> (Option<MessageId>, Option<UserId>, Option<String>) {
    let of_member = |event: &MemberEvent| {
        (None, Some(event.user_id.clone()), event.role.map(|role| role.as_str().to_owned()))
    };
    match event {
        Event::MessageNew(event) | Event::MessageEdited(event) => {
            (Some(event.message.id.clone()), None, None)
        }
        Event::DirectMessageNew(event) | Event::DirectMessageEdited(event) => {
            (Some(event.message.id.clone()), None, None)
        }
        Event::MessageDeleted(event) | Event::DirectMessageDeleted(event) => {
            (Some(event.message_id.clone()), None, None)
        }
        Event::MemberJoined(event) | Event::MemberLeft(event) | Event::MemberUpdated(event) => {
            of_member(event)
        }
        Event::RoomCreated(_) | Event::RoomUpdated(_) | Event::RoomDeleted(_) => (None, None, None),
    }
}
