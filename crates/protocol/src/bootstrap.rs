//! The beginning of a client, in one answer: what it would else ask for in six.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::direct_messages::DirectMessage;
use crate::ids::{RoomRef, UserRef};
use crate::messages::Message;
use crate::page::Page;
use crate::reads::Unread;
use crate::request::{Operation, Reply, Request};
use crate::rooms::Room;
use crate::user_changes::UserPosition;
use crate::users::User;

/// Reads everything that a client shows first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetBootstrap {
    /// The room it opens, by id or slug: its newest messages come along.
    #[serde(default)]
    pub room_id: Option<RoomRef>,
    /// The person whose conversation it opens, by id or username: its newest messages come along.
    #[serde(default)]
    pub user_id: Option<UserRef>,
}

impl Request for GetBootstrap {
    type Response = Bootstrap;
    const OPERATION: Operation = Operation::new("bootstrap.get", "What a client needs to begin, at once")
        .event("bootstrap:get")
        .get("/chat/bootstrap");
}

/// What a client begins with. The position was taken first, and pages of messages were read last: resuming one's own
/// stream from `position` and each room or conversation from where the lists say it stands misses nothing.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrap {
    /// Whose all this is.
    pub me: User,
    /// Where one's own stream stands, as `user_changes.position` tells it.
    pub position: UserPosition,
    /// As `rooms.list`.
    pub rooms: Vec<Room>,
    /// As `reads.list`.
    pub unread: Vec<Unread>,
    /// As `direct_messages.conversations`.
    pub conversations: Vec<User>,
    /// The newest messages of `roomId`; absent where it is not asked for, or not one's own to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Page<Message>>,
    /// The newest messages exchanged with `userId`; absent where they are not asked for, or nobody is that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_messages: Option<Page<DirectMessage>>,
}

impl Reply for Bootstrap {}
