//! Rooms: the entity, and the requests on it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, RoomId, RoomRef, UserId};
use crate::page::Limit;
use crate::request::{Done, Once, Operation, Rate, Reply, Request};
use crate::text::{Description, RoomName};
use crate::time::Time;

/// A room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// The room.
    pub id: RoomId,
    /// When it was made.
    pub created_at: Time,
    /// When its name, description or privacy last changed.
    pub modified_at: Time,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Private rooms are invisible to whoever is not a member.
    pub is_private: bool,
    /// Who made it.
    pub created_by: UserId,
    /// Unique name for use in requests and links.
    pub slug: String,
    /// How many members it has.
    pub member_count: i64,
    /// The room's epoch.
    pub epoch: Arc<str>,
    /// Position of its newest event.
    pub seq: i64,
}

/// What a room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// A room with a name, that people join and leave.
    Room,
    /// A conversation of two people, for ever.
    Direct,
}

impl RoomKind {
    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Direct => "direct",
        }
    }
}

impl Reply for Room {}
impl Reply for Vec<Room> {}

/// Lists the rooms one is a member of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRooms {}

impl Request for ListRooms {
    type Response = Vec<Room>;
    const OPERATION: Operation =
        Operation::new("rooms.list", "Rooms you are a member of").event("room:list").get("/chat/rooms");
}

/// Lists public rooms.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiscoverRooms {
    /// Part of the name; nothing lists all.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub query: String,
    /// Rows wanted.
    #[serde(default)]
    pub limit: Limit,
    /// Only rooms after this one (its slug) in the order of slugs.
    #[serde(default)]
    pub after: Option<RoomRef>,
}

impl Request for DiscoverRooms {
    type Response = crate::page::Page<Room>;
    const OPERATION: Operation =
        Operation::new("rooms.discover", "Public rooms").event("room:discover").get("/chat/rooms/discover");
}

/// Makes a room; its maker is its first member and admin.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRoom {
    /// Its name.
    pub name: RoomName,
    /// What it is about.
    #[serde(default)]
    pub description: Option<Description>,
    /// Invisible to whoever is not a member. Public where not given.
    #[serde(default)]
    pub is_private: bool,
    /// A unique name for this change: asked for again under it, it is not done again.
    #[serde(default)]
    pub client_id: Option<ClientId>,
}

impl Request for CreateRoom {
    type Response = Once<Room>;
    const OPERATION: Operation = Operation::new("rooms.create", "Make a room")
        .event("room:create")
        .create("/chat/rooms")
        .rate(Rate::Create);
}

/// Reads one room: a member's, or any public one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetRoom {
    /// The room, by id or slug.
    pub room_id: RoomRef,
}

impl Request for GetRoom {
    type Response = Room;
    const OPERATION: Operation =
        Operation::new("rooms.get", "A room").event("room:get").get("/chat/rooms/{roomId}");
}

/// Changes a room; for its admins. Absent fields stay; `description: null` clears it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateRoom {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// Its new name. The slug stays.
    #[serde(default)]
    pub name: Option<RoomName>,
    /// What it is about.
    #[serde(default, deserialize_with = "present::deserialize")]
    #[schemars(with = "Option<Description>")]
    pub description: Option<Option<Description>>,
    /// Private from now on, or public.
    #[serde(default)]
    pub is_private: Option<bool>,
    /// A unique name for this change: asked for again under it, it is not done again.
    #[serde(default)]
    pub client_id: Option<ClientId>,
}

impl Request for UpdateRoom {
    type Response = Once<Room>;
    const OPERATION: Operation =
        Operation::new("rooms.update", "Change a room").event("room:update").patch("/chat/rooms/{roomId}");
}

/// Deletes a room for everyone; for its admins.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteRoom {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// A unique name for this change: asked for again under it, it is not done again.
    #[serde(default)]
    pub client_id: Option<ClientId>,
}

impl Request for DeleteRoom {
    type Response = Once<Done>;
    const OPERATION: Operation =
        Operation::new("rooms.delete", "Delete a room").event("room:delete").delete("/chat/rooms/{roomId}");
}

/// `room:created` and `room:updated`: the room as it is from that position on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RoomEvent {
    /// The room, flat; its `seq` is the event's.
    #[serde(flatten)]
    pub room: Room,
}

/// `room:deleted`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomDeleted {
    /// The room that is gone.
    pub room_id: RoomId,
    /// Place in its log; the last one.
    pub seq: i64,
    /// The room's epoch.
    pub epoch: Arc<str>,
}

/// Tells an absent field (`None`) from an explicit null (`Some(None)`).
mod present {
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
    where
        D: Deserializer<'de>,
        T: Deserialize<'de>,
    {
        Option::<T>::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_clears_and_absence_keeps() {
        let kept: UpdateRoom = serde_json::from_str(r#"{"roomId":"a"}"#).unwrap();
        assert!(kept.description.is_none());
        let cleared: UpdateRoom = serde_json::from_str(r#"{"roomId":"a","description":null}"#).unwrap();
        assert!(matches!(cleared.description, Some(None)));
    }

    #[test]
    fn only_true_and_false_are_booleans() {
        for bad in ["\"yes\"", "1", "null"] {
            let body = format!(r#"{{"name":"a","isPrivate":{bad}}}"#);
            assert!(serde_json::from_str::<CreateRoom>(&body).is_err(), "{body}");
        }
    }
}
