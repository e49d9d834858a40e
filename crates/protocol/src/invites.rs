//! Invites: links that lead to an account, to a room, or to both.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{RoomId, RoomRef};
use crate::request::{Access, Operation, Rate, Reply, Request};
use crate::time::Time;

/// Makes an invite to the server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateInvite {
    /// How many may use it; 1 where not given.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    pub uses: Option<u32>,
    /// Hours until it ends; 168 where not given.
    #[serde(default)]
    #[schemars(range(min = 1, max = 8760))]
    pub hours: Option<u32>,
    /// Room that whoever uses it is a member of from the start: a public one, or one whose admin makes the invite.
    #[serde(default)]
    pub room_id: Option<RoomRef>,
}

impl Request for CreateInvite {
    type Response = Invite;
    const OPERATION: Operation = Operation::new("sessions.invite", "Make an invite")
        .create("/auth/invites")
        .access(Access::Admin)
        .rate(Rate::Create);
}

/// An invite; its code is shown once.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    /// To be given to `POST /auth/register`.
    pub code: String,
    /// When it ends.
    pub expires_at: Time,
    /// How many may use it.
    pub uses_left: i64,
    /// Where they begin.
    pub room_id: Option<RoomId>,
}

impl Reply for Invite {}

/// Asks what an invite leads to: whoever has its code may know.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInvite {
    /// The code of the link.
    #[serde(default)]
    pub code: Option<String>,
}

impl Request for CheckInvite {
    type Response = InvitePreview;
    const OPERATION: Operation = Operation::new("sessions.check_invite", "What an invite leads to")
        .post("/auth/invites/check")
        .access(Access::Anyone)
        .rate(Rate::SignIn);
}

/// What an invite leads to.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitePreview {
    /// Name of who invites, as shown.
    pub host: Option<String>,
    /// Where one begins.
    pub room: Option<InvitedRoom>,
    /// When it ends.
    pub expires_at: Time,
    /// How many may use it.
    pub uses_left: i64,
}

impl Reply for InvitePreview {}

/// The room of an invite.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitedRoom {
    /// Its id.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// How many are members of it.
    pub member_count: i64,
}

/// Joins the room of an invite with the account that one has. Whoever is a member already uses nothing up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvite {
    /// The code of the link.
    pub code: String,
}

impl Request for AcceptInvite {
    type Response = InviteAccepted;
    const OPERATION: Operation = Operation::new("sessions.accept_invite", "Join the room of an invite")
        .post("/auth/invites/accept")
        .rate(Rate::SignIn);
}

/// What became of accepting an invite.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InviteAccepted {
    /// The room one is a member of now; none if the invite leads to no room, or to one that is gone.
    pub room_id: Option<RoomId>,
}

impl Reply for InviteAccepted {}
