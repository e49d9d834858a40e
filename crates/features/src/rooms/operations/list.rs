//! `rooms.list`: the rooms one is a member of.

use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::UserId;
use fireside_protocol::rooms::{ListRooms, Room};

use crate::rooms::sql;

pub(crate) async fn list(kernel: Kernel, ctx: Ctx, _: ListRooms) -> Result<Vec<Room>> {
    joined(&kernel, ctx.user()?).await
}

/// The rooms that somebody is a member of.
pub(crate) async fn joined(kernel: &Kernel, user: &UserId) -> Result<Vec<Room>> {
    let rooms = sql::of_member(&kernel.db, user).await?;
    Ok(rooms.iter().map(|room| room.to_wire()).collect())
}
