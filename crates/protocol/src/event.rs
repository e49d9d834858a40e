//! The table of everything the server tells clients without being asked.
//!
//! An [`Event`] is durable: it has a place in a room's log and reaches every member exactly once, in order.
//! A [`UserEvent`] is durable: it has a place in its user's own stream and reaches their sockets in order.
//! A [`Signal`] is of the moment: never stored, may be lost.

mod reading;

use serde::Serialize;

use crate::digests::RoomDigest;
use crate::direct_messages::DirectMessageEvent;
use crate::members::MemberEvent;
use crate::messages::{MessageDeleted, MessageEvent};
use crate::presence::{Presence, PresenceSnapshot};
use crate::reads::ReadPosition;
use crate::rooms::{RoomDeleted, RoomEvent};
use crate::typing::TypingUpdate;
use crate::user_changes::UserChanged;

macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident($payload:ty) = $wire:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize)]
        #[serde(untagged)]
        pub enum $name {
            $($(#[$vdoc])* $variant($payload),)*
        }

        impl $name {
            /// Name on the wire.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $wire),* }
            }

            /// Every name with the schema of its payload, for the contract.
            pub fn table(generator: &mut schemars::SchemaGenerator) -> Vec<(&'static str, schemars::Schema)> {
                vec![$(($wire, generator.subschema_for::<$payload>())),*]
            }
        }
    };
}

table! {
    /// A durable event of one room, to its members.
    Event {
        /// Someone said something.
        MessageNew(MessageEvent) = "message:new",
        /// A message says something else now.
        MessageEdited(MessageEvent) = "message:edited",
        /// A message is gone; its tombstone stays.
        MessageDeleted(MessageDeleted) = "message:deleted",
        /// A direct message, to both people.
        DirectMessageNew(DirectMessageEvent) = "dm:new",
        /// A direct message says something else now.
        DirectMessageEdited(DirectMessageEvent) = "dm:edited",
        /// A direct message is gone.
        DirectMessageDeleted(MessageDeleted) = "dm:deleted",
        /// Someone has become a member.
        MemberJoined(MemberEvent) = "room:user-joined",
        /// Someone is a member no more; the last thing they hear from the room.
        MemberLeft(MemberEvent) = "room:user-left",
        /// A member has another role.
        MemberUpdated(MemberEvent) = "member:updated",
        /// A room was made; the first event of its log.
        RoomCreated(RoomEvent) = "room:created",
        /// A room has another name, description or privacy.
        RoomUpdated(RoomEvent) = "room:updated",
        /// A room is gone; the last event of its log.
        RoomDeleted(RoomDeleted) = "room:deleted",
    }
}

table! {
    /// A durable event of one user's own stream, to all their sockets.
    UserEvent {
        /// Something of one's own is different now: how one stands in a room, or one of one's sessions.
        UserChanged(UserChanged) = "user:changed",
    }
}

table! {
    /// Something of the moment: never stored, may be lost, has no place in any log.
    Signal {
        /// Someone is writing, or has stopped.
        TypingUpdate(TypingUpdate) = "typing:update",
        /// Someone came or went.
        PresenceChanged(Presence) = "presence:changed",
        /// Who came or went: once after connecting, and for many at once. Rows to merge, not a whole list.
        PresenceSnapshot(PresenceSnapshot) = "presence:snapshot",
        /// Someone has read up to a position.
        ReadUpdated(ReadPosition) = "read:updated",
        /// A room's events could not be delivered in order; fetch it again.
        RoomResync(Resync) = "room:resync",
        /// The sum over a room's newest messages, to those who asked for it.
        RoomDigested(RoomDigest) = "room:digested",
        /// The server is about to stop; reconnect after this delay.
        ServerDraining(Draining) = "server:draining",
        /// The session is over; the connection closes now.
        SessionEnded(SessionEnded) = "session:ended",
        /// The access token ends soon; `authenticate {token}` with a new one keeps the connection.
        SessionExpiring(SessionExpiring) = "session:expiring",
    }
}

/// `room:resync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resync {
    /// The room to fetch again.
    pub room_id: crate::RoomId,
}

/// `server:draining`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Draining {
    /// Milliseconds to wait before connecting again; each client is told its own.
    pub reconnect_after_ms: u64,
}

/// `session:ended`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionEnded {
    /// `logout`, `revoked`, `expired` or `disabled`.
    pub reason: String,
}

/// `session:expiring`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionExpiring {
    /// Milliseconds until the connection is closed.
    pub in_ms: u64,
}
