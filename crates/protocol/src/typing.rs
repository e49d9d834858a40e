//! Typing: who is writing in a room just now. Never stored, may be lost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Ignored, RoomId, RoomRef, UserId};
use crate::request::{Done, Operation, Rate, Request};

/// Tells a room's members that one is writing. It ends by itself 3 s after the last one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartTyping {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// Ignored.
    #[serde(default)]
    pub user_id: Ignored,
}

impl Request for StartTyping {
    type Response = Done;
    const OPERATION: Operation =
        Operation::new("typing.start", "Say that you are writing").event("typing:start").rate(Rate::Typing);
}

/// Tells a room's members that one has stopped writing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopTyping {
    /// The room, by id or slug.
    pub room_id: RoomRef,
    /// Ignored.
    #[serde(default)]
    pub user_id: Ignored,
}

impl Request for StopTyping {
    type Response = Done;
    const OPERATION: Operation = Operation::new("typing.stop", "Say that you have stopped writing")
        .event("typing:stop")
        .rate(Rate::Typing);
}

/// `typing:update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypingUpdate {
    /// The room.
    pub room_id: RoomId,
    /// Who.
    pub user_id: UserId,
    /// Whether they are writing now.
    pub is_typing: bool,
}
