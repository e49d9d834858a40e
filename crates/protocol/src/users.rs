//! Users: people and services, as others see them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{UserId, UserRef};
use crate::page::Limit;
use crate::request::{Access, Operation, Reply, Request};
use crate::text::DisplayName;
use crate::time::Time;

/// A user as others see them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user.
    pub id: UserId,
    /// When the account was made.
    pub created_at: Time,
    /// When the profile last changed.
    pub modified_at: Time,
    /// Unique name.
    pub username: String,
    /// Name as shown.
    pub display_name: Option<String>,
    /// URL of a picture.
    pub avatar: Option<String>,
    /// Whether a device of theirs is connected; always false where one may not know.
    pub is_online: bool,
    /// When they were last connected.
    pub last_seen_at: Option<Time>,
    /// `person`, `service` or `system`.
    pub kind: String,
    /// `admin` of the server, or `member`.
    pub role: String,
}

impl Reply for User {}

/// Finds users by the beginning of their username or display name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchUsers {
    /// What their name begins with; nothing lists everyone.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub query: String,
    /// Rows wanted.
    #[serde(default)]
    pub limit: Limit,
}

impl Request for SearchUsers {
    type Response = Vec<User>;
    const OPERATION: Operation =
        Operation::new("users.search", "Find users by name").event("user:search").get("/chat/users");
}

/// Reads one user's profile.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetUser {
    /// By id or username; `me` is oneself.
    pub user_id: UserRef,
}

impl Request for GetUser {
    type Response = User;
    const OPERATION: Operation =
        Operation::new("users.get", "A user's profile").event("user:get").get("/chat/users/{userId}");
}

/// Changes one's own profile; absent fields stay.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateMe {
    /// Name as shown.
    #[serde(default)]
    pub display_name: Option<DisplayName>,
}

impl Request for UpdateMe {
    type Response = User;
    const OPERATION: Operation =
        Operation::new("users.update", "Change your profile").event("user:update").patch("/chat/users/me");
}

/// Shuts a user out or lets them in again; their sessions end at once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DisableUser {
    /// By id or username.
    pub user_id: UserRef,
    /// True shuts out.
    pub disabled: bool,
}

impl Request for DisableUser {
    type Response = User;
    const OPERATION: Operation = Operation::new("users.disable", "Shut a user out, or let them in again")
        .event("user:disable")
        .put("/chat/users/{userId}/disabled")
        .access(Access::Admin);
}
