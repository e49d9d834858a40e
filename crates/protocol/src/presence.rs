//! Presence: who is online. By user, over all their devices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{RoomRef, UserId};
use crate::request::{Operation, Reply, Request};
use crate::time::Time;

/// Whether someone has a live connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// At least one device is connected.
    Online,
    /// None is.
    Offline,
}

/// One person's presence: the signal `presence:changed`, and a row of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// Who.
    pub user_id: UserId,
    /// Now.
    pub status: Status,
    /// When they were last connected; the present moment for someone online.
    pub last_seen_at: Option<Time>,
}

/// Lists the members of a room who are online.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListOnline {
    /// The room, by id or slug.
    pub room_id: RoomRef,
}

impl Request for ListOnline {
    type Response = Vec<Presence>;
    const OPERATION: Operation = Operation::new("presence.online", "Members of a room who are online")
        .event("room:online")
        .get("/chat/rooms/{roomId}/online");
}

impl Reply for Vec<Presence> {}

/// Asks for the presence of some people; whoever shares no room with one is absent from the answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetPresence {
    /// At most 200.
    #[schemars(length(max = 200))]
    pub user_ids: Vec<UserId>,
}

impl Request for GetPresence {
    type Response = PresenceSnapshot;
    const OPERATION: Operation =
        Operation::new("presence.get", "Presence of some people").event("presence:get");
}

/// Several people's presence: the answer to `presence:get`, and the signal `presence:snapshot`, sent once
/// after connecting and in place of many single changes. Rows to merge into what one knows, not a whole list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PresenceSnapshot {
    /// One row a person.
    pub users: Vec<Presence>,
}

impl Reply for PresenceSnapshot {}
