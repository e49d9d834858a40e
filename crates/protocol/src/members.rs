//! Members: who belongs to a room, and as what.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, Ignored, RoomId, RoomRef, UserId, UserRef};
use crate::request::{Once, Operation, Rate, Reply, Request};
use crate::rooms::Room;
use crate::time::Time;
use crate::users::User;

/// What a member may do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Changes the room, its members and anyone's messages. The creator is one.
    Admin,
    /// Reads and writes.
    Member,
}

impl Role {
    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// The role of that name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "admin" => Some(Self::Admin),
            "member" => Some(Self::Member),
            _ => None,
        }
    }
}

/// A person's membership of a room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The membership.
    pub id: String,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub modified_at: Time,
    /// The room.
    pub room_id: RoomId,
    /// The person.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// Since when.
    pub joined_at: Time,
    /// When they last read here.
    pub last_read_at: Option<Time>,
    /// Their profile, in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
}

impl Reply for Member {}
impl Reply for Vec<Member> {}

/// Joins a public room; joining twice is one membership.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JoinRoom {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// A unique name for this change: asked for again under it, it is not done again.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// Ignored.
    #[serde(default)]
    pub user_id: Ignored,
}

impl Request for JoinRoom {
    type Response = Once<Joined>;
    const OPERATION: Operation = Operation::new("members.join", "Join a room")
        .event("room:join")
        .post("/chat/rooms/{roomId}/join")
        .fails("JOIN_FAILED")
        .rate(Rate::Join);
}

/// A room one is a member of now. Over REST the body is the room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Joined {
    /// The room.
    pub room_id: RoomId,
    /// The member.
    pub user_id: UserId,
    /// Head of the room's log after joining.
    pub seq: i64,
    /// The room's epoch.
    pub epoch: Arc<str>,
    /// The room itself.
    pub room: Room,
}

impl Reply for Joined {
    fn rest(&self, _: &crate::RestPath<'_>) -> Result<crate::Rest, serde_json::Error> {
        Ok(crate::Rest { body: serde_json::to_vec(&self.room)?, headers: Vec::new(), status: None })
    }

    fn rest_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Room>()
    }
}

/// Leaves a room. Leaving one that one is not in changes nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeaveRoom {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// A unique name for this change: asked for again under it, it is not done again.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// Ignored.
    #[serde(default)]
    pub user_id: Ignored,
}

impl Request for LeaveRoom {
    type Response = Once<Left>;
    const OPERATION: Operation = Operation::new("members.leave", "Leave a room")
        .event("room:leave")
        .post("/chat/rooms/{roomId}/leave")
        .fails("JOIN_FAILED")
        .rate(Rate::Join);
}

/// A membership that has ended.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// The room.
    pub room_id: RoomId,
    /// Who is out.
    pub user_id: UserId,
}

impl Reply for Left {}

/// Lists a room's members with their profiles.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListMembers {
    /// The room, by id or slug.
    pub room_id: RoomRef,
}

impl Request for ListMembers {
    type Response = Vec<Member>;
    const OPERATION: Operation = Operation::new("members.list", "A room's members")
        .event("member:list")
        .get("/chat/rooms/{roomId}/members");
}

/// Adds someone to a room or changes their role; for admins of the room. With one's own id in a public
/// room and role `member` it is joining.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetMember {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// The person, by id or username.
    pub user_id: UserRef,
    /// As what; `member` where none is given.
    #[serde(default)]
    pub role: Option<Role>,
    /// A unique name for this change: asked for again under it, it is not done again.
    #[serde(default)]
    pub client_id: Option<ClientId>,
}

impl Request for SetMember {
    type Response = Once<Member>;
    const OPERATION: Operation = Operation::new("members.set", "Add someone to a room, or change their role")
        .event("member:set")
        .put("/chat/rooms/{roomId}/members/{userId}")
        .rate(Rate::Join);
}

/// Removes someone from a room; for admins of the room, or with one's own id to leave.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoveMember {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// The person, by id or username.
    pub user_id: UserRef,
    /// A unique name for this change: asked for again under it, it is not done again.
    #[serde(default)]
    pub client_id: Option<ClientId>,
}

impl Request for RemoveMember {
    type Response = Once<Left>;
    const OPERATION: Operation = Operation::new("members.remove", "Remove someone from a room, or leave")
        .event("member:remove")
        .delete("/chat/rooms/{roomId}/members/{userId}")
        .rate(Rate::Join);
}

/// `room:user-joined`, `room:user-left` and `member:updated`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberEvent {
    /// The room.
    pub room_id: RoomId,
    /// Whom it is about.
    pub user_id: UserId,
    /// Their role, where they are a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Who did it, if not they themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// Place in the room's log.
    pub seq: i64,
    /// The room's epoch.
    pub epoch: Arc<str>,
}
