//! The verbs of direct messages, one a file.

pub(super) mod conversations;
pub(super) mod list;
pub(super) mod read;
pub(super) mod send;

use fireside_kernel::permission::{self, Permission, RoomPass};
use fireside_kernel::room_log::state::pair_key;
use fireside_kernel::{Kernel, Result};
use fireside_protocol::UserId;
use fireside_protocol::ids::{RoomRef, UserRef};

use super::sql;
use crate::users;

/// The other person, and the pass to the conversation with them if there is one yet.
async fn conversation(kernel: &Kernel, user: &UserId, other: &UserRef) -> Result<(UserId, Option<RoomPass>)> {
    let other = users::resolve(&kernel.db, other, user).await?.id;
    let Some(room) = sql::find(&kernel.db, &pair_key(user, &other)).await? else { return Ok((other, None)) };
    let room = RoomRef::trusted(room);
    let pass = permission::enter(&kernel.db, &room, user, Permission::Read).await?;
    Ok((other, Some(pass)))
}
