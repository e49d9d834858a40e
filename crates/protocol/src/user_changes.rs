//! A user's own stream: which rooms they are in and how far they have read, and where they are signed in.
//! What the list of rooms, what is unread and the list of devices are to a client that has been away.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{RoomId, SessionId, UserId};
use crate::members::Role;
use crate::request::{Operation, Reply, Request};
use crate::rooms::RoomKind;
use crate::time::Time;

/// Asks where one's own stream stands. Take the position first, then fetch: what changes in between is then
/// told, not missed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPosition {}

impl Request for GetPosition {
    type Response = UserPosition;
    const OPERATION: Operation = Operation::new("user_changes.position", "Where your own stream stands")
        .event("user:position")
        .get("/chat/position");
}

/// A position in one's own stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPosition {
    /// The stream's epoch; positions of another one mean nothing.
    pub epoch: Arc<str>,
    /// Everything up to here is known.
    pub seq: i64,
}

impl Reply for UserPosition {}

/// Something of one's own is different now, at `seq` of one's own stream: `user:changed`, to all of one's
/// sockets. Exactly one of `room` and `session` is there. It tells how things stand, not what was done: apply
/// it if its `seq` is above the one last applied. Where several changes came close together, positions in
/// between may be left out, never what they led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UserChanged {
    /// The stream's epoch.
    pub epoch: Arc<str>,
    /// What is different.
    #[serde(flatten)]
    pub change: UserChange,
}

/// How something of one's own stands, at its place in one's own stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserChange {
    /// Place in one's own stream.
    pub seq: i64,
    /// A room or conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomStanding>,
    /// A device or service token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionStanding>,
}

/// How one stands in a room or conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomStanding {
    /// The room or conversation.
    pub room_id: RoomId,
    /// Which of the two it is.
    pub kind: RoomKind,
    /// The other person of a conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Whether one is a member. Without membership nothing but `kind` and `userId` means anything.
    pub member: bool,
    /// As what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Time>,
    /// Everything up to here is read.
    pub read_seq: i64,
    /// When one last read.
    pub last_read_at: Option<Time>,
    /// Whether one has muted it.
    pub muted: bool,
}

/// A device or service token that one is signed in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionStanding {
    /// The session.
    pub id: SessionId,
    /// Whether it was ended before its time.
    pub ended: bool,
    /// When it is over by itself, which is told no more.
    pub expires_at: Time,
}

/// What became of one's own stream since a position: everything, or honestly nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ResumedUser {
    /// Everything up to `seq` is here.
    Recovered(RecoveredUser),
    /// Nothing is here: take the position, and fetch afresh.
    NotRecovered(NotRecoveredUser),
}

/// A stream that goes on where the client was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecoveredUser {
    /// `true`.
    recovered: bool,
    /// The stream's epoch.
    pub epoch: Arc<str>,
    /// The client is here once it has applied the changes.
    pub seq: i64,
    /// How everything stands that has changed, in the order of the stream, each thing once.
    pub changes: Vec<UserChange>,
}

impl RecoveredUser {
    /// A stream that is brought up to `position`.
    pub fn new(position: UserPosition, changes: Vec<UserChange>) -> RecoveredUser {
        RecoveredUser { recovered: true, epoch: position.epoch, seq: position.seq, changes }
    }
}

/// A stream that does not go on where the client was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotRecoveredUser {
    /// `false`.
    recovered: bool,
    /// Why not.
    pub reason: UserHindrance,
}

impl NotRecoveredUser {
    /// For this reason.
    pub fn new(reason: UserHindrance) -> NotRecoveredUser {
        NotRecoveredUser { recovered: false, reason }
    }
}

/// Why one's own stream does not go on where the client was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserHindrance {
    /// It was restored or cut since: positions of before mean nothing.
    Epoch,
    /// The client says to have seen more than there is.
    Ahead,
}
