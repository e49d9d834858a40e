//! `rooms.get`: one room.

use fireside_kernel::permission::{self, Permission};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::rooms::{GetRoom, Room};

pub(crate) async fn get(kernel: Kernel, ctx: Ctx, request: GetRoom) -> Result<Room> {
    let pass = permission::enter(&kernel.db, &request.room_id, ctx.user()?, Permission::See).await?;
    Ok(pass.state().to_wire())
}
